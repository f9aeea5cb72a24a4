"""Volumes and regions under transforms end up where they belong."""

from __future__ import annotations

import numpy as np
import pytest
import vtk
from slicerhost.readings import bounds_of, middle_of


def linear_transform(slicer):
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    turn = vtk.vtkTransform()
    turn.Translate(30, -20, 10)
    turn.RotateZ(35)
    node.SetMatrixTransformToParent(turn.GetMatrix())
    return node


def warp(slicer):
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTransformNode")
    spline = vtk.vtkThinPlateSplineTransform()
    source, target = vtk.vtkPoints(), vtk.vtkPoints()
    for corner in np.ndindex(2, 2, 2):
        point = np.array(corner) * 200.0 - 100.0
        source.InsertNextPoint(point)
        target.InsertNextPoint(point * 1.1 + (5.0, 0.0, 3.0) + 4.0 * np.sin(point / 40.0))
    spline.SetSourceLandmarks(source)
    spline.SetTargetLandmarks(target)
    spline.SetBasisToR()
    node.SetAndObserveTransformToParent(spline)
    return node


@pytest.mark.parametrize("make", [linear_transform, warp])
def test_the_result_lies_where_the_input_lies(slicer, logic, cortex, make):
    transform = make(slicer)
    cortex.SetAndObserveTransformNodeID(transform.GetID())
    result = logic.upsample(cortex, scale=2.0, method="cubic")
    assert result.GetParentTransformNode() is transform
    np.testing.assert_allclose(bounds_of(result), bounds_of(cortex), atol=0.05)


@pytest.mark.parametrize("make", [linear_transform, warp])
def test_a_region_drawn_in_the_world_is_found_under_a_transform(slicer, logic, cortex, make):
    cortex.SetAndObserveTransformNodeID(make(slicer).GetID())
    centre = middle_of(cortex)
    region = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLMarkupsROINode")
    region.SetCenter(centre)
    region.SetSize([8.0, 8.0, 8.0])
    part = logic.upsample(cortex, scale=2.0, method="cubic", roiNode=region)
    low, high = bounds_of(part)
    assert (low <= centre - 4.0 + 0.1).all()
    assert (high >= centre + 4.0 - 0.1).all()
    assert (
        part.GetImageData().GetNumberOfPoints()
        < 0.5 * 8 * cortex.GetImageData().GetNumberOfPoints()
    )


def test_left_handed_and_oblique_volumes_keep_their_place(slicer, logic):
    turn = vtk.vtkTransform()
    turn.RotateWXYZ(25, 1, 2, 3)
    matrix = slicer.util.arrayFromVTKMatrix(turn.GetMatrix()) @ np.diag([-1.0, 1.2, 2.0, 1.0])
    values = np.arange(6 * 7 * 8, dtype=np.float32).reshape(6, 7, 8)
    node = slicer.util.addVolumeFromArray(values, matrix, "Oblique")
    result = logic.upsample(node, scale=(1.5, 2.0, 2.5), method="cubic")
    np.testing.assert_allclose(bounds_of(result), bounds_of(node), atol=1e-3)
