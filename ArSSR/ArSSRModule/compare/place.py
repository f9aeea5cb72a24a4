"""Where the comparison looks, and how closely."""

import numpy as np
import slicer

from ..scene.region import boundsOf, isPlaced
from .borrowed import crosshairNode

STANDARD_VIEWS = {"Yellow": 0, "Green": 1, "Red": 2}
"""Slicer's own views, by the RAS axis that their offset is measured along."""
ORIENTATION_OF_AXIS = ("Sagittal", "Coronal", "Axial")
VOXELS_ACROSS = 48
"""Input voxels along the shorter side of a view that is zoomed in."""
PIXELS_OF_A_VOXEL = (4.0, 8.0)
"""Least and most screen pixels of an input voxel in a view that is zoomed in."""


def pointOfInterest(volumeNode, roi=None) -> np.ndarray:
    """The point, in RAS mm, that a user is likely to look at in a volume.

    The middle of the region, else the crosshair where it is shown, else where Slicer's three slice
    views meet, else the middle of the volume. Points outside the volume are passed over.
    """
    low, high = boundsOf(volumeNode)
    for point in (_regionPoint(roi), _crosshairPoint(), _viewsPoint()):
        if point is not None and np.all(low <= point) and np.all(point <= high):
            return point
    return (low + high) / 2


def _regionPoint(roi) -> np.ndarray | None:
    if roi is None or not isPlaced(roi):
        return None
    return _middle(roi)


def _crosshairPoint() -> np.ndarray | None:
    crosshair = crosshairNode()
    if crosshair is None or crosshair.GetCrosshairMode() == slicer.vtkMRMLCrosshairNode.NoCrosshair:
        return None
    return np.array(crosshair.GetCrosshairRAS())


def _viewsPoint() -> np.ndarray | None:
    point = np.zeros(3)
    for name, axis in STANDARD_VIEWS.items():
        widget = slicer.app.layoutManager().sliceWidget(name)
        if widget is None or widget.mrmlSliceNode().GetOrientation() != ORIENTATION_OF_AXIS[axis]:
            return None
        point[axis] = widget.mrmlSliceNode().GetSliceToRAS().GetElement(axis, 3)
    return point


def lookAt(widgets, parameters, point, zoomed: bool) -> None:
    """Centres all views on ``point``, at one zoom: close, or with the whole result in view."""
    nodes = [widget.sliceLogic().GetSliceNode() for widget in widgets]
    millimetres = _closeZoom(nodes, parameters) if zoomed else _wholeZoom(widgets, parameters)
    crosshair = crosshairNode()
    if crosshair is not None:
        crosshair.SetCrosshairRAS(*point)
    for node in nodes:
        width, height = node.GetDimensions()[:2]
        node.SetFieldOfView(width * millimetres, height * millimetres, node.GetFieldOfView()[2])
        node.JumpSliceByCentering(*(point if zoomed else _middle(parameters.comparedResult)))
        if not zoomed:
            node.JumpSliceByOffsetting(*point)
        node.UpdateMatrices()


def _closeZoom(nodes, parameters) -> float:
    """Millimetres of a screen pixel."""
    shorter = min(min(node.GetDimensions()[:2]) for node in nodes)
    least, most = PIXELS_OF_A_VOXEL
    pixels = min(max(shorter / VOXELS_ACROSS, least), most)
    return min(parameters.comparedInput.GetSpacing()) / pixels


def _wholeZoom(widgets, parameters) -> float:
    for widget in widgets:
        width, height = widget.sliceLogic().GetSliceNode().GetDimensions()[:2]
        widget.sliceLogic().FitSliceToVolume(parameters.comparedResult, width, height)
    nodes = [widget.sliceLogic().GetSliceNode() for widget in widgets]
    return max(n.GetFieldOfView()[0] / max(1, n.GetDimensions()[0]) for n in nodes)


def _middle(node) -> np.ndarray:
    return boundsOf(node).mean(axis=0)
