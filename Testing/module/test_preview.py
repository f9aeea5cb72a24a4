"""The preview: a box of the present settings over the slice views, which leaves nothing behind."""

from __future__ import annotations

import numpy as np
import pytest
import vtk


@pytest.fixture
def shown(slicer, ui, cortex, wait):
    """The small volume with a preview over it."""
    slicer.util.setSliceViewerLayers(background=cortex)
    ui.inputSelector.setCurrentNode(cortex)
    ui.previewButton.click()
    wait(lambda: foreground(slicer) is not None)
    return cortex


def composites(slicer):
    manager = slicer.app.layoutManager()
    return [manager.sliceWidget(n).mrmlSliceCompositeNode() for n in manager.sliceViewNames()]


def foreground(slicer):
    found = {composite.GetForegroundVolumeID() for composite in composites(slicer)}
    return slicer.mrmlScene.GetNodeByID(found.pop() or "") if len(found) == 1 else None


def node_ids(slicer):
    scene = slicer.mrmlScene
    return {scene.GetNthNode(i).GetID() for i in range(scene.GetNumberOfNodes())}


def bounds(node):
    found = [0.0] * 6
    node.GetRASBounds(found)
    return np.array(found)


def drawn(slicer):
    """What the red view draws by itself."""
    view = slicer.app.layoutManager().sliceWidget("Red").sliceView()
    props = view.renderWindow().GetRenderers().GetFirstRenderer().GetViewProps()
    return [props.GetItemAsObject(i) for i in range(props.GetNumberOfItems())]


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
    picture = foreground(slicer)
    assert picture.GetName() == "ArSSR preview in the box"
    for composite in composites(slicer):
        assert composite.GetBackgroundVolumeID() == shown.GetID()
        assert composite.GetForegroundOpacity() == 1.0
    inside, whole = bounds(picture), bounds(shown)
    assert (inside[0::2] >= whole[0::2] - 1e-3).all()
    assert (inside[1::2] <= whole[1::2] + 1e-3).all()
    assert np.allclose(picture.GetSpacing(), np.array(shown.GetSpacing()) / 2)
    assert "cm" in ui.previewLabel.text


def test_it_shows_what_a_run_would_make(slicer, ui, cortex, wait):
    from ArSSRModule.logic import ArSSRLogic

    slicer.util.setSliceViewerLayers(background=cortex)
    ui.inputSelector.setCurrentNode(cortex)
    ui.fastCheckBox.click()
    ui.previewButton.click()
    wait(lambda: "cm" in ui.previewLabel.text)
    assert "one pass" not in ui.previewLabel.text  # that was asked for
    picture = foreground(slicer)
    result = ArSSRLogic().upsample(cortex, scale=2.0, fast=True)
    to_ijk, to_ras = vtk.vtkMatrix4x4(), vtk.vtkMatrix4x4()
    result.GetRASToIJKMatrix(to_ijk)
    picture.GetIJKToRASMatrix(to_ras)
    matrix = slicer.util.arrayFromVTKMatrix
    i, j, k = np.rint((matrix(to_ijk) @ matrix(to_ras))[:3, 3]).astype(int)
    small = slicer.util.arrayFromVolume(picture).astype(float)
    depth, height, width = small.shape
    large = slicer.util.arrayFromVolume(result).astype(float)
    same = large[k : k + depth, j : j + height, i : i + width]
    assert abs(small - same).mean() < 0.005 * large.max()


def test_it_leaves_nothing_behind(slicer, ui, cortex, wait):
    slicer.util.setSliceViewerLayers(background=cortex, foreground=cortex, foregroundOpacity=0.3)
    ui.inputSelector.setCurrentNode(cortex)
    before, lines = node_ids(slicer), sum(map(is_outline, drawn(slicer)))
    ui.previewButton.click()
    wait(lambda: "cm" in ui.previewLabel.text)
    assert sum(map(is_outline, drawn(slicer))) == lines + 1
    ui.previewButton.click()
    assert node_ids(slicer) == before
    for composite in composites(slicer):
        assert composite.GetForegroundVolumeID() == cortex.GetID()
        assert composite.GetForegroundOpacity() == pytest.approx(0.3)
    assert sum(map(is_outline, drawn(slicer))) == lines
    assert ui.previewLabel.text == ""


def test_a_scene_saved_during_a_preview_does_not_hold_it(slicer, ui, shown, tmp_path):
    path = tmp_path / "scene.mrml"
    slicer.mrmlScene.Commit(str(path))
    text = path.read_text()
    picture = foreground(slicer)
    for node in (picture, picture.GetDisplayNode()):
        assert f'id="{node.GetID()}"' not in text
    assert f'id="{shown.GetID()}"' in text


def test_it_follows_the_scale_and_the_noise_reduction(slicer, ui, shown, wait):
    ui.scaleSlider.value = 3.0
    fine = np.array(shown.GetSpacing()) / 3
    wait(lambda: np.allclose(foreground(slicer).GetSpacing(), fine, rtol=0.1))
    wait(lambda: "cm" in ui.previewLabel.text)
    before = slicer.util.arrayFromVolume(foreground(slicer)).astype(float)
    ui.noiseReductionSlider.value = 0.0
    wait(lambda: "Computing" in ui.previewLabel.text)
    wait(lambda: "cm" in ui.previewLabel.text)
    assert not np.array_equal(slicer.util.arrayFromVolume(foreground(slicer)), before)


def test_a_run_ends_it(slicer, ui, shown, wait):
    ui.applyButton.click()
    assert not ui.previewButton.checked
    assert not ui.previewButton.enabled
    assert foreground(slicer) is None
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
        sizes.append(foreground(slicer).GetImageData().GetNumberOfPoints())
        assert ("one pass" in ui.previewLabel.text) == (slowness > 1.0)
        ui.previewButton.click()
    slicer.app.userSettings().remove(name)
    assert sizes[1] < sizes[0] / 2


def test_a_failure_is_named_and_nothing_is_shown(slicer, ui, panel, shown, wait):
    panel._preview._job = None
    panel._preview._onFailed("There is not enough memory.")
    assert "memory" in ui.previewLabel.text
    assert foreground(slicer) is None


def test_a_second_wish_replaces_the_first(slicer, ui, cortex, wait):
    ui.inputSelector.setCurrentNode(cortex)
    ui.previewButton.click()
    ui.previewButton.click()
    ui.previewButton.click()
    wait(lambda: "cm" in ui.previewLabel.text)
    assert foreground(slicer).GetName() == "ArSSR preview in the box"
