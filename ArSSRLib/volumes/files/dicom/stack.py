"""How slices lie in space: whether they are one even, straight stack, and on which grid.

Positions are fitted to a line, so that their rounding does not matter; what is left is judged in
mm.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ....errors import InputError
from ...grid import Grid, Triple, nearest_rotation, off_orthonormal
from .slice_header import Numbers, SliceHeader

_RESIDUAL_MM = 0.05
"""Distance from the fitted line that rounding and jitter of positions explain."""
_RESIDUAL_SHARE = 0.01
"""The same as a share of the slice distance, for thick slices."""
_FARTHEST_MM = 1e6
"""Positions beyond this are mistakes."""
_ROUNDED = 1e-5
"""Direction cosines that are off by less are taken as they are."""
_LARGEST_TILT = 0.01
"""Shift of a slice against the one before, as a share of their distance."""


def in_order(slices: Sequence[SliceHeader]) -> list[SliceHeader]:
    """The slices sorted along their normal; all must have a place."""
    normal = normal_of(slices[0])
    return sorted(slices, key=lambda each: float(each.position @ normal))


def grid_of(slices: Sequence[SliceHeader], name: str) -> Grid:
    """The grid of slices in order, one voxel thick each.

    Args:
        slices: in order, with the same direction and pixels.
        name: what messages call the series.

    Raises:
        InputError: a slice is missing or there twice, or they are shifted against each other.
    """
    first = slices[0]
    normal = normal_of(first)
    distance = first.slice_distance if first.slice_distance > 0 else 1.0
    origin, step = first.position, normal * distance
    if len(slices) > 1:
        origin, step = _fitted(np.array([each.position for each in slices]), normal, name)
    distance = float(step @ normal)
    frame = np.column_stack([first.orientation[:3], first.orientation[3:], normal])
    direction = frame if off_orthonormal(frame) <= _ROUNDED else nearest_rotation(frame)
    spacing: Triple = (float(first.pixel[1]), float(first.pixel[0]), distance)
    x, y, z = (float(value) for value in origin)
    size = (first.columns, first.rows, len(slices))
    return Grid(size, spacing, (x, y, z), tuple(direction.ravel().tolist()))


def normal_of(header: SliceHeader) -> Numbers:
    """Unit vector across the rows and columns of a slice."""
    normal = np.cross(header.orientation[:3], header.orientation[3:]).astype(np.float64)
    return np.asarray(normal / np.linalg.norm(normal), dtype=np.float64)


def _fitted(positions: Numbers, normal: Numbers, name: str) -> tuple[Numbers, Numbers]:
    """Position of the first slice and the step from one to the next, by least squares."""
    with np.errstate(over="ignore", invalid="ignore"):
        heights = positions @ normal
        gaps = np.diff(heights)
        usual = float(np.median(gaps))
        if not np.abs(positions).max() <= _FARTHEST_MM:
            raise InputError(
                f"The positions of the slices of the DICOM series in {name} are out of range; "
                "export the series again."
            )
        tolerance = max(_RESIDUAL_MM, _RESIDUAL_SHARE * usual)
        if not usual > tolerance or float(gaps.min()) < usual / 2:
            raise InputError(
                f"At least two slices of the DICOM series in {name} lie at the same place; remove "
                "those that are there twice, or choose one of its volumes."
            )
        if float(gaps.max()) > 1.5 * usual:
            at = int(gaps.argmax())
            raise InputError(
                f"A slice of the DICOM series in {name} is missing: after slice {at + 1} of "
                f"{len(positions)} there is a gap of {gaps[at]:.2f} mm instead of {usual:.2f} mm; "
                "export the series again."
            )
        index = np.arange(len(positions), dtype=np.float64)
        slope = ((index - index.mean()) @ (positions - positions.mean(axis=0))) / (
            (index - index.mean()) @ (index - index.mean())
        )
        origin = positions.mean(axis=0) - slope * index.mean()
        off = float(np.linalg.norm(positions - (origin + np.outer(index, slope)), axis=1).max())
        aside = float(np.linalg.norm(slope - (slope @ normal) * normal))
    if off > tolerance:
        raise InputError(
            f"The slices of the DICOM series in {name} are not evenly spaced: they are off a "
            f"straight line by up to {off:.2f} mm; export the series again, or resample it."
        )
    if aside > _LARGEST_TILT * usual:
        raise InputError(
            f"The slices of the DICOM series in {name} are shifted against each other, by "
            f"{aside:.2f} mm each, as with a tilted gantry; resample the volume to an unsheared "
            "grid first."
        )
    return np.asarray(origin, dtype=np.float64), np.asarray(slope, dtype=np.float64)
