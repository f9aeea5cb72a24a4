"""What a result says of itself: its name and how it was made, also after it was overwritten."""

from __future__ import annotations

import numpy as np
import pytest


@pytest.fixture
def upsample(cortex, logic):
    """Upsamples the cortex in this process."""
    return lambda **choices: logic.upsample(cortex, **choices)


def provenance(node):
    return {key: node.GetAttribute(key) for key in node.GetAttributeNames() if "ArSSR." in key}


def test_an_overwritten_result_says_only_what_is_true_of_it(upsample):
    result = upsample(scale=1.2)
    assert result.GetAttribute("ArSSR.Model") == "default"
    upsample(scale=1.5, method="cubic", outputNode=result)
    assert provenance(result) == provenance(upsample(scale=1.5, method="cubic"))
    assert result.GetAttribute("ArSSR.Method") == "cubic"
    assert result.GetAttribute("ArSSR.Model") is None


def test_attributes_of_others_stay_when_a_result_is_overwritten(upsample):
    result = upsample(scale=1.2, method="cubic")
    result.SetAttribute("DICOM.Modality", "MR")
    upsample(scale=1.5, method="cubic", outputNode=result)
    assert result.GetAttribute("DICOM.Modality") == "MR"


def test_an_overwritten_result_gets_the_name_of_its_new_content(upsample):
    result = upsample(scale=1.2, method="nearest")
    upsample(scale=1.5, method="cubic", outputNode=result)
    assert result.GetName() == "cortex_t1 cubic 1.5x"


def test_a_numbered_name_is_ours_too_and_stays_while_it_is_true(upsample):
    first, second = (upsample(scale=1.2, method="cubic") for _ in range(2))
    assert second.GetName() == "cortex_t1 cubic 1.2x_1"
    upsample(scale=1.2, method="cubic", outputNode=second)
    assert second.GetName() == "cortex_t1 cubic 1.2x_1"
    upsample(scale=1.5, method="cubic", outputNode=second)
    assert second.GetName() == "cortex_t1 cubic 1.5x"
    upsample(scale=1.5, method="cubic", outputNode=first)
    assert first.GetName() == "cortex_t1 cubic 1.5x_1"


def test_a_name_that_the_user_gave_stays(slicer, upsample):
    result = upsample(scale=1.2, method="cubic")
    result.SetName("cortex_t1 cubic 1.2x, the good one")
    own = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "Mine")
    for node in (result, own):
        upsample(scale=1.5, method="cubic", outputNode=node)
    assert result.GetName() == "cortex_t1 cubic 1.2x, the good one"
    assert own.GetName() == "Mine"


@pytest.mark.parametrize("end", ["cancelled", "failed"])
def test_a_run_without_a_result_leaves_the_old_one(slicer, ui, chosen, wait, upsample, end):
    result = upsample(scale=1.2, method="cubic")
    before = (result.GetName(), provenance(result), slicer.util.arrayFromVolume(result).copy())
    ui.outputSelector.setCurrentNode(result)
    ui.scaleSlider.value = 4.0
    ui.applyButton.click()
    wait(lambda: ui.progressBar.value > 0)
    if end == "cancelled":
        ui.applyButton.click()
    else:
        slicer.mrmlScene.RemoveNode(chosen)
    wait(lambda: ui.applyButton.text == "Apply")
    assert before[:2] == (result.GetName(), provenance(result))
    np.testing.assert_array_equal(slicer.util.arrayFromVolume(result), before[2])
