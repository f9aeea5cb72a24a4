"""The expected error of a run: a third volume, shown over the result, and a sentence about it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from slicerhost.readings import shown_widgets, titles_of


@pytest.fixture(scope="module")
def model_file(started, tmp_path_factory):
    """The bundled model with an untrained head for the expected error."""
    from ArSSRLib.networks.catalogue import load_model
    from ArSSRLib.networks.expected_error import ExpectedErrorHead
    from ArSSRLib.networks.model_file import save_model
    from ArSSRLib.networks.spec import ExpectedErrorSpec

    model, spec = load_model(), ExpectedErrorSpec()
    head = ExpectedErrorHead(spec, model.header.spec.decoder.width)
    path = tmp_path_factory.mktemp("models") / "with error.npz"
    save_model(model.network, replace(model.header, expected_error=spec), path, head)
    return path


@pytest.fixture
def model(ui, monkeypatch, parameters, model_file):
    """That model, installed and chosen."""
    from ArSSRModule.panel import installed_models

    monkeypatch.setattr(installed_models, "installedFolder", lambda: model_file.parent)
    parameters.model = str(model_file)
    assert ui.expectedErrorCheckBox.enabled
    return str(model_file)


@pytest.fixture
def run(ui, apply, model, parameters):
    """Presses Apply; returns the volume of expected errors, or None."""
    ui.fastCheckBox.checked = True

    def press(expected_error=True):
        ui.expectedErrorCheckBox.checked = expected_error
        assert "Done" in apply()
        return parameters.comparedError

    yield press
    if "Back" in ui.compareButton.text:
        ui.compareButton.click()


def array(slicer, node):
    return slicer.util.arrayFromVolume(node).astype(float)


def composite_of_arssr(slicer):
    widget = shown_widgets(slicer)[2]
    return widget, widget.mrmlSliceCompositeNode()


def titles(widget):
    return [title.split("\n")[0] for title in titles_of(widget)]


def test_a_model_without_it_says_so(ui, parameters):
    parameters.model = "paper"
    assert not ui.expectedErrorCheckBox.enabled
    assert "cannot tell how far" in ui.expectedErrorCheckBox.toolTip


def test_a_run_makes_a_third_volume_and_one_sentence(slicer, ui, run, cortex, parameters, logic):
    from ArSSRLib.networks.catalogue import load_model

    error = run()
    result = parameters.comparedResult
    assert error.GetName() == f"{result.GetName()} expected error (intensity units)"
    assert error.GetImageData().GetDimensions() == result.GetImageData().GetDimensions()
    np.testing.assert_allclose(error.GetOrigin(), result.GetOrigin())
    assert "Expected error: median" in ui.statusLabel.text
    assert "differs from the input by" in ui.statusLabel.text
    assert array(slicer, error).min() >= 0.0
    hierarchy = slicer.mrmlScene.GetSubjectHierarchyNode()
    parents = {hierarchy.GetItemParent(hierarchy.GetItemByDataNode(n)) for n in (error, cortex)}
    assert len(parents) == 1
    # A script gets the same.
    from ArSSRModule.scene.expected_error import ERROR_OF
    from ArSSRModule.scene.made_volumes import volumeOf

    model = load_model(parameters.model)
    again = logic.upsample(cortex, model=model, fast=True, expected_error=True)
    np.testing.assert_allclose(
        array(slicer, volumeOf(again, ERROR_OF)),
        array(slicer, error),
        atol=1e-3 * array(slicer, error).max(),
    )


def test_without_the_tick_there_is_none(slicer, ui, run):
    assert run(expected_error=False) is None
    assert "Expected error" not in ui.statusLabel.text
    assert ui.showErrorCheckBox.isHidden()


def test_a_result_that_is_overwritten_keeps_no_earlier_errors(slicer, ui, run, parameters):
    error = run()
    ui.outputSelector.setCurrentNode(parameters.comparedResult)
    assert run() is error
    assert run(expected_error=False) is None
    names = [n.GetName() for n in slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode")]
    assert not any("expected error" in name for name in names)


def test_it_is_shown_over_arssr_with_opacity_and_threshold(slicer, ui, run, parameters):
    error = run()
    ui.compareButton.click()
    widget, composite = composite_of_arssr(slicer)
    assert titles(widget) == ["ArSSR"]
    ui.showErrorCheckBox.click()
    assert composite.GetBackgroundVolumeID() == parameters.comparedResult.GetID()
    assert composite.GetForegroundVolumeID() == error.GetID()
    ui.errorOpacitySlider.value = 35
    assert composite.GetForegroundOpacity() == pytest.approx(0.35)
    assert titles(widget) == ["Expected error 35 % over ArSSR"]
    ui.errorOpacitySlider.value = 100
    assert titles(widget) == ["Expected error 100 % over ArSSR"]  # parts of it are hidden
    ui.errorThresholdSlider.value = 4.0
    display = error.GetDisplayNode()
    assert display.GetApplyThreshold()
    span = float(error.GetAttribute("ArSSR.IntensityRange"))
    assert display.GetLowerThreshold() == pytest.approx(0.04 * span, rel=1e-5)
    for hidden, visible in (("fade", "errorOpacity"), ("fade", "errorThreshold")):
        assert getattr(ui, f"{hidden}Slider").isHidden()
        assert not getattr(ui, f"{visible}Slider").isHidden()
    ui.showErrorCheckBox.click()
    assert titles(widget) == ["ArSSR"]
    assert not ui.fadeSlider.isHidden()
    assert ui.errorOpacitySlider.isHidden()


def test_the_title_says_what_the_brightest_colour_means(slicer, ui, run):
    error = run()
    ui.compareButton.click()
    ui.showErrorCheckBox.click()
    widget, composite = composite_of_arssr(slicer)
    error.GetDisplayNode().SetWindowLevelMinMax(0.0, 37.0)
    composite.Modified()
    assert any("white: 37 or more" in title for title in titles_of(widget))


def test_the_other_columns_stay_what_they_are(slicer, ui, run):
    run()
    ui.compareButton.click()
    ui.showErrorCheckBox.click()
    row = [titles(widget) for widget in shown_widgets(slicer)]
    assert row == [["Input"], ["Cubic"], ["Expected error 60 % over ArSSR"]]
    ui.differenceCheckBox.click()
    row = [titles(widget) for widget in shown_widgets(slicer)]
    assert row == [["Cubic"], ["Expected error 60 % over ArSSR"], ["ArSSR − cubic"]]
    ui.differenceCheckBox.click()
    ui.comparisonViewsComboBox.currentIndex = 1
    (widget,) = shown_widgets(slicer)
    assert titles(widget) == ["Expected error 60 % over ArSSR", "ArSSR"]
    ui.comparisonViewsComboBox.currentIndex = 0


def test_the_errors_may_be_deleted_while_they_are_shown(slicer, ui, run, parameters):
    error = run()
    ui.compareButton.click()
    ui.showErrorCheckBox.click()
    slicer.mrmlScene.RemoveNode(error)
    slicer.app.processEvents()
    widget, _ = composite_of_arssr(slicer)
    assert titles(widget) == ["ArSSR"]
    assert ui.showErrorCheckBox.isHidden()


def test_the_preview_does_without_it(slicer, ui, chosen, wait, model):
    slicer.util.setSliceViewerLayers(background=chosen)
    ui.expectedErrorCheckBox.checked = True
    ui.previewButton.click()
    wait(lambda: "cm" in ui.previewLabel.text)
