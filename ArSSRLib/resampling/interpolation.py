"""Nearest, linear and cubic B-spline interpolation to another grid of the same field of view.

Each is separable: one matrix per axis takes the stored samples to the target samples. Target
voxel ``t`` of ``m`` lies at input index ``(t + 0.5) · n/m - 0.5``. Beyond the outermost voxel
centres the volume is taken to be mirrored at the face of its field of view.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from ..errors import InputError
from ..volumes.array_types import FloatArray

Interpolation = Literal["nearest", "linear", "cubic"]
INTERPOLATIONS: tuple[Interpolation, ...] = get_args(Interpolation)

Positions = npt.NDArray[np.float64]
ArrayBox = tuple[tuple[int, int, int], tuple[int, int, int]]
"""Start and size of a box of voxels, both along the array's axes (k, j, i)."""

_SLAB_VALUES = 1 << 24
"""Values of one intermediate slab: 64 MiB of float32."""
_LARGEST_KEPT = 1 << 20
"""Values of the largest matrix that is kept: 4 MiB of float32."""
_SMALLEST_WEIGHT = 1e-9
"""Weights below this cannot be seen in float32; leaving them out keeps the windows narrow."""


def axis_operator(method: Interpolation, stored: int, target: int) -> FloatArray:
    """The matrix that interpolates one axis; shape (target, stored), rows sum to 1.

    Making that of ``cubic`` takes about 24 · stored² + 20 · stored · target bytes. Matrices of
    ordinary volumes are kept, 128 MiB of them at most.

    Args:
        method: ``nearest``; ``linear``; or ``cubic``, the interpolating B-spline of order 3.
        stored: voxels along the axis.
        target: voxels over the same extent.

    Raises:
        InputError: an unknown method.
    """
    make = _kept_operator if stored * target <= _LARGEST_KEPT else _operator
    return make(method, stored, target)


def _operator(method: Interpolation, stored: int, target: int) -> FloatArray:
    position = (np.arange(target, dtype=np.float64) + 0.5) * (stored / target) - 0.5
    match method:
        case "nearest":
            # Half-way positions go outwards on both sides, so that a flip changes nothing.
            middle = (stored - 1) / 2
            inward = np.where(position < middle, np.ceil(position - 0.5), np.floor(position + 0.5))
            weights = np.zeros((target, stored))
            weights[np.arange(target), np.clip(inward, 0, stored - 1).astype(int)] = 1.0
        case "linear":
            weights = _samples(position, stored, _hat, reach=1)
        case "cubic":
            at_samples = np.arange(stored, dtype=np.float64)
            spline = _samples(at_samples, stored, _b_spline_3, reach=2)
            wanted = _samples(position, stored, _b_spline_3, reach=2)
            weights = wanted @ np.linalg.inv(spline)
        case _:
            raise InputError(f"The method {method!r} is unknown; choose one of {INTERPOLATIONS}.")
    weights[np.abs(weights) < _SMALLEST_WEIGHT] = 0.0
    return (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)


_kept_operator = lru_cache(maxsize=32)(_operator)


def interpolate(
    array: FloatArray,
    target_shape: Sequence[int],
    method: Interpolation,
    box: ArrayBox | None = None,
    progress: Callable[[float], None] | None = None,
) -> FloatArray:
    """Interpolates ``array`` to ``target_shape`` over exactly the same field of view.

    ``cubic`` equals ``scipy.ndimage.zoom(order=3, mode="reflect", grid_mode=True)`` and takes a
    small part of its time. Beside the result it needs about 200 MiB and the three matrices of
    :func:`axis_operator`.

    Args:
        array: intensities, shape (k, j, i).
        target_shape: shape (k, j, i) of the whole target grid.
        method: see :func:`axis_operator`.
        box: start and size (k, j, i), in target voxels, of the part to compute; all by default.
        progress: receives the finished fraction, 0 to 1, now and then; may cancel by raising.

    Returns:
        float32 array of ``target_shape``, or of the size of the box.

    Raises:
        InputError: an unknown method.
    """
    start, size = box if box is not None else ((0, 0, 0), tuple(target_shape))
    along_k, along_j, along_i = (
        axis_operator(method, n, m)[a : a + count]
        for n, m, a, count in zip(array.shape, target_shape, start, size, strict=True)
    )
    source = np.ascontiguousarray(array, dtype=np.float32)
    result = np.empty((len(along_k), len(along_j), len(along_i)), dtype=np.float32)
    widest = max(source.shape[1], len(along_j)) * max(source.shape[2], len(along_i))
    slab = max(1, min(32, _SLAB_VALUES // widest))
    for begin in range(0, len(along_k), slab):
        rows = along_k[begin : begin + slab]
        used = np.flatnonzero(rows.any(axis=0))
        window = slice(int(used[0]), int(used[-1]) + 1)
        planes = np.tensordot(rows[:, window], source[window], axes=1)
        rows_done = np.matmul(planes, along_i.T)
        np.matmul(along_j, rows_done, out=result[begin : begin + slab])
        if progress is not None:
            progress((begin + len(rows)) / len(along_k))
    return result


def _samples(
    position: Positions, stored: int, kernel: Callable[[Positions], Positions], reach: int
) -> npt.NDArray[np.float64]:
    """Weights of a kernel of half-width ``reach`` at ``position``, mirrored at the outer faces."""
    weights = np.zeros((len(position), stored))
    first = np.floor(position).astype(int) - reach + 1
    for step in range(2 * reach):
        index = first + step
        np.add.at(
            weights, (np.arange(len(position)), _mirrored(index, stored)), kernel(position - index)
        )
    return weights


def _mirrored(index: npt.NDArray[np.int_], stored: int) -> npt.NDArray[np.int_]:
    """Indices reflected at the faces -0.5 and stored - 0.5: … 1 0 | 0 1 … n-1 | n-1 n-2 …"""
    wrapped = np.mod(index, 2 * stored)
    return np.where(wrapped < stored, wrapped, 2 * stored - 1 - wrapped)


def _hat(x: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.maximum(0.0, 1.0 - np.abs(x))


def _b_spline_3(x: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The cubic B-spline, support [-2, 2]."""
    x = np.abs(x)
    inner = 2.0 / 3.0 - x * x * (1.0 - 0.5 * x)
    outer = np.maximum(0.0, 2.0 - x) ** 3 / 6.0
    return np.where(x < 1.0, inner, outer)
