"""Only the drawn box is computed, also in oblique volumes; its result lies over the input."""

from __future__ import annotations

import numpy as np
import pytest
import vtk
from slicerhost.readings import ijk_to_ras, middle_of, part_and_same


@pytest.fixture
def oblique(slicer):
    """A volume whose axes are turned against the patient's, and left-handed."""
    turn = vtk.vtkTransform()
    turn.Translate(10, -20, 30)
    turn.RotateWXYZ(35, 1, 2, 3)
    matrix = slicer.util.arrayFromVTKMatrix(turn.GetMatrix()) @ np.diag([-1.0, 1.2, 2.0, 1.0])
    values = np.random.default_rng(0).normal(100, 20, (24, 30, 36)).astype(np.float32)
    return slicer.util.addVolumeFromArray(values, matrix, "Oblique")


def test_a_new_region_lies_along_the_axes_of_the_volume(slicer, ui, oblique):
    ui.inputSelector.setCurrentNode(oblique)
    region = ui.roiSelector.addNode()
    box = slicer.util.arrayFromVTKMatrix(region.GetObjectToWorldMatrix())[:3, :3]
    axes = ijk_to_ras(slicer, oblique)[:3, :3] / oblique.GetSpacing()
    np.testing.assert_allclose(np.abs(box.T @ axes), np.eye(3), atol=1e-6)
    np.testing.assert_allclose(region.GetSize(), (18.0, 18.0, 24.0), atol=1e-6)


def test_of_an_oblique_volume_only_the_drawn_box_is_computed(slicer, ui, logic, oblique):
    ui.inputSelector.setCurrentNode(oblique)
    region = ui.roiSelector.addNode()
    target = logic.plan(logic.getParameterNode()).target
    whole = 8 * 36 * 30 * 24
    assert target.voxels == pytest.approx(whole / 8, rel=0.15)
    part = logic.upsample(oblique, scale=2.0, method="cubic", roiNode=region)
    assert part.GetImageData().GetDimensions() == target.size
    full = logic.upsample(oblique, scale=2.0, method="cubic")
    step = np.linalg.inv(ijk_to_ras(slicer, full)) @ ijk_to_ras(slicer, part)
    np.testing.assert_allclose(step[:3, 3], np.rint(step[:3, 3]), atol=1e-4)
    np.testing.assert_allclose(*part_and_same(slicer, part, full), atol=1e-3)


def test_a_region_under_a_moved_volume_follows_it(slicer, ui, oblique):
    move = vtk.vtkTransform()
    move.Translate(100, 0, 0)
    move.RotateZ(20)
    transform = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    transform.SetMatrixTransformToParent(move.GetMatrix())
    oblique.SetAndObserveTransformNodeID(transform.GetID())
    ui.inputSelector.setCurrentNode(oblique)
    region = ui.roiSelector.addNode()
    np.testing.assert_allclose(region.GetCenterWorld(), middle_of(oblique), atol=1e-3)
    assert ui.applyButton.enabled, ui.applyButton.toolTip


def shown_in_red(slicer):
    composite = slicer.app.layoutManager().sliceWidget("Red").mrmlSliceCompositeNode()
    ids = (composite.GetBackgroundVolumeID(), composite.GetForegroundVolumeID())
    return [slicer.mrmlScene.GetNodeByID(i).GetName() if i else None for i in ids]


def test_the_result_of_a_region_is_shown_over_its_input(slicer, ui, panel, chosen):
    result = panel.logic.upsample(chosen, scale=2.0, method="nearest")
    region = ui.roiSelector.addNode()
    part = panel.logic.upsample(chosen, scale=2.0, method="nearest", roiNode=region)
    panel._onSucceeded(chosen, {"arssr": part})
    assert shown_in_red(slicer) == [chosen.GetName(), part.GetName()]
    composite = slicer.app.layoutManager().sliceWidget("Red").mrmlSliceCompositeNode()
    assert composite.GetForegroundOpacity() == 1.0
    panel._onSucceeded(chosen, {"arssr": result})
    assert shown_in_red(slicer)[0] == result.GetName()
