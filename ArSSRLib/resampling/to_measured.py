"""Takes a volume that is stored finer than it was measured back to the measured grid."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..volumes.array_types import FloatArray
from ..volumes.measured_resolution import MeasuredResolution
from ..volumes.volume import Volume
from .blur import Blur
from .degradation import apply_separable
from .degradation import axis_operator as degrading_operator
from .interpolation import Interpolation, axis_operator

_KERNELS: tuple[Interpolation, ...] = ("linear", "cubic")
_SIZES = (0, -1, 1, -2, 2)
"""Measured voxels beside those that are estimated: the factor is known to half a percent."""
_LARGEST_RESIDUAL = 0.01
"""RMS residual over the standard deviation up to which an interpolation counts as recognised."""
_LINES = 500


def at_measured_resolution(volume: Volume, measured: MeasuredResolution) -> Volume:
    """The volume on its measured grid, over the same field of view.

    Along a zero-filled axis the empty frequencies are cut off. Along an interpolated axis linear
    and cubic B-spline interpolation on this field of view are inverted exactly; another kind of
    interpolation counts as zero-filled.

    Args:
        volume: as it is stored.
        measured: its resolution.
    """
    sizes = list(measured.grid_of(volume.grid).size)
    operators: list[FloatArray] = []
    for axis, resolution in enumerate(measured.axes):
        stored = volume.grid.size[axis]
        operator = None
        if resolution.how == "interpolated":
            operator = _inverse(np.moveaxis(volume.array, 2 - axis, 2), sizes[axis])
        if operator is None:
            operator = degrading_operator(Blur("kspace"), stored, sizes[axis])
        sizes[axis] = len(operator)
        operators.insert(0, operator)
    array = apply_separable(volume.array, operators)
    grid = volume.grid.resized((sizes[0], sizes[1], sizes[2]))
    return replace(volume, array=array, grid=grid)


def _inverse(lines: FloatArray, size: int) -> FloatArray | None:
    """The matrix that undoes the interpolation along the last axis; None where none fits.

    Args:
        lines: the stored volume.
        size: measured voxels, as estimated.
    """
    stored = lines.shape[2]
    step = max(1, lines.shape[0] * lines.shape[1] // _LINES)
    some = lines.reshape(-1, stored)[::step].T
    best: tuple[float, FloatArray] | None = None
    for each in (size + more for more in _SIZES if 2 <= size + more < stored):
        for kernel in _KERNELS:
            forward = axis_operator(kernel, each, stored)
            back = np.linalg.pinv(forward).astype(np.float32)
            residual = float(np.std(forward @ (back @ some) - some))
            if best is None or residual < best[0]:
                best = (residual, back)
    if best is None or best[0] > _LARGEST_RESIDUAL * float(np.std(some)):
        return None
    return best[1]
