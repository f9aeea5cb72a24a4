"""Intensity along a straight line through a volume (paper, Fig. 6 and 8)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...errors import InputError
from ...volumes.grid import Grid

_SAMPLES_PER_VOXEL = 4
"""Along the axis with the smallest spacing."""


@dataclass(frozen=True)
class Profile:
    """Intensities along a line.

    Attributes:
        distance: position along the line from its start, in mm, shape (n,).
        intensity: linearly interpolated intensity there, shape (n,).
    """

    distance: NDArray[np.float64]
    intensity: NDArray[np.float64]


def profile_between_points(
    array: np.ndarray,
    grid: Grid,
    start: Sequence[float],
    end: Sequence[float],
) -> Profile:
    """Profile between two positions in the patient.

    Args:
        array: intensities ``array[k, j, i]`` on ``grid``.
        grid: where the voxels lie.
        start, end: LPS positions in mm, inside the field of view.

    Raises:
        InputError: a position outside the volume, or a line of no length.
    """
    ends = np.array([start, end], dtype=np.float64)
    if ends.shape != (2, 3) or not np.isfinite(ends).all():
        raise InputError(
            f"The line from {tuple(start)} to {tuple(end)} is not two positions of three numbers "
            "in mm; give x, y, z of each end."
        )
    length = float(np.linalg.norm(ends[1] - ends[0]))
    if length == 0:
        raise InputError(f"The line starts and ends at {tuple(start)}; give two positions apart.")
    indices = grid.world_to_index(ends)
    _check_inside(indices, ends, grid)
    count = int(np.ceil(_SAMPLES_PER_VOXEL * length / min(grid.spacing))) + 1
    fraction = np.linspace(0.0, 1.0, count)
    points = indices[0] + fraction[:, None] * (indices[1] - indices[0])
    return Profile(fraction * length, _interpolate(array, points))


def _check_inside(indices: NDArray[np.float64], ends: NDArray[np.float64], grid: Grid) -> None:
    """A voxel reaches half a spacing beyond its centre, and so does the field of view."""
    tolerance = 1e-6
    for index, position in zip(indices, ends, strict=True):
        if (index < -0.5 - tolerance).any() or (
            index > np.asarray(grid.size) - 0.5 + tolerance
        ).any():
            shown = tuple(round(float(x), 2) for x in position)
            raise InputError(
                f"The position {shown} mm (LPS) is outside the volume; choose one inside it."
            )


def _interpolate(array: np.ndarray, points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Linear interpolation at (i, j, k) points, the outermost half voxel held constant."""
    from scipy.ndimage import map_coordinates

    return np.asarray(
        map_coordinates(
            np.asarray(array, dtype=np.float64), points[:, ::-1].T, order=1, mode="nearest"
        )
    )
