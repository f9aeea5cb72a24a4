"""Between Slicer's RAS coordinates and the library's LPS grids."""

import itertools

import numpy as np
import slicer
import vtk

from .. import library
from .region import checkPlaced

RAS_TO_LPS = np.diag([-1.0, -1.0, 1.0, 1.0])
ROI_SAMPLES_PER_EDGE = 9
"""Points along each edge of a region that are sent through a non-linear transform."""


def gridOfVolume(volumeNode):
    """The library's grid of a volume node, in its own coordinates (parent transforms left out).

    Raises:
        ArSSRLib.errors.InputError: the volume's axes are sheared.
    """
    library.makeImportable()
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


def boxOfRegion(roiNode, volumeNode) -> tuple[float, ...]:
    """The box x0, y0, z0, x1, y1, z1 (LPS mm, the volume's own coordinates) of a markups ROI.

    The ROI is drawn in the world, and a rotated one counts by its bounds along the world's axes.
    Where the volume lies under a transform, the box is the bounds of these taken back through it.

    Raises:
        ValueError: the ROI is not a box yet.
    """
    checkPlaced(roiNode)
    bounds = [0.0] * 6
    roiNode.GetRASBounds(bounds)
    sides = [np.linspace(bounds[2 * a], bounds[2 * a + 1], ROI_SAMPLES_PER_EDGE) for a in range(3)]
    worldToVolume = vtk.vtkGeneralTransform()
    slicer.vtkMRMLTransformNode.GetTransformBetweenNodes(
        None, volumeNode.GetParentTransformNode(), worldToVolume
    )
    points = [worldToVolume.TransformPoint(*point) for point in itertools.product(*sides)]
    lps = np.asarray(points) * (-1.0, -1.0, 1.0)
    return tuple(float(x) for x in (*lps.min(axis=0), *lps.max(axis=0)))
