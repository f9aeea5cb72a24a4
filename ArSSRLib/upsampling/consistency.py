"""Whether a result agrees with its input: downsampled again, how much does it differ?"""

from __future__ import annotations

import numpy as np

from ..resampling.blur import DEFAULT_BLUR
from ..resampling.degradation import axis_operator
from ..volumes.array_types import FloatArray
from ..volumes.intensity import Normalisation
from .plan import Shape

_ACROSS = 256
"""Input voxels along j and i that are compared: the middle of the slices."""
_SLICES = 32
_SLICES_AT_ONCE = 8


def difference_from_input(
    low: FloatArray, high: FloatArray, target: Shape, start: Shape = (0, 0, 0)
) -> float | None:
    """RMS difference between the result downsampled again and the input, over the input's range.

    It is that of the re-blur error of ``arssr evaluate``, measured on at most 32 slices, so that it
    costs little time and memory. A small value shows that the result contradicts nothing that was
    measured, not that added detail is true.

    Args:
        low: the input [k, j, i].
        high: the result, or the part of it in a region.
        target: shape (k, j, i) of the whole result.
        start: first voxel (k, j, i) of the region in the whole result.

    Returns:
        the share; None where a region covers no input voxel with all that blurs into it.
    """
    inside = [
        _rows_inside(n, m, first, first + size)
        for n, m, first, size in zip(low.shape, target, start, high.shape, strict=True)
    ]
    if any(first >= last for first, last in inside):
        return None
    (first_k, last_k), across_j, across_i = inside[0], _middle(inside[1]), _middle(inside[2])
    along_j = _operator(low.shape[1], target[1], across_j, start[1], high.shape[1])
    along_i = _operator(low.shape[2], target[2], across_i, start[2], high.shape[2])
    squares, count = 0.0, 0
    for first in _starts(first_k, last_k):
        rows = (first, min(first + _SLICES_AT_ONCE, last_k))
        along_k = _operator(low.shape[0], target[0], rows, start[0], high.shape[0])
        used = np.flatnonzero(along_k.any(axis=0))
        window = slice(int(used[0]), int(used[-1]) + 1)
        again = np.tensordot(along_k[:, window], high[window], axes=1)
        again = np.matmul(along_j, again) @ along_i.T
        again -= low[slice(*rows), slice(*across_j), slice(*across_i)]
        squares += float(np.square(again, dtype=np.float64).sum())
        count += again.size
    return float(np.sqrt(squares / count)) / Normalisation.of(low).span


def _rows_inside(low: int, high: int, first: int, last: int) -> tuple[int, int]:
    """The input voxels that are made of target voxels ``first`` to ``last`` alone."""
    if (first, last) == (0, high):
        return 0, low
    if low == high:
        return first, last
    # The kernel reaches two input voxels to either side.
    step = high / low
    return int(np.ceil(first / step + 1.5)), int(np.floor(last / step - 1.5))


def _middle(span: tuple[int, int]) -> tuple[int, int]:
    first, last = span
    count = min(last - first, _ACROSS)
    begin = first + (last - first - count) // 2
    return begin, begin + count


def _starts(first: int, last: int) -> list[int]:
    """Where the groups of slices begin, spread evenly where they are not all."""
    if last - first <= _SLICES:
        return list(range(first, last, _SLICES_AT_ONCE))
    groups = np.linspace(first, last - _SLICES_AT_ONCE, _SLICES // _SLICES_AT_ONCE)
    return [int(each) for each in groups]


def _operator(low: int, high: int, rows: tuple[int, int], first: int, size: int) -> FloatArray:
    """The matrix that makes voxels of the input out of those of the region."""
    return axis_operator(DEFAULT_BLUR, high, low, rows)[:, first : first + size]
