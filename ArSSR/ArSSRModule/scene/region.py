"""The region (a markups ROI) to which a run can be limited."""

import numpy as np
import slicer
import vtk
from slicer.i18n import tr as _

SHARE_OF_SIDE = 0.5
"""Of each side of the input, for a region that was only just created."""
SAME_PLACE_MM = 1.0
"""Bounds that differ by less are those of the whole volume."""


def isPlaced(roiNode) -> bool:
    """Whether the ROI is a box already; one that was added but never drawn is not."""
    return roiNode.GetNumberOfControlPoints() > 0 and min(roiNode.GetSize()) > 0


def checkPlaced(roiNode) -> None:
    """Raises ValueError with what to do when the ROI is not a box yet."""
    if not isPlaced(roiNode):
        raise ValueError(
            _(
                "The region “{name}” is empty; draw its box in a slice view, or choose "
                "“Whole volume”."
            ).format(name=roiNode.GetName())
        )


def placeInMiddle(roiNode, volumeNode) -> None:
    """Gives an empty ROI a box in the middle of the volume, along the volume's own axes.

    Nothing happens to a ROI that has a box, or without a volume with at least one voxel.
    """
    if roiNode is None or volumeNode is None or isPlaced(roiNode):
        return
    image = volumeNode.GetImageData()
    if image is None or min(image.GetDimensions()) < 1:
        return
    ijkToWorld = _ijkToWorld(volumeNode)
    dimensions = np.array(image.GetDimensions(), dtype=float)
    spacing = np.linalg.norm(ijkToWorld[:3, :3], axis=0)
    centre = ijkToWorld @ [*((dimensions - 1) / 2), 1.0]
    box = np.eye(4)
    box[:3, :3] = ijkToWorld[:3, :3] / spacing
    box[:3, 2] *= np.sign(np.linalg.det(box[:3, :3]))  # right-handed; the box is symmetric
    box[:3, 3] = centre[:3]
    roiNode.SetCenter(centre[:3].tolist())  # first: before, the ROI has no control point
    roiNode.SetSize((SHARE_OF_SIDE * dimensions * spacing).tolist())
    roiNode.SetAndObserveObjectToNodeMatrix(slicer.util.vtkMatrixFromArray(box))


def showOutlineOnly(roiNode) -> None:
    """Draws the box as an outline: a fill or a label would hide the image below."""
    roiNode.CreateDefaultDisplayNodes()
    display = roiNode.GetDisplayNode()
    if display is not None:
        display.SetFillVisibility(False)
        display.SetPropertiesLabelVisibility(False)
        display.SetPointLabelsVisibility(False)


def coversPartOnly(resultNode, inputNode) -> bool:
    """Whether a result covers only a region of its input."""
    return float(np.abs(boundsOf(resultNode) - boundsOf(inputNode)).max()) > SAME_PLACE_MM


def boundsOf(node) -> np.ndarray:
    """Lowest and highest corner of a volume or a ROI in world RAS mm, shape (2, 3)."""
    bounds = np.zeros(6)
    node.GetRASBounds(bounds)
    return bounds.reshape(3, 2).T


def _ijkToWorld(volumeNode) -> np.ndarray:
    """4×4 matrix from voxel indices to world RAS mm; of a warp, that at the volume's middle."""
    matrix = vtk.vtkMatrix4x4()
    volumeNode.GetIJKToRASMatrix(matrix)
    ijkToRas = slicer.util.arrayFromVTKMatrix(matrix)
    parent = volumeNode.GetParentTransformNode()
    if parent is None:
        return ijkToRas
    toWorld = vtk.vtkMatrix4x4()
    if parent.IsTransformToWorldLinear() and parent.GetMatrixTransformToWorld(toWorld):
        return slicer.util.arrayFromVTKMatrix(toWorld) @ ijkToRas
    return _shiftedByWarp(volumeNode, ijkToRas)


def _shiftedByWarp(volumeNode, ijkToRas: np.ndarray) -> np.ndarray:
    """The axes stay; the middle moves to where the warp takes it."""
    toWorld = vtk.vtkGeneralTransform()
    slicer.vtkMRMLTransformNode.GetTransformBetweenNodes(
        volumeNode.GetParentTransformNode(), None, toWorld
    )
    middle = (np.array(volumeNode.GetImageData().GetDimensions()) - 1) / 2
    before = (ijkToRas @ [*middle, 1.0])[:3]
    shifted = ijkToRas.copy()
    shifted[:3, 3] += np.subtract(toWorld.TransformPoint(*before), before)
    return shifted
