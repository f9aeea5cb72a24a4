"""The preview: a box of the present settings over the slice views, which leaves nothing behind."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from slicerhost.readings import (
    bounds_of,
    drawn_in,
    node_ids,
    part_and_same,
    save_all,
    shown_widgets,
)  # fmt: skip


@pytest.fixture
def shown(slicer, ui, chosen, wait):
    """The small volume with a preview over it."""
    slicer.util.setSliceViewerLayers(background=chosen)
    ui.previewButton.click()
    wait(lambda: shown_volume(slicer) is not None)
    return chosen


def composites(slicer):
    return [widget.mrmlSliceCompositeNode() for widget in shown_widgets(slicer)]


def shown_volume(slicer):
    """The volume of the preview, None where there is none."""
    volumes = slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode")
    return next((node for node in volumes if node.GetHideFromEditors()), None)


def is_image(prop):
    """Whether a prop draws a slice of a volume."""
    mapper = prop.GetMapper() if prop.IsA("vtkActor2D") else None
    return mapper is not None and mapper.IsA("vtkImageMapper")


def outlines(slicer):
    """How many outlines all views draw."""
    return sum(is_outline(prop) for widget in shown_widgets(slicer) for prop in drawn_in(widget))


def is_outline(prop):
    """Whether a prop draws lines now, as the outline does where the slice cuts the box."""
    mapper = prop.GetMapper() if prop.IsA("vtkActor2D") else None
    if mapper is None or not mapper.IsA("vtkPolyDataMapper2D"):
        return False
    if mapper.GetNumberOfInputConnections(0) == 0:
        return False
    mapper.Update()
    return mapper.GetInput().GetNumberOfLines() > 0


def test_every_slice_view_shows_the_box_in_the_input_and_names_it(slicer, ui, shown):
    picture = shown_volume(slicer)
    assert picture.GetName() == "ArSSR preview in the box"
    for composite in composites(slicer):
        assert composite.GetBackgroundVolumeID() == shown.GetID()
    for widget in shown_widgets(slicer):
        assert sum(map(is_image, drawn_in(widget))) == 2  # the view's own, and the preview
    inside, whole = bounds_of(picture), bounds_of(shown)
    assert (inside[0] >= whole[0] - 1e-3).all()
    assert (inside[1] <= whole[1] + 1e-3).all()
    assert np.allclose(picture.GetSpacing(), np.array(shown.GetSpacing()) / 2)
    assert "cm" in ui.previewLabel.text


def test_it_shows_what_a_run_would_make(slicer, ui, chosen, wait, logic):
    slicer.util.setSliceViewerLayers(background=chosen)
    ui.fastCheckBox.click()
    ui.previewButton.click()
    wait(lambda: "cm" in ui.previewLabel.text)
    assert "Fast" not in ui.previewLabel.text  # that was asked for
    picture = shown_volume(slicer)
    result = logic.upsample(chosen, scale=2.0, fast=True)
    small, same = part_and_same(slicer, picture, result)
    assert abs(small - same).mean() < 0.005 * slicer.util.arrayFromVolume(result).max()


def test_it_leaves_nothing_behind(slicer, ui, chosen, wait):
    slicer.util.setSliceViewerLayers(background=chosen, foreground=chosen, foregroundOpacity=0.3)
    before, lines = node_ids(slicer), outlines(slicer)
    ui.previewButton.click()
    wait(lambda: "cm" in ui.previewLabel.text)
    assert outlines(slicer) == lines + len(shown_widgets(slicer))
    ui.previewButton.click()
    assert node_ids(slicer) == before
    for composite in composites(slicer):
        assert composite.GetForegroundVolumeID() == chosen.GetID()
        assert composite.GetForegroundOpacity() == pytest.approx(0.3)
    assert outlines(slicer) == lines
    assert ui.previewLabel.text == ""


def test_a_scene_saved_during_a_preview_opens_with_the_views_as_they_were(
    slicer, ui, chosen, wait, tmp_path
):
    other = slicer.util.addVolumeFromArray(np.ones((9, 9, 9), np.int16), np.eye(4), "Other")
    slicer.util.setSliceViewerLayers(background=chosen, foreground=other, foregroundOpacity=0.4)
    ui.previewButton.click()
    wait(lambda: shown_volume(slicer) is not None)
    picture = shown_volume(slicer)
    names = chosen.GetName(), other.GetName()
    scene = save_all(slicer, tmp_path, "scene.mrml")
    text = Path(scene).read_text()
    for node in (picture, picture.GetDisplayNode()):
        assert not re.search(rf"\b{node.GetID()}\b", text)
    slicer.util.loadScene(scene)
    assert shown_volume(slicer) is None
    for composite in composites(slicer):
        shown = (composite.GetBackgroundVolumeID(), composite.GetForegroundVolumeID())
        assert tuple(slicer.mrmlScene.GetNodeByID(i).GetName() for i in shown) == names
        assert composite.GetForegroundOpacity() == pytest.approx(0.4)


def test_views_of_another_volume_show_the_input_until_then(slicer, ui, chosen, wait):
    other = slicer.util.addVolumeFromArray(np.ones((9, 9, 9), np.int16), np.eye(4), "Other")
    slicer.util.setSliceViewerLayers(background=other)
    ui.previewButton.click()
    wait(lambda: shown_volume(slicer) is not None)
    assert {c.GetBackgroundVolumeID() for c in composites(slicer)} == {chosen.GetID()}
    ui.previewButton.click()
    assert {c.GetBackgroundVolumeID() for c in composites(slicer)} == {other.GetID()}


def test_it_follows_the_model(ui, parameters, shown, wait):
    parameters.model = "paper"
    wait(lambda: "Computing" in ui.previewLabel.text)


def test_it_follows_the_scale_and_the_noise_reduction(slicer, ui, shown, wait):
    ui.scaleSlider.value = 3.0
    fine = np.array(shown.GetSpacing()) / 3
    wait(lambda: np.allclose(shown_volume(slicer).GetSpacing(), fine, rtol=0.1))
    wait(lambda: "cm" in ui.previewLabel.text)
    before = slicer.util.arrayFromVolume(shown_volume(slicer)).astype(float)
    ui.noiseReductionSlider.value = 0.0
    wait(lambda: "Computing" in ui.previewLabel.text)
    wait(lambda: "cm" in ui.previewLabel.text)
    assert not np.array_equal(slicer.util.arrayFromVolume(shown_volume(slicer)), before)


def test_a_run_ends_it(slicer, ui, shown, wait):
    ui.applyButton.click()
    assert not ui.previewButton.checked
    assert not ui.previewButton.enabled
    assert shown_volume(slicer) is None
    wait(lambda: ui.applyButton.text == "Apply")
    assert "Done" in ui.statusLabel.text
    assert ui.previewButton.enabled


@pytest.mark.parametrize("how", ["leave", "remove", "close", "another input"])
def test_it_ends_with_what_it_shows(slicer, ui, shown, how):
    if how == "leave":
        slicer.util.selectModule("none")
    elif how == "remove":
        slicer.mrmlScene.RemoveNode(shown)
    elif how == "close":
        slicer.mrmlScene.Clear()
    else:
        ui.inputSelector.setCurrentNode(None)
    assert not ui.previewButton.checked
    assert slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode") in ([], [shown])


def test_a_slow_computer_gets_a_smaller_box(slicer, ui, cortex, wait):
    from ArSSRModule.run import measured_speed

    sizes = []
    for slowness in (0.01, 100.0):
        name = measured_speed.SETTING + "cpu" + measured_speed.PREVIEW
        slicer.app.userSettings().setValue(name, f"[{slowness}]")
        ui.inputSelector.setCurrentNode(cortex)
        ui.previewButton.click()
        wait(lambda: "cm" in ui.previewLabel.text)
        sizes.append(shown_volume(slicer).GetImageData().GetNumberOfPoints())
        assert ("Fast" in ui.previewLabel.text) == (slowness > 1.0)
        ui.previewButton.click()
    slicer.app.userSettings().remove(name)
    assert sizes[1] < sizes[0] / 2


def test_a_failure_is_named_and_nothing_is_shown(slicer, ui, panel, shown, wait):
    panel._preview._job = None
    panel._preview._onFailed("There is not enough memory.")
    assert "memory" in ui.previewLabel.text
    assert shown_volume(slicer) is None


def test_a_second_wish_replaces_the_first(slicer, ui, chosen, wait):
    ui.previewButton.click()
    ui.previewButton.click()
    ui.previewButton.click()
    wait(lambda: "cm" in ui.previewLabel.text)
    assert shown_volume(slicer).GetName() == "ArSSR preview in the box"
