"""Regions of interest: the voxels of a grid that cover a box in patient coordinates."""

from __future__ import annotations

import itertools

import numpy as np

from ..errors import InputError
from .grid import Grid, IndexBox, Triple, size_triple, triple

Roi = tuple[float, float, float, float, float, float]
"""Two opposite corners x0, y0, z0, x1, y1, z1 in LPS mm, in any order."""

_TOLERANCE_IN_VOXELS = 1e-6


def box_of_roi(grid: Grid, roi: Roi) -> IndexBox:
    """The voxels of ``grid`` that cover a region of interest.

    On an oblique grid the region's bounding box along the grid's own axes is taken.

    Args:
        grid: the grid to cut, usually the target grid.
        roi: two opposite corners x0, y0, z0, x1, y1, z1 in LPS mm, in any order.

    Returns:
        start and size in voxels along (i, j, k).

    Raises:
        InputError: the corners are not finite, enclose nothing, or lie outside the volume.
    """
    try:
        corners = np.asarray(roi, dtype=np.float64)
    except (TypeError, ValueError):
        corners = np.empty(0)
    if corners.shape != (6,) or not np.isfinite(corners).all():
        raise InputError(
            f"The region {_shown(roi)} is not six finite numbers x0, y0, z0, x1, y1, z1 in mm; "
            "give two opposite corners.",
            argument="roi",
        )
    if np.any(corners[:3] == corners[3:]):
        raise InputError(
            f"The region {_shown(roi)} has no extent along an axis; give two opposite corners "
            "x0, y0, z0, x1, y1, z1 in mm.",
            argument="roi",
        )
    ends = list(zip(corners[:3], corners[3:], strict=True))
    index = grid.world_to_index(np.array(list(itertools.product(*ends))))
    start = np.floor(index.min(axis=0) + 0.5 + _TOLERANCE_IN_VOXELS)
    stop = np.ceil(index.max(axis=0) + 0.5 - _TOLERANCE_IN_VOXELS)
    # A region within the tolerance of a face is in the voxel above it.
    stop = np.maximum(stop, start + 1)
    start = np.clip(start, 0, grid.size).astype(int)
    stop = np.clip(stop, 0, grid.size).astype(int)
    if np.any(stop <= start):
        low, high = _extent(grid)
        raise InputError(
            f"The region {_shown(roi)} lies outside the volume, which spans {_shown(low)} to "
            f"{_shown(high)} mm (patient coordinates, LPS); choose one that overlaps it.",
            argument="roi",
        )
    return size_triple(start), size_triple(stop - start)


def _extent(grid: Grid) -> tuple[Triple, Triple]:
    faces = itertools.product(*((-0.5, n - 0.5) for n in grid.size))
    world = grid.index_to_world(np.array(list(faces)))
    return triple(world.min(axis=0)), triple(world.max(axis=0))


def _shown(value: object) -> str:
    if isinstance(value, tuple | list) and all(isinstance(x, int | float) for x in value):
        return ",".join(f"{x:g}" for x in value)
    return repr(value)
