"""The comparison layout: what it shows, what it links, and how it is left."""

from __future__ import annotations

import tracemalloc
from functools import partial

import numpy as np
import pytest
from slicerhost.readings import save_all, titles_of


@pytest.fixture
def parameters(compared):
    compared.comparisonViews = type(compared.comparisonViews).ALL
    return compared


def view(slicer, orientation, column):
    return slicer.app.layoutManager().sliceWidget(f"ArSSR{orientation}{column}")


def background(slicer, orientation, column):
    composite = view(slicer, orientation, column).mrmlSliceCompositeNode()
    return slicer.mrmlScene.GetNodeByID(composite.GetBackgroundVolumeID() or "")


def corner_texts(slicer, orientation, column):
    return titles_of(view(slicer, orientation, column))


def test_every_view_names_what_it_shows(slicer, ui, parameters):
    ui.compareButton.click()
    for orientation in ("Axial", "Sagittal", "Coronal"):
        texts = [corner_texts(slicer, orientation, column) for column in (1, 2, 3)]
        assert texts == [["Input"], ["Cubic"], ["ArSSR"]]
    ui.compareButton.click()
    assert corner_texts(slicer, "Axial", 1) == []


def test_one_orientation_can_be_chosen(slicer, ui, parameters):
    ui.comparisonViewsComboBox.currentIndex = 0
    ui.comparisonOrientationComboBox.currentIndex = 3
    ui.compareButton.click()
    names = slicer.app.layoutManager().sliceViewNames()
    assert names == ("ArSSRCoronal1", "ArSSRCoronal2", "ArSSRCoronal3")
    ui.comparisonOrientationComboBox.currentIndex = 1
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


def test_the_difference_is_made_without_a_second_array(slicer, parameters, monkeypatch):
    from ArSSRModule.compare import difference

    size = slicer.util.arrayFromVolume(parameters.comparedResult).size
    monkeypatch.setattr(difference, "_show", lambda node, values: None)
    tracemalloc.start()
    node = difference.Difference().volume(parameters.comparedResult, parameters.comparedCubic)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert slicer.util.arrayFromVolume(node).dtype == np.float32
    assert 4 * size <= peak < 1.5 * 4 * size


@pytest.mark.parametrize("step", ["subtract", "percentile"])
def test_a_difference_without_room_in_memory_says_so_in_its_view(
    slicer, ui, parameters, monkeypatch, step
):
    def no_memory(*arguments, **options):
        raise MemoryError

    nodes = slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLVolumeNode")
    ui.compareButton.click()
    monkeypatch.setattr(np, step, no_memory)
    ui.differenceCheckBox.click()
    (text,) = corner_texts(slicer, "Axial", 3)
    assert "memory" in text
    assert background(slicer, "Axial", 1) is parameters.comparedCubic
    assert slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLVolumeNode") == nodes
    monkeypatch.undo()
    ui.differenceCheckBox.click()
    ui.differenceCheckBox.click()
    assert corner_texts(slicer, "Axial", 3) == ["ArSSR − cubic"]


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
    assert corner_texts(slicer, "Coronal", 2) == ["ArSSR 40 % over Cubic"]
    assert corner_texts(slicer, "Coronal", 3) == ["ArSSR − cubic"]
    assert shown.GetImageData().GetMTime() == made
    assert shown.GetDisplayNode().GetWindow() == 12.0


def test_a_new_result_updates_the_difference(slicer, ui, parameters):
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
from slicerhost import pythonqt
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
"""
OPEN = "open_panel()"
START_ONLY = f"{OPEN}; slicer.util.selectModule('none')"


@pytest.fixture
def save(slicer, tmp_path):
    """Saves the scene and its volumes, returns the scene's file."""
    return partial(save_all, slicer, tmp_path)


@pytest.fixture
def fresh_session(fresh_host):
    """What the views show when a new Slicer opens a scene."""

    def shown(scene, before="", after=""):
        code = FRESH_SESSION.format(scene=scene, before=before, after=after)
        *lines, last = fresh_host(code).splitlines()
        assert last == "0 exceptions", lines
        return lines

    return shown


COMPARED = [
    "ArSSRAxial1 cortex_t1",
    "ArSSRAxial2 cortex_t1 cubic 2x",
    "ArSSRAxial3 cortex_t1 cubic 2x",
]


@pytest.mark.parametrize(
    ("before", "after"),
    [(OPEN, ""), (START_ONLY, ""), ("", OPEN)],
    ids=["panel open", "another module open", "module loaded later"],
)
def test_a_scene_saved_while_comparing_opens_to_its_views(
    slicer, ui, parameters, save, fresh_session, before, after
):
    parameters.comparisonViews = type(parameters.comparisonViews).ROW
    parameters.comparisonOrientation = type(parameters.comparisonOrientation).AXIAL
    ui.compareButton.click()
    assert fresh_session(save("comparing.mrml"), before, after)[-3:] == COMPARED


def test_without_the_module_a_scene_saved_while_comparing_opens_to_slicer_s_views(
    slicer, ui, parameters, save, fresh_session
):
    earlier = slicer.app.layoutManager().sliceViewNames()
    ui.compareButton.click()
    shown = fresh_session(save("comparing.mrml"))
    assert tuple(line.split(" ")[0] for line in shown) == earlier
    assert view(slicer, "Axial", 1) is not None  # saving does not end the comparison
    assert ui.compareButton.text == "Back to the earlier layout"


def test_a_scene_saved_after_the_comparison_opens_to_its_own_layout(
    slicer, ui, parameters, save, fresh_session
):
    one_view = slicer.vtkMRMLLayoutNode.SlicerLayoutOneUpRedSliceView
    ui.compareButton.click()
    comparing = save("comparing.mrml")
    slicer.app.layoutManager().setLayout(one_view)
    afterwards = save("afterwards.mrml")
    load_comparing_first = f"{START_ONLY}; slicer.util.loadScene({comparing!r})"
    for before in (START_ONLY, load_comparing_first):
        assert [line.split(" ")[0] for line in fresh_session(afterwards, before)] == ["Red"]


def test_the_views_are_made_once_when_the_comparison_opens(slicer, ui, parameters):
    made = []
    layout_node = slicer.app.layoutManager().layoutLogic().GetLayoutNode()
    tag = layout_node.AddObserver("ModifiedEvent", lambda caller, event: made.append(event))
    ui.compareButton.click()
    layout_node.RemoveObserver(tag)
    assert len(made) == 1


def test_a_reloaded_module_still_keeps_its_layout_out_of_scenes(slicer, panel, parameters):
    layout_node = slicer.app.layoutManager().layoutLogic().GetLayoutNode()
    panel.onReload()
    ui = slicer.modules.ArSSRWidget.ui
    slicer.modules.ArSSRWidget.enter()
    ui.compareButton.click()
    assert not layout_node.GetSaveWithScene()
    ui.compareButton.click()
    assert layout_node.GetSaveWithScene()


def test_a_closed_panel_leaves_the_layout_alone(slicer, panel, parameters):
    layout_node = slicer.app.layoutManager().layoutLogic().GetLayoutNode()
    panel.ui.compareButton.click()
    panel.cleanup()
    assert layout_node.GetSaveWithScene()
    layout_node.SetSaveWithScene(False)  # as another extension may want it
    slicer.app.layoutManager().setLayout(slicer.vtkMRMLLayoutNode.SlicerLayoutOneUpRedSliceView)
    assert not layout_node.GetSaveWithScene()
    layout_node.SetSaveWithScene(True)
    panel.onReload()


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
    assert ui.compareButton.text == "Compare"
    assert corner_texts(slicer, "Axial", 1) == []


def test_the_crosshair_is_restored(slicer, ui, parameters):
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
    assert ui.compareButton.text == "Compare"


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
