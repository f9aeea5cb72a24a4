"""What is asked for: the target grid of a scale or spacing, and the box of a region of interest."""

from __future__ import annotations

import itertools
from typing import cast

import numpy as np
import numpy.typing as npt

from ..errors import InputError
from ..volumes.grid import LARGEST_SIDE, Grid, IndexBox, SizeTriple, Triple

Roi = tuple[float, float, float, float, float, float]

_TOLERANCE_IN_VOXELS = 1e-6


def target_grid(
    grid: Grid, scale: float | Triple | None = None, spacing: float | Triple | None = None
) -> Grid:
    """The upsampled grid of a scale or of a target spacing.

    Args:
        grid: the input's grid.
        scale: factor for all axes or one per axis (i, j, k), at least 1.
        spacing: voxel size for all axes or one per axis (i, j, k), in mm, at most the input's.

    Raises:
        InputError: neither or both are given, a value is not a positive number, or the target is
            coarser than the input along an axis.
    """
    if (scale is None) == (spacing is None):
        raise InputError("Give either a scale or a spacing, for example --scale 2.")
    if scale is not None:
        wanted = _numbers("scale", scale)
        asked, factors = f"scale {_shown(wanted)}", np.asarray(wanted)
    else:
        wanted = _numbers("spacing", spacing)
        asked = f"spacing {_shown(wanted)} mm"
        with np.errstate(divide="ignore"):
            factors = np.asarray(grid.spacing) / np.asarray(wanted)
    _check_size(grid, factors, asked)
    target = grid.upsampled(wanted) if scale is not None else grid.with_spacing(wanted)
    for axis, old, new, step in zip("ijk", grid.size, target.size, grid.spacing, strict=True):
        if new < old:
            raise InputError(
                f"The {asked} is coarser than the input along {axis} ({step:g} mm voxels); this "
                "program only upsamples: give a scale of at least 1 or a finer spacing."
            )
    return target


def _numbers(name: str, value: object) -> float | Triple:
    """A scale or a spacing as plain numbers; how many there are the grid checks."""
    try:
        numbers = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError):
        numbers = None
    if numbers is None or numbers.ndim > 1 or isinstance(value, bool):
        raise InputError(
            f"The {name} {value!r} is no number; give one, or three for the axes i, j and k."
        )
    return float(numbers) if numbers.ndim == 0 else cast(Triple, tuple(numbers.tolist()))


def _check_size(grid: Grid, factors: npt.NDArray[np.float64], asked: str) -> None:
    """Refuses what cannot be represented; what is no factor at all the grid itself refuses."""
    if factors.shape not in ((), (3,)) or not np.isfinite(factors).all():
        return
    with np.errstate(over="ignore"):
        largest = float((np.asarray(grid.size) * factors).max())
    if largest > LARGEST_SIDE:
        raise InputError(
            f"The {asked} asks for {largest:.6g} voxels along an axis; at most {LARGEST_SIDE} are "
            "possible: choose less."
        )


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
            f"The region {_shown(roi)} is not six finite numbers x0,y0,z0,x1,y1,z1 in mm; "
            "give two opposite corners."
        )
    if np.any(corners[:3] == corners[3:]):
        raise InputError(
            f"The region {_shown(roi)} has no extent along an axis; give two opposite corners "
            "x0,y0,z0,x1,y1,z1 in mm."
        )
    ends = list(zip(corners[:3], corners[3:], strict=True))
    index = grid.world_to_index(np.array(list(itertools.product(*ends))))
    start = np.floor(index.min(axis=0) + 0.5 + _TOLERANCE_IN_VOXELS)
    stop = np.ceil(index.max(axis=0) + 0.5 - _TOLERANCE_IN_VOXELS)
    start = np.clip(start, 0, grid.size).astype(int)
    stop = np.clip(stop, 0, grid.size).astype(int)
    if np.any(stop <= start):
        low, high = _extent(grid)
        raise InputError(
            f"The region {_shown(roi)} lies outside the volume, which spans {_shown(low)} to "
            f"{_shown(high)} mm (patient coordinates, LPS); choose one that overlaps it."
        )
    return (
        cast(SizeTriple, tuple(int(x) for x in start)),
        cast(SizeTriple, tuple(int(x) for x in stop - start)),
    )


def _extent(grid: Grid) -> tuple[Triple, Triple]:
    faces = itertools.product(*((-0.5, n - 0.5) for n in grid.size))
    world = grid.index_to_world(np.array(list(faces)))
    return (
        cast(Triple, tuple(float(x) for x in world.min(axis=0))),
        cast(Triple, tuple(float(x) for x in world.max(axis=0))),
    )


def _shown(value: object) -> str:
    if isinstance(value, int | float):
        return f"{value:g}"
    if isinstance(value, tuple | list) and all(isinstance(x, int | float) for x in value):
        return ",".join(f"{x:g}" for x in value)
    return repr(value)
