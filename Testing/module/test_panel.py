"""What the panel says before a run, for every way of choosing."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest
import vtk
from slicerhost.readings import bounds_of, middle_of


def test_an_empty_scene_says_what_to_do_first(ui):
    assert not ui.applyButton.enabled
    assert "Choose an input volume" in ui.applyButton.toolTip
    assert ui.planLabel.text == ""


def test_size_and_spacing_of_the_input_are_shown(ui, chosen):
    assert "48 × 44 × 20" in ui.inputSummaryLabel.text
    assert "0.868 × 0.868 × 2 mm" in ui.inputSummaryLabel.text


def test_the_first_volume_of_the_scene_is_taken(slicer, ui, cortex):
    slicer.util.selectModule("none")
    slicer.util.selectModule("ArSSR")
    assert ui.inputSelector.currentNode() is cortex


def test_a_label_map_and_our_own_difference_are_not_taken_by_themselves(
    slicer, ui, cortex, parameters
):
    from ArSSRModule.scene.results import DIFFERENCE_OF

    path = cortex.GetStorageNode().GetFileName()
    slicer.mrmlScene.Clear()
    labels = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode", "Labels")
    difference = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "Difference")
    difference.SetNodeReferenceID(DIFFERENCE_OF, labels.GetID())
    slicer.util.selectModule("none")
    parameters.inputVolume = None
    volume = slicer.util.loadVolume(path)
    slicer.util.selectModule("ArSSR")
    assert parameters.inputVolume is volume


@pytest.mark.parametrize("how", ["removed", "scene closed"])
def test_a_volume_that_was_shown_is_let_go_with_its_node(slicer, ui, how):
    node = slicer.util.addVolumeFromArray(np.ones((20, 30, 40), np.int16), np.eye(4), "Shown")
    ui.inputSelector.setCurrentNode(node)
    slicer.util.selectModule("none")
    slicer.util.selectModule("ArSSR")
    image = weakref.ref(node.GetImageData())
    shown = weakref.ref(node)
    if how == "removed":
        slicer.mrmlScene.RemoveNode(node)
    else:
        slicer.mrmlScene.Clear()
    del node
    slicer.app.processEvents()
    gc.collect()
    assert shown() is None
    assert image() is None


def test_leaving_the_module_lets_the_parameter_node_s_wrappers_go(slicer, panel):
    kept = []
    for _ in range(3):
        kept.append(weakref.ref(panel._parameters))
        slicer.util.selectModule("none")
        slicer.util.selectModule("ArSSR")
    gc.collect()
    assert [ref for ref in kept if ref() is not None] == []


@pytest.mark.parametrize(
    ("button", "scale"), [("scale2Button", 2), ("scale3Button", 3), ("scale4Button", 4)]
)
def test_quick_buttons_set_the_scale(ui, chosen, button, scale):
    getattr(ui, button).click()
    assert ui.scaleSlider.value == scale
    assert f"{48 * scale} × {44 * scale} × {20 * scale} voxels" in ui.planLabel.text


def test_size_memory_and_time_follow_the_slider(ui, chosen):
    ui.scaleSlider.value = 1.5
    small = ui.planLabel.text
    ui.scaleSlider.value = 6.0
    assert "288 × 264 × 120" in ui.planLabel.text
    assert small != ui.planLabel.text
    for word in ("Memory", "Time", "Voxel size"):
        assert word in ui.planLabel.text


@pytest.mark.parametrize(("model", "scale"), [("default", 8.0), ("paper", 1.5), ("paper", 4.5)])
def test_a_scale_outside_the_training_is_warned_about(ui, chosen, model, scale):
    from ArSSRModule.panel.installed_models import availableModels

    names = [known.name for known in availableModels()]
    ui.modelComboBox.currentIndex = names.index(model)
    ui.scaleSlider.value = 2.0
    assert "outside" not in ui.warningLabel.text
    ui.scaleSlider.value = scale
    assert f"{scale:g}× is outside" in ui.warningLabel.text
    assert ui.applyButton.enabled


def test_a_volume_unlike_a_brain_is_warned_about(slicer, ui):
    values = np.full((40, 40, 40), -900, np.int16)
    node = slicer.util.addVolumeFromArray(values, np.diag([20.0, 20.0, 20.0, 1.0]), "Chest CT")
    ui.inputSelector.setCurrentNode(node)
    for words in ("field of view", "as in CT", "outside the"):
        assert words in ui.warningLabel.text


def test_the_output_may_not_be_the_input(ui, chosen):
    ui.outputSelector.setCurrentNode(chosen)
    assert not ui.applyButton.enabled
    assert "overwrite the input" in ui.applyButton.toolTip


def test_label_maps_and_colour_volumes_are_not_offered(slicer, ui):
    slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode", "Labels")
    slicer.mrmlScene.AddNewNodeByClass("vtkMRMLVectorVolumeNode", "Colours")
    assert ui.inputSelector.nodeCount() == 0


def test_a_region_makes_the_run_smaller(ui, chosen, wait):
    whole = ui.planLabel.text
    region = ui.roiSelector.addNode()
    region.SetCenter(middle_of(chosen))
    region.SetSize([10.0, 10.0, 10.0])
    wait(lambda: "96 × 88 × 40" not in ui.planLabel.text)
    assert ui.applyButton.enabled, ui.applyButton.toolTip
    assert ui.planLabel.text != whole


def test_moving_a_region_is_all_it_takes_to_enable_and_disable_apply(ui, chosen, wait):
    region = ui.roiSelector.addNode()
    assert ui.applyButton.enabled
    region.SetCenter([5000.0, 0.0, 0.0])
    wait(lambda: not ui.applyButton.enabled)
    assert "does not overlap" in ui.applyButton.toolTip
    region.SetCenter(middle_of(chosen))
    wait(lambda: ui.applyButton.enabled)


def test_a_region_that_is_drawn_point_by_point_is_followed(slicer, ui, chosen, wait):
    region = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLMarkupsROINode", "Drawn")
    ui.roiSelector.setCurrentNode(region)
    assert "Drawn" in ui.applyButton.toolTip
    assert "is empty" in ui.applyButton.toolTip
    centre = middle_of(chosen)
    region.AddControlPointWorld(centre - 5.0)
    region.AddControlPointWorld(centre + 5.0)
    wait(lambda: ui.applyButton.enabled)
    assert "96 × 88 × 40" not in ui.planLabel.text


def test_a_rotated_region_counts_by_its_bounds_along_the_volume_s_axes(slicer, ui, chosen, panel):
    turn = vtk.vtkTransform()
    turn.Translate(*middle_of(chosen))
    turn.RotateZ(30)
    region = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLMarkupsROINode")
    region.SetSize([16.0, 6.0, 10.0])
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    node.SetMatrixTransformToParent(turn.GetMatrix())
    region.SetAndObserveTransformNodeID(node.GetID())
    ui.roiSelector.setCurrentNode(region)
    target = panel.logic.plan(panel.logic.getParameterNode()).target
    ras_to_ijk = vtk.vtkMatrix4x4()
    chosen.GetRASToIJKMatrix(ras_to_ijk)
    to_axes = slicer.util.arrayFromVTKMatrix(ras_to_ijk)[:3, :3]
    box = slicer.util.arrayFromVTKMatrix(turn.GetMatrix())[:3, :3]
    sides = (np.abs(to_axes @ box) @ region.GetSize()) * chosen.GetSpacing()
    covered = np.multiply(target.size, target.spacing)
    assert np.all(covered >= sides - 1e-6)
    assert np.all(covered <= sides + 2 * np.array(target.spacing))
    assert "follows the volume's axes" in ui.roiSelector.toolTip


def test_a_new_region_is_a_box_in_the_middle_of_the_input(ui, chosen):
    region = ui.roiSelector.addNode()
    assert ui.applyButton.enabled, ui.applyButton.toolTip
    np.testing.assert_allclose(region.GetCenter(), middle_of(chosen))
    sides = np.diff(bounds_of(region), axis=0) / np.diff(bounds_of(chosen), axis=0)
    np.testing.assert_allclose(sides, 0.5)


def test_a_region_of_another_scene_part_keeps_its_box_when_it_is_chosen(slicer, ui, chosen):
    region = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLMarkupsROINode")
    region.SetSize([3.0, 4.0, 5.0])
    ui.roiSelector.setCurrentNode(region)
    assert region.GetSize() == (3.0, 4.0, 5.0)


def test_moving_the_input_by_a_transform_is_followed(slicer, ui, chosen, wait):
    ui.roiSelector.addNode()
    transform = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    chosen.SetAndObserveTransformNodeID(transform.GetID())
    assert ui.applyButton.enabled
    far = vtk.vtkTransform()
    far.Translate(3000.0, 0.0, 0.0)
    transform.SetMatrixTransformToParent(far.GetMatrix())
    wait(lambda: not ui.applyButton.enabled)
    assert "does not overlap" in ui.applyButton.toolTip


def test_a_drag_of_the_region_does_not_plan_a_run_for_every_step(
    ui, panel, chosen, wait, monkeypatch
):
    region = ui.roiSelector.addNode()
    slicer_plan, plans = panel.logic.plan, []
    monkeypatch.setattr(
        panel.logic, "plan", lambda *a: plans.append(region.GetCenter()[0]) or slicer_plan(*a)
    )
    for step in range(100):
        region.SetCenter([step * 0.1, 0.0, 0.0])
    last = region.GetCenter()[0]
    wait(lambda: last in plans)
    assert len(plans) < 20


def test_the_device_that_automatic_comes_down_to_is_named(ui, wait):
    wait(lambda: "threads" in ui.deviceSummaryLabel.text or "GPU" in ui.deviceSummaryLabel.text)
    assert "PyTorch" in ui.deviceSummaryLabel.text


def test_a_device_that_is_not_there_disables_apply(ui, chosen, wait):
    import torch

    wait(lambda: "threads" in ui.deviceSummaryLabel.text or "GPU" in ui.deviceSummaryLabel.text)
    missing = 3 if not torch.backends.mps.is_available() else 2
    ui.deviceComboBox.currentIndex = missing
    assert not ui.applyButton.enabled
    assert "not found" in ui.applyButton.toolTip


def test_advanced_settings_are_collapsed_at_first(ui):
    assert ui.advancedCollapsibleButton.collapsed


def test_the_notice_is_always_there(ui):
    assert "invent detail" in ui.noticeLabel.text
    assert "not for clinical use" in ui.noticeLabel.text


def contrast(label):
    """Contrast of the lightest and the darkest pixel of a label, 1 to 21 (WCAG 2)."""
    from PySide6 import QtGui, QtWidgets

    picture = QtWidgets.QWidget.grab(label).toImage()
    picture = picture.convertToFormat(QtGui.QImage.Format.Format_RGB888)
    rows = np.frombuffer(picture.constBits(), np.uint8).reshape(picture.height(), -1)
    colours = rows[3:-3, 24 : 3 * picture.width() - 12].reshape(-1, 3) / 255.0  # without edges
    linear = np.where(colours <= 0.04045, colours / 12.92, ((colours + 0.055) / 1.055) ** 2.4)
    light = linear @ (0.2126, 0.7152, 0.0722)
    return (light.max() + 0.05) / (light.min() + 0.05)


@pytest.mark.parametrize("style", ["light", "dark"])
def test_the_notice_and_the_boxes_are_legible_in_both_styles(ui, style):
    from PySide6 import QtWidgets
    from slicerhost.picture import use_dark_style

    from ArSSRModule.panel.colours import ACCENTS, boxStyle

    before = QtWidgets.QApplication.palette()
    try:
        if style == "dark":
            use_dark_style()
        assert contrast(ui.noticeLabel) >= 4.5
        ui.statusLabel.text = "The run was ended by the system."
        ui.statusLabel.visible = True
        for kind in ACCENTS:
            ui.statusLabel.styleSheet = boxStyle(kind)
            assert contrast(ui.statusLabel) >= 4.5
    finally:
        QtWidgets.QApplication.setPalette(before)


def test_compare_says_why_it_is_disabled(ui, chosen):
    assert not ui.compareButton.enabled
    assert "Press Apply first" in ui.compareButton.toolTip


def test_the_panel_follows_the_parameter_node(ui, chosen, parameters):
    parameters.scale = 5.5
    assert ui.scaleSlider.value == 5.5


def test_renaming_the_input_is_followed(slicer, ui, chosen):
    chosen.SetName("Another name")
    chosen.InvokeEvent(vtk.vtkCommand.ModifiedEvent)
    assert ui.inputSelector.currentNode() is chosen
