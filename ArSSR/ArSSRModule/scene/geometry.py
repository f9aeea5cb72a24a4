"""Between Slicer's RAS coordinates and the library's LPS grids."""

import itertools

import numpy as np
import slicer
import vtk

from .region import checkPlaced

RAS_TO_LPS = np.diag([-1.0, -1.0, 1.0, 1.0])
ROI_SAMPLES_PER_EDGE = 9
"""Points along each edge of a region that are sent through a non-linear transform."""


def gridOfVolume(volumeNode):
    """The library's grid of a volume node, in its own coordinates (parent transforms left out).

    Raises:
        ArSSRLib.errors.InputError: the volume's axes are sheared.
    """
    from ArSSRLib.volumes.grid import Grid

    matrix = vtk.vtkMatrix4x4()
    volumeNode.GetIJKToRASMatrix(matrix)
    ijkToLps = RAS_TO_LPS @ slicer.util.arrayFromVTKMatrix(matrix)
    spacing = np.linalg.norm(ijkToLps[:3, :3], axis=0)
    direction = ijkToLps[:3, :3] / spacing
    return Grid(
        tuple(int(n) for n in volumeNode.GetImageData().GetDimensions()),
        tuple(float(s) for s in spacing),
        tuple(float(x) for x in ijkToLps[:3, 3]),
        tuple(float(x) for x in direction.ravel()),
    )


def ijkToRasOfGrid(grid) -> np.ndarray:
    """4×4 matrix from voxel indices (i, j, k) to Slicer's RAS mm."""
    ijkToLps = np.eye(4)
    ijkToLps[:3, :3] = grid.axes
    ijkToLps[:3, 3] = grid.origin
    return RAS_TO_LPS @ ijkToLps


def localGrid(grid):
    """The same voxels in the volume's own axes: x, y, z along i, j, k, the first voxel at 0.

    A run is computed in these coordinates. A region drawn along the axes of an oblique volume is a
    box there, but not in patient coordinates.
    """
    from ArSSRLib.volumes.grid import Grid

    return Grid(grid.size, grid.spacing)


def gridOfLocal(local, inputGrid):
    """Where a grid in the own axes of ``inputGrid`` lies in LPS mm."""
    from ArSSRLib.volumes.grid import Grid

    rotation = np.asarray(inputGrid.axes) / np.asarray(inputGrid.spacing)
    origin = rotation @ np.asarray(local.origin) + np.asarray(inputGrid.origin)
    return Grid(local.size, local.spacing, tuple(float(x) for x in origin), inputGrid.direction)


def boxOfRegion(roiNode, volumeNode) -> tuple[float, ...]:
    """The box x0, y0, z0, x1, y1, z1 of a markups ROI, in mm along the volume's own axes.

    See :func:`localGrid` for these coordinates. A ROI that is not parallel to the volume's axes
    counts by its bounds along them, and so does one under a non-linear transform.

    Raises:
        ValueError: the ROI is not a box yet.
    """
    checkPlaced(roiNode)
    grid = gridOfVolume(volumeNode)
    worldToVolume = vtk.vtkGeneralTransform()
    slicer.vtkMRMLTransformNode.GetTransformBetweenNodes(
        None, volumeNode.GetParentTransformNode(), worldToVolume
    )
    points = [worldToVolume.TransformPoint(*point) for point in _pointsOfBox(roiNode)]
    lps = np.asarray(points) * (-1.0, -1.0, 1.0)
    rotation = np.asarray(grid.axes) / np.asarray(grid.spacing)
    local = (lps - np.asarray(grid.origin)) @ rotation
    return tuple(float(x) for x in (*local.min(axis=0), *local.max(axis=0)))


def _pointsOfBox(roiNode) -> np.ndarray:
    """Points of the ROI's box in world RAS mm, along its edges and inside."""
    matrix = slicer.util.arrayFromVTKMatrix(roiNode.GetObjectToWorldMatrix())
    halves = np.array(roiNode.GetSize()) / 2
    steps = np.linspace(-1.0, 1.0, ROI_SAMPLES_PER_EDGE)
    inBox = np.array(list(itertools.product(steps, repeat=3))) * halves
    return inBox @ matrix[:3, :3].T + matrix[:3, 3]
