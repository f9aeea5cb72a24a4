"""An input with more voxels than were measured: what the panel shows, and starting from those."""

from __future__ import annotations

import numpy as np
import pytest

TICK = "Start from the measured resolution"


@pytest.fixture(scope="module")
def head():
    """Real voxels [k, j, i], 1 mm, and the same with 2 times the voxels along i."""
    from ArSSRLib.resampling.interpolation import interpolate
    from ArSSRLib.sample import sample_path
    from ArSSRLib.volumes.files.reading import read_volume

    array = read_volume(sample_path("head")).array[30:50, 50:114, 48:112]
    finer = np.rint(interpolate(array, (20, 64, 128), "cubic")).astype(np.int16)
    return array, finer


@pytest.fixture
def interpolated(slicer, ui, head, wait, panel):
    """A volume of 0.5 × 1 × 1 mm that was measured at 1 mm, chosen, and its facts found."""
    node = slicer.util.addVolumeFromArray(head[1], np.diag([0.5, 1.0, 1.0, 1.0]), "Fine")
    ui.alsoCubicCheckBox.checked = False
    ui.inputSelector.setCurrentNode(node)
    wait(lambda: panel._facts.of(node) is not None)
    return node


def test_it_stands_beside_the_voxel_size_with_a_box_to_tick(ui, interpolated):
    assert "measured at about 0.99" in ui.inputSummaryLabel.text
    assert not ui.fromMeasuredCheckBox.isHidden()
    assert ui.fromMeasuredCheckBox.text == TICK
    assert not ui.fromMeasuredCheckBox.checked


def test_nothing_is_added_for_a_volume_as_it_was_measured(slicer, ui, head, wait, panel):
    node = slicer.util.addVolumeFromArray(head[0].astype(np.int16), np.eye(4), "Sharp")
    ui.inputSelector.setCurrentNode(node)
    before = ui.inputSummaryLabel.text
    wait(lambda: panel._facts.of(node) is not None)
    assert ui.inputSummaryLabel.text == before
    assert "measured" not in before
    assert ui.fromMeasuredCheckBox.isHidden()


def test_the_plan_counts_from_the_measured_voxels(ui, panel, parameters, interpolated, wait):
    assert "256 × 128 × 40" in ui.planLabel.text
    ui.fromMeasuredCheckBox.click()
    assert parameters.fromMeasured
    assert ui.warningLabel.text == ""
    wait(lambda: "128 × 128 × 40" in ui.planLabel.text)
    assert ui.applyButton.enabled
    target = panel.logic.plan(parameters).target  # a script finds the same, at once
    assert target.size == (128, 128, 40)


def test_the_window_does_not_wait_for_it(ui, panel, interpolated):
    ui.fromMeasuredCheckBox.click()
    assert panel._facts.searching
    assert not ui.applyButton.enabled
    assert "measured resolution" in ui.planLabel.text
    assert ui.previewButton.enabled


def test_run_and_preview_give_the_volume_that_was_interpolated_the_detail_of_the_other(
    slicer, ui, interpolated, head, wait, logic
):
    ui.fastCheckBox.checked = True
    ui.fromMeasuredCheckBox.click()
    slicer.util.setSliceViewerLayers(background=interpolated)
    ui.previewButton.click()
    wait(lambda: "cm" in ui.previewLabel.text)
    picture = slicer.util.getNode("ArSSR preview in the box")
    assert np.allclose(picture.GetSpacing(), 0.5)
    ui.applyButton.click()
    wait(lambda: ui.applyButton.text == "Apply" and ui.applyButton.enabled)
    made = slicer.util.getFirstNodeByName("Fine ArSSR 2.0x") or slicer.util.getNode("Fine ArSSR 2x")
    assert made.GetAttribute("ArSSR.FromMeasured") == "True"
    coarse = slicer.util.addVolumeFromArray(head[0].astype(np.int16), np.eye(4), "Coarse")
    expected = logic.upsample(coarse, scale=2.0, fast=True)
    made_of, wanted = (slicer.util.arrayFromVolume(n).astype(float) for n in (made, expected))
    assert made_of.shape == wanted.shape
    assert np.abs(made_of - wanted).mean() < 0.005 * wanted.max()
