"""The comparison layout: what it shows, what it links, and how it is left."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture
def parameters(slicer, ui, cortex):
    """The parameter node after something like a run: two volumes on one grid."""
    from ArSSRModule.logic import ArSSRLogic

    logic = ArSSRLogic()
    node = logic.getParameterNode()
    node.comparedCubic = logic.upsample(cortex, scale=2.0, method="cubic")
    node.comparedResult = logic.upsample(cortex, scale=2.0, method="nearest")
    node.comparedInput = cortex
    yield node
    if "Back" in ui.compareButton.text:
        ui.compareButton.click()


def view(slicer, orientation, column):
    return slicer.app.layoutManager().sliceWidget(f"ArSSR{orientation}{column}")


def background(slicer, orientation, column):
    composite = view(slicer, orientation, column).mrmlSliceCompositeNode()
    return slicer.mrmlScene.GetNodeByID(composite.GetBackgroundVolumeID() or "")


def corner_texts(slicer, orientation, column):
    window = view(slicer, orientation, column).sliceView().renderWindow()
    props = window.GetRenderers().GetFirstRenderer().GetViewProps()
    found = [props.GetItemAsObject(i) for i in range(props.GetNumberOfItems())]
    return [p.GetInput() for p in found if p.IsA("vtkTextActor")]


def test_every_view_names_what_it_shows(slicer, ui, parameters):
    ui.compareButton.click()
    for orientation in ("Axial", "Sagittal", "Coronal"):
        texts = [corner_texts(slicer, orientation, column) for column in (1, 2, 3)]
        assert texts == [["Input"], ["Cubic"], ["ArSSR"]]
    ui.compareButton.click()
    assert corner_texts(slicer, "Axial", 1) == []


def test_one_orientation_can_be_chosen(slicer, ui, parameters):
    ui.comparisonViewsComboBox.currentIndex = 3
    ui.compareButton.click()
    names = slicer.app.layoutManager().sliceViewNames()
    assert names == ("ArSSRCoronal1", "ArSSRCoronal2", "ArSSRCoronal3")
    ui.comparisonViewsComboBox.currentIndex = 1
    assert slicer.app.layoutManager().sliceViewNames()[0] == "ArSSRAxial1"


def test_the_views_of_a_row_show_the_same_place_at_the_same_zoom(slicer, ui, parameters):
    ui.compareButton.click()
    for orientation in ("Axial", "Sagittal", "Coronal"):
        nodes = [view(slicer, orientation, column).mrmlSliceNode() for column in (1, 2, 3)]
        assert len({round(n.GetSliceOffset(), 3) for n in nodes}) == 1
        assert len({tuple(np.round(n.GetFieldOfView()[:2], 3)) for n in nodes}) == 1
        assert nodes[0].GetOrientation() == orientation


def test_other_views_of_slicer_are_not_linked_with_them(slicer, ui, parameters):
    red = slicer.app.layoutManager().sliceWidget("Red").mrmlSliceNode()
    ui.compareButton.click()
    groups = {view(slicer, "Axial", column).mrmlSliceNode().GetViewGroup() for column in (1, 2, 3)}
    assert len(groups) == 1
    assert red.GetViewGroup() not in groups


def test_the_difference_is_the_result_minus_cubic(slicer, ui, parameters):
    ui.compareButton.click()
    ui.differenceCheckBox.click()
    shown = background(slicer, "Axial", 3)
    wanted = slicer.util.arrayFromVolume(parameters.comparedResult).astype(
        float
    ) - slicer.util.arrayFromVolume(parameters.comparedCubic)
    np.testing.assert_allclose(slicer.util.arrayFromVolume(shown), wanted, atol=1e-3)
    assert shown.GetDisplayNode().GetLevel() == 0
    assert background(slicer, "Axial", 1) is parameters.comparedCubic


def test_fading_keeps_the_difference_as_it_is(slicer, ui, parameters):
    ui.compareButton.click()
    ui.differenceCheckBox.click()
    shown = background(slicer, "Axial", 3)
    made = shown.GetImageData().GetMTime()
    shown.GetDisplayNode().SetWindow(12.0)
    for fade in (80, 60, 40):
        ui.fadeSlider.value = fade
    composite = view(slicer, "Axial", 2).mrmlSliceCompositeNode()
    assert composite.GetForegroundOpacity() == pytest.approx(0.4)
    assert corner_texts(slicer, "Coronal", 2) == ["ArSSR 40% over cubic"]
    assert corner_texts(slicer, "Coronal", 3) == ["ArSSR − cubic"]
    assert shown.GetImageData().GetMTime() == made
    assert shown.GetDisplayNode().GetWindow() == 12.0


def test_a_new_result_makes_the_difference_anew(slicer, ui, parameters):
    ui.compareButton.click()
    ui.differenceCheckBox.click()
    cubic = slicer.util.arrayFromVolume(parameters.comparedCubic)
    slicer.util.updateVolumeFromArray(parameters.comparedResult, cubic + 7)
    ui.differenceCheckBox.click()
    ui.differenceCheckBox.click()
    assert set(slicer.util.arrayFromVolume(background(slicer, "Axial", 3)).ravel()) == {7.0}


def windows_and_levels(nodes):
    return {(n.GetDisplayNode().GetWindow(), n.GetDisplayNode().GetLevel()) for n in nodes}


def test_removing_another_node_leaves_window_and_level_linked(slicer, ui, parameters):
    volumes = [parameters.comparedInput, parameters.comparedCubic, parameters.comparedResult]
    other = slicer.util.addVolumeFromArray(np.ones((4, 4, 4), np.int16), name="Other")
    ui.compareButton.click()
    slicer.mrmlScene.RemoveNode(other)
    volumes[1].GetDisplayNode().SetAutoWindowLevel(False)
    volumes[1].GetDisplayNode().SetWindowLevel(81, 18)
    assert windows_and_levels(volumes) == {(81, 18)}


def test_removing_a_compared_volume_leaves_the_others_linked(slicer, ui, parameters):
    ui.compareButton.click()
    slicer.mrmlScene.RemoveNode(parameters.comparedCubic)
    parameters.comparedInput.GetDisplayNode().SetAutoWindowLevel(False)
    parameters.comparedInput.GetDisplayNode().SetWindowLevel(82, 19)
    assert windows_and_levels([parameters.comparedInput, parameters.comparedResult]) == {(82, 19)}


FRESH_SESSION = """
    import os, sys
    sys.path.insert(0, {host!r})
    import slicerhost
    from slicerhost import pythonqt
    slicer = slicerhost.start()
    {before}
    slicer.util.loadScene({scene!r})
    for _ in range(20):
        slicer.app.processEvents()
    {after}
    manager = slicer.app.layoutManager()
    for name in manager.sliceViewNames():
        composite = manager.sliceWidget(name).mrmlSliceCompositeNode()
        shown = slicer.mrmlScene.GetNodeByID(composite.GetBackgroundVolumeID() or "")
        print(name, shown.GetName() if shown else None)
    print(len(pythonqt.uncaught), "exceptions", flush=True)
    os._exit(0)
"""
OPEN = f"slicerhost.open_module({str(ROOT / 'ArSSR' / 'ArSSR.py')!r})"
START_ONLY = f"{OPEN}; slicer.util.selectModule('none')"


@pytest.mark.parametrize(
    ("before", "after"),
    [(OPEN, ""), (START_ONLY, ""), ("", OPEN)],
    ids=["panel open", "another module open", "module loaded later"],
)
def test_a_scene_saved_while_comparing_opens_to_its_views(
    slicer, ui, parameters, tmp_path, before, after
):
    parameters.comparisonViews = type(parameters.comparisonViews).AXIAL
    ui.compareButton.click()
    for node in slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode"):
        assert slicer.util.saveNode(node, str(tmp_path / f"{node.GetName()}.nrrd"))
    scene = str(tmp_path / "comparing.mrml")
    assert slicer.util.saveScene(scene)
    code = textwrap.dedent(FRESH_SESSION).format(
        host=str(ROOT / "Testing" / "host"), scene=scene, before=before, after=after
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    lines = done.stdout.splitlines()
    assert lines[-4:] == [
        "ArSSRAxial1 cortex_t1",
        "ArSSRAxial2 cortex_t1 cubic 2x",
        "ArSSRAxial3 cortex_t1 cubic 2x",
        "0 exceptions",
    ], done.stdout + done.stderr


def test_without_cubic_input_and_result_are_still_compared(slicer, ui, parameters):
    parameters.comparedCubic = None
    assert not ui.fadeSlider.enabled
    ui.compareButton.click()
    assert background(slicer, "Axial", 1) is parameters.comparedInput
    assert background(slicer, "Axial", 2) is None
    assert background(slicer, "Axial", 3) is parameters.comparedResult


def test_leaving_by_slicer_s_own_layout_menu_is_noticed(slicer, ui, parameters):
    ui.compareButton.click()
    slicer.app.layoutManager().setLayout(slicer.vtkMRMLLayoutNode.SlicerLayoutOneUpRedSliceView)
    assert ui.compareButton.text == "Compare side by side"
    assert corner_texts(slicer, "Axial", 1) == []


def test_the_crosshair_comes_back_as_it_was(slicer, ui, parameters):
    crosshair = slicer.mrmlScene.GetFirstNodeByClass("vtkMRMLCrosshairNode")
    earlier = crosshair.GetCrosshairMode()
    ui.compareButton.click()
    assert crosshair.GetCrosshairMode() != earlier
    ui.compareButton.click()
    assert crosshair.GetCrosshairMode() == earlier


def test_removing_a_compared_volume_does_no_harm(slicer, ui, parameters):
    ui.compareButton.click()
    slicer.mrmlScene.RemoveNode(parameters.comparedCubic)
    ui.fadeSlider.value = 50
    ui.compareButton.click()
    assert ui.compareButton.text == "Compare side by side"


def test_closing_the_scene_while_comparing_does_no_harm(slicer, ui, parameters):
    ui.compareButton.click()
    slicer.mrmlScene.Clear()
    assert not ui.compareButton.enabled
    assert "Press Apply first" in ui.compareButton.toolTip
    assert not any("ArSSR" in n for n in slicer.app.layoutManager().sliceViewNames())


def test_the_views_really_show_the_volumes(slicer, ui, parameters):
    from vtk.util.numpy_support import vtk_to_numpy

    ui.compareButton.click()
    pictures = [view(slicer, "Axial", column).sliceView().picture() for column in (1, 2, 3)]
    pixels = [vtk_to_numpy(p.GetPointData().GetScalars()).astype(float) for p in pictures]
    assert all(p.std() > 10 for p in pixels)
    assert np.abs(pixels[1] - pixels[2]).max() > 20
