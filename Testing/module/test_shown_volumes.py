"""The comparison never shows one volume under the name of another."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from slicerhost.readings import bounds_of, shown_widgets, titles_of


@pytest.fixture
def parameters(compared):
    return compared


def seen(slicer, widget, parameters):
    """Name of the volume that a view shows, or of the two that it blends."""
    composite = widget.mrmlSliceCompositeNode()
    names = {
        parameters.comparedInput.GetID(): "Input",
        parameters.comparedCubic.GetID(): "Cubic",
        parameters.comparedResult.GetID(): "ArSSR",
    }
    below = names.get(composite.GetBackgroundVolumeID(), "ArSSR − cubic")
    opacity = composite.GetForegroundOpacity()
    if not composite.GetForegroundVolumeID() or opacity == 0.0:
        return below
    above = names[composite.GetForegroundVolumeID()]
    return above if opacity == 1.0 else f"{above} {100 * opacity:.0f} % over {below}"


def assert_titles_are_true(slicer, parameters):
    shown = [(titles_of(w), [seen(slicer, w, parameters)]) for w in shown_widgets(slicer)]
    assert shown
    assert all(title == truth for title, truth in shown), shown
    return [title for (title,), _ in shown]


def test_the_view_called_arssr_shows_arssr_while_the_difference_is_shown(slicer, ui, parameters):
    ui.compareButton.click()
    ui.differenceCheckBox.click()
    row = assert_titles_are_true(slicer, parameters)[:3]
    assert row == ["Cubic", "ArSSR", "ArSSR − cubic"]


def test_titles_are_true_after_every_change_of_views_fade_and_difference(slicer, ui, parameters):
    ui.compareButton.click()
    for views, difference, fade in itertools.product((0, 2), (True, False), (100, 40, 0, 100)):
        ui.comparisonViewsComboBox.currentIndex = views
        if ui.differenceCheckBox.checked != difference:
            ui.differenceCheckBox.click()
        ui.fadeSlider.value = fade
        assert_titles_are_true(slicer, parameters)


def test_titles_follow_what_a_user_does_with_slicer_s_own_controls(slicer, ui, parameters):
    ui.compareButton.click()
    arssr = shown_widgets(slicer)[2]
    arssr.sliceController().set_opacity("ForegroundOpacity", 0.0)
    assert assert_titles_are_true(slicer, parameters)[:3] == ["Input", "Cubic", "Cubic"]
    arssr.sliceController().set_opacity("ForegroundOpacity", 0.3)
    assert titles_of(arssr) == ["ArSSR 30 % over Cubic"]
    input_view = shown_widgets(slicer)[0].mrmlSliceCompositeNode()
    input_view.SetBackgroundVolumeID(parameters.comparedCubic.GetID())
    assert assert_titles_are_true(slicer, parameters)[0] == "Cubic"


def test_a_volume_chosen_in_one_linked_view_stays_in_that_view(slicer, ui, parameters):
    ui.compareButton.click()
    flags = slicer.vtkMRMLSliceCompositeNode
    logic = shown_widgets(slicer)[1].sliceLogic()
    logic.StartSliceCompositeNodeInteraction(flags.BackgroundVolumeFlag)
    logic.GetSliceCompositeNode().SetBackgroundVolumeID(parameters.comparedResult.GetID())
    logic.EndSliceCompositeNodeInteraction()
    assert assert_titles_are_true(slicer, parameters)[:3] == ["Input", "ArSSR", "ArSSR"]


def test_the_halves_of_a_divided_view_are_named(slicer, ui, parameters):
    ui.comparisonViewsComboBox.currentIndex = 1
    ui.compareButton.click()
    (widget,) = shown_widgets(slicer)
    assert titles_of(widget) == ["Cubic", "ArSSR"]
    ui.swapButton.click()
    assert titles_of(widget) == ["ArSSR"]
    ui.swapButton.click()
    assert titles_of(widget) == ["Cubic"]


def test_the_divider_follows_the_mouse(slicer, ui, parameters):
    from vtk.util.numpy_support import vtk_to_numpy

    def columns():
        picture = widget.sliceView().picture()
        width, height, _ = picture.GetDimensions()
        grey = vtk_to_numpy(picture.GetPointData().GetScalars())[:, 0].reshape(height, width)
        return grey[: int(0.8 * height)].astype(int)  # without the titles

    def alike(a, b):
        return float(np.mean(a == b))

    ui.comparisonViewsComboBox.currentIndex = 1
    ui.compareButton.click()
    (widget,) = shown_widgets(slicer)
    ui.swapButton.click()
    arssr = columns()
    ui.swapButton.click()
    cubic = columns()
    assert alike(arssr, cubic) < 0.7
    width = cubic.shape[1]
    crosshair = slicer.mrmlScene.GetFirstNodeByClass("vtkMRMLCrosshairNode")
    crosshair.SetCursorPositionXYZ([width // 4, 100, 0], widget.mrmlSliceNode())
    both, line = columns(), width // 4
    assert alike(both[:, : line - 4], cubic[:, : line - 4]) > 0.98
    assert alike(both[:, line + 4 :], arssr[:, line + 4 :]) > 0.98


def test_the_key_swaps_cubic_and_arssr(slicer, ui, parameters):
    ui.compareButton.click()
    ui.swapButton.click()
    assert assert_titles_are_true(slicer, parameters) == ["Input", "Cubic", "Cubic"]
    ui.swapButton.click()
    assert assert_titles_are_true(slicer, parameters) == ["Input", "Cubic", "ArSSR"]


def test_the_comparison_opens_close_up_and_shows_the_whole_volume_at_a_click(
    slicer, ui, parameters
):
    def pixels_of_a_voxel():
        node = shown_widgets(slicer)[0].mrmlSliceNode()
        millimetres = node.GetFieldOfView()[0] / node.GetDimensions()[0]
        return min(parameters.comparedInput.GetSpacing()) / millimetres

    ui.compareButton.click()
    assert pixels_of_a_voxel() >= 4
    close = pixels_of_a_voxel()
    ui.zoomButton.click()
    assert "Zoom in" in ui.zoomButton.text
    node = shown_widgets(slicer)[0].mrmlSliceNode()
    low, high = bounds_of(parameters.comparedResult)
    assert node.GetFieldOfView()[1] >= high[1] - low[1]
    ui.zoomButton.click()
    assert pixels_of_a_voxel() == pytest.approx(close)


def test_the_comparison_looks_at_the_region(slicer, ui, parameters, panel):
    ui.inputSelector.setCurrentNode(parameters.comparedInput)
    region = ui.roiSelector.addNode()
    region.SetCenter([c + 4.0 for c in region.GetCenter()])
    ui.compareButton.click()
    node = shown_widgets(slicer)[0].mrmlSliceNode()
    shown = [node.GetSliceToRAS().GetElement(row, 3) for row in range(3)]
    np.testing.assert_allclose(shown, region.GetCenter(), atol=1.0)


def test_the_input_is_drawn_voxel_by_voxel_and_as_before_afterwards(slicer, ui, parameters):
    display = parameters.comparedInput.GetDisplayNode()
    ui.compareButton.click()
    assert not display.GetInterpolate()
    assert parameters.comparedResult.GetDisplayNode().GetInterpolate()
    ui.compareButton.click()
    assert display.GetInterpolate()


def test_the_region_does_not_cover_the_comparison(slicer, ui, parameters):
    ui.inputSelector.setCurrentNode(parameters.comparedInput)
    display = ui.roiSelector.addNode().GetDisplayNode()
    assert not display.GetFillVisibility()
    assert not display.GetPropertiesLabelVisibility()
    ui.compareButton.click()
    assert not display.GetVisibility2D()
    ui.compareButton.click()
    assert display.GetVisibility2D()


def test_the_orientation_shows_the_longest_side_of_the_voxels(slicer, ui, parameters):
    parameters.comparedInput.SetSpacing(0.8, 0.8, 0.9)
    ui.compareButton.click()
    assert slicer.app.layoutManager().sliceViewNames()[0] == "ArSSRAxial1"
    parameters.comparedInput.SetSpacing(0.8, 0.8, 2.4)
    ui.fadeSlider.value = 90
    assert slicer.app.layoutManager().sliceViewNames()[0] == "ArSSRCoronal1"
