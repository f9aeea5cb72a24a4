"""The same volume stored in another way, and its parts, for tests that compare results."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from ArSSRLib.volumes.grid import Grid
from ArSSRLib.volumes.region import Roi, box_of_roi
from ArSSRLib.volumes.volume import Volume


def in_another_order(volume: Volume, order: Sequence[int], flips: Sequence[bool]) -> Volume:
    """The same volume with its axes (i, j, k) stored in another order and direction."""
    axes = [2 - order[2 - n] for n in range(3)]
    steps = tuple(slice(None, None, -1 if flip else 1) for flip in flips[::-1])
    corner = [0, 0, 0]
    for axis, flip in zip(order, flips, strict=True):
        corner[axis] = volume.grid.size[axis] - 1 if flip else 0
    columns = np.reshape(volume.grid.direction, (3, 3))[:, order] * np.where(flips, -1.0, 1.0)
    grid = Grid(
        tuple(volume.grid.size[a] for a in order),  # type: ignore[arg-type]
        tuple(volume.grid.spacing[a] for a in order),  # type: ignore[arg-type]
        tuple(float(x) for x in volume.grid.index_to_world(corner)),  # type: ignore[arg-type]
        tuple(columns.ravel()),
    )
    array = np.ascontiguousarray(volume.array.transpose(axes)[steps])
    return replace(volume, array=array, grid=grid)


def roi_between(grid: Grid, corners: npt.ArrayLike) -> Roi:
    """The region of interest between two voxels (i, j, k) of a grid."""
    return tuple(float(x) for x in grid.index_to_world(corners).ravel())  # type: ignore[return-value]


def cut_out(volume: Volume, roi: Roi) -> Volume:
    """The voxels of a volume that cover a region of interest."""
    start, size = box_of_roi(volume.grid, roi)
    place = tuple(slice(a, a + n) for a, n in zip(start[::-1], size[::-1], strict=True))
    return replace(volume, array=volume.array[place], grid=volume.grid.cropped(start, size))
