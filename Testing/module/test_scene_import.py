"""A scene that is loaded while the panel is open is shown as it was saved."""

from __future__ import annotations

import numpy as np
import pytest
from slicerhost.readings import save_all, shown_widgets, titles_of


@pytest.fixture
def saved(slicer, ui, cortex, tmp_path):
    """Saves a scene whose choices are none of the defaults; returns what they are."""
    second = slicer.util.addVolumeFromArray(np.ones((20, 20, 20), np.int16), name="Second")
    output = slicer.util.addVolumeFromArray(np.ones((5, 5, 5), np.int16), name="Output")
    ui.inputSelector.setCurrentNode(second)
    ui.outputSelector.setCurrentNode(output)
    ui.roiSelector.addNode().SetName("Region")
    ui.scaleSlider.value = 3.5
    return save_all(slicer, tmp_path, "scene.mrml")


def name_of(node):
    return node.GetName() if node is not None else None


def choices(ui):
    selectors = (ui.inputSelector, ui.outputSelector, ui.roiSelector)
    return [name_of(selector.currentNode()) for selector in selectors]


def test_the_selectors_and_the_parameters_hold_what_was_saved(slicer, ui, saved, logic):
    slicer.util.loadScene(saved)
    node = logic.getParameterNode()
    kept = [name_of(n) for n in (node.inputVolume, node.outputVolume, node.roi)]
    assert kept == ["Second", "Output", "Region"]
    assert choices(ui) == kept
    assert ui.scaleSlider.value == 3.5


def test_the_same_holds_where_another_module_is_open(slicer, ui, saved):
    slicer.util.selectModule("none")
    slicer.util.loadScene(saved)
    slicer.util.selectModule("ArSSR")
    assert choices(ui) == ["Second", "Output", "Region"]


def test_a_scene_that_is_added_changes_none_of_the_choices(slicer, ui, cortex, tmp_path):
    assert slicer.util.saveNode(cortex, str(tmp_path / "cortex.nrrd"))
    slicer.util.selectModule("none")
    parameters = slicer.mrmlScene.GetSingletonNode("ArSSR", "vtkMRMLScriptedModuleNode")
    parameters.SetSaveWithScene(False)
    assert slicer.util.saveScene(str(tmp_path / "other.mrml"))
    parameters.SetSaveWithScene(True)
    slicer.util.selectModule("ArSSR")
    mine = slicer.util.addVolumeFromArray(np.ones((20, 20, 20), np.int16), name="Mine")
    ui.inputSelector.setCurrentNode(mine)
    slicer.util.loadScene(str(tmp_path / "other.mrml"), properties={"clear": False})
    assert ui.inputSelector.currentNode() is mine


def test_views_that_were_saved_while_comparing_have_their_titles(slicer, ui, compared, tmp_path):
    ui.compareButton.click()
    slicer.util.loadScene(save_all(slicer, tmp_path, "comparing.mrml"))
    for _ in range(50):
        slicer.app.processEvents()
    shown = [title for widget in shown_widgets(slicer) for title in titles_of(widget)]
    assert shown == ["Input", "Cubic", "ArSSR"]
