"""The slider for noise reduction: what it does to a run, and what stands beside it."""

from __future__ import annotations

import numpy as np
import pytest


def roughness(node):
    """Mean difference of neighbouring voxels."""
    import slicer

    array = slicer.util.arrayFromVolume(node).astype(float)
    return np.abs(np.diff(array, axis=0)).mean()


def test_it_is_one_at_first_and_kept_with_the_scene(ui, parameters):
    assert ui.noiseReductionSlider.value == 1.0
    ui.noiseReductionSlider.value = 0.3
    assert parameters.noiseReduction == pytest.approx(0.3)
    assert parameters.parameterNode.GetParameter("noiseReduction")


def test_the_result_is_smoother_with_more_of_it_and_names_it(slicer, ui, apply):
    ui.alsoCubicCheckBox.click()
    made = []
    for amount in (0.0, 2.0):
        ui.noiseReductionSlider.value = amount
        apply()
        made.append(slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode")[-1])
    assert [node.GetAttribute("ArSSR.NoiseReduction") for node in made] == ["0.0", "2.0"]
    assert roughness(made[1]) < roughness(made[0])


def test_the_estimated_noise_stands_beside_it(ui, chosen, wait):
    wait(lambda: "Estimated noise" in ui.noiseSummaryLabel.text)
    assert "grain" not in ui.noiseSummaryLabel.text
    ui.noiseReductionSlider.value = 0.0
    assert "Keeps the grain" in ui.noiseSummaryLabel.text


def test_the_estimate_follows_the_voxels(slicer, ui, chosen, wait):
    wait(lambda: "Estimated noise" in ui.noiseSummaryLabel.text)
    before = ui.noiseSummaryLabel.text
    array = slicer.util.arrayFromVolume(chosen)
    noise = np.random.default_rng(1).normal(0, 0.1 * array.max(), array.shape)
    slicer.util.updateVolumeFromArray(chosen, (array + noise).astype(array.dtype))
    wait(lambda: ui.noiseSummaryLabel.text not in ("", before))


def test_voxels_that_are_not_finite_have_no_estimate(slicer, ui, wait, panel):
    array = np.full((20, 20, 20), np.nan, np.float32)
    node = slicer.util.addVolumeFromArray(array, np.eye(4), "Nothing")
    ended = []
    panel._facts.found.connect(lambda: ended.append(True))
    ui.inputSelector.setCurrentNode(node)
    wait(lambda: ended)
    assert "Estimated" not in ui.noiseSummaryLabel.text


def test_a_model_without_it_says_so(ui, chosen):
    names = [ui.modelComboBox.itemText(i) for i in range(ui.modelComboBox.count)]
    ui.modelComboBox.currentIndex = names.index("As published")
    assert not ui.noiseReductionSlider.enabled
    assert "cannot reduce noise" in ui.noiseReductionSlider.toolTip
    ui.modelComboBox.currentIndex = names.index("Standard")
    assert ui.noiseReductionSlider.enabled
