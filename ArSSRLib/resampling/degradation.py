"""Low-resolution simulation: what a coarser scan of the same field of view would have shown.

Every kernel is a separable linear map, so one axis at a time a matrix of shape
(LR voxels, HR voxels) takes HR samples to LR samples. Both grids cover the same field of view:
LR voxel ``i`` is centred at HR index ``(i + 0.5) · N/n - 0.5``. The paper's own corner-aligned
``scipy.ndimage.zoom`` (§IV-A.1) is kept as ``paper`` so that its tables can be reproduced; it
neither keeps the field of view nor suppresses aliasing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ..choices import KERNELS, Kernel
from ..errors import InputError
from ..volumes.array_types import FloatArray

_FULL_WIDTH_TO_SIGMA = 1.0 / np.sqrt(8.0 * np.log(2.0))
_GAUSSIAN_REACH_IN_SIGMA = 4.0


def axis_operator(
    kernel: Kernel, high: int, low: int, rows: tuple[int, int] | None = None
) -> FloatArray:
    """The matrix that simulates one LR axis from one HR axis; shape (low, high), rows sum to 1.

    Args:
        kernel: ``cubic``, the Keys cubic (a = -1/2) stretched to the LR voxel, which is the usual
            antialiased bicubic of image libraries; ``kspace``, truncated k-space as an MR scanner
            samples it (periodic sinc, with its Gibbs ringing); ``gaussian``, a slice profile whose
            full width at half maximum is one LR voxel.
        high: HR voxels along the axis.
        low: LR voxels along the axis, at most ``high``.
        rows: first and one-past-last LR voxel wanted; None for all.

    Raises:
        InputError: an unknown kernel, or more LR than HR voxels.
    """
    if not 1 <= low <= high:
        raise InputError(f"{low} LR voxels cannot be simulated from {high}; use a scale above 1.")
    first, last = rows if rows is not None else (0, low)
    if low == high:
        return np.eye(last - first, high, k=first, dtype=np.float32)
    step = high / low
    centres = (np.arange(first, last) + 0.5) * step - 0.5
    distance = centres[:, None] - np.arange(high)[None, :]
    match kernel:
        case "cubic":
            weights = _keys_cubic(distance / step)
        case "gaussian":
            sigma = step * _FULL_WIDTH_TO_SIGMA
            weights = np.exp(-0.5 * (distance / sigma) ** 2)
            weights[np.abs(distance) > _GAUSSIAN_REACH_IN_SIGMA * sigma] = 0.0
        case "kspace":
            weights = _truncated_fourier(distance, high, low)
        case _:
            raise InputError(f"The kernel {kernel!r} is unknown; choose one of {KERNELS}.")
    return (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)


def simulate_low_resolution(
    array: npt.NDArray[np.floating], low_shape: Sequence[int], kernel: Kernel = "cubic"
) -> FloatArray:
    """A low-resolution version of ``array`` over exactly the same field of view.

    Args:
        array: HR intensities, shape (k, j, i).
        low_shape: LR shape (k, j, i), each at most the HR shape.
        kernel: see :func:`axis_operator`.

    Returns:
        float32 array of ``low_shape``.
    """
    operators = [axis_operator(kernel, n, m) for n, m in zip(array.shape, low_shape, strict=True)]
    return apply_separable(array, operators)


def apply_separable(
    array: npt.NDArray[np.floating], operators: Sequence[npt.NDArray[np.floating]]
) -> FloatArray:
    """Applies one matrix per axis: ``array`` (k, j, i) with operators of shapes (m_a, n_a)."""
    result = np.asarray(array, dtype=np.float32)
    for axis in np.argsort([op.shape[0] / op.shape[1] for op in operators]):
        # The axis that shrinks most goes first: the remaining products are then smallest.
        result = np.moveaxis(
            np.tensordot(operators[axis], result, axes=(1, int(axis))), 0, int(axis)
        )
    return np.ascontiguousarray(result, dtype=np.float32)


def paper_low_resolution(array: npt.NDArray[np.floating], scale: float) -> FloatArray:
    """The paper's simulation (§IV-A.1): corner-aligned cubic ``zoom`` by 1/scale, no low-pass.

    Args:
        array: HR intensities, shape (k, j, i).
        scale: isotropic downsampling factor, above 1.
    """
    from scipy import ndimage

    return np.asarray(
        ndimage.zoom(np.asarray(array, dtype=np.float32), 1.0 / scale, order=3), dtype=np.float32
    )


def _keys_cubic(x: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Cubic convolution kernel with a = -1/2 (Keys 1981), support [-2, 2]."""
    x = np.abs(x)
    inner = (1.5 * x - 2.5) * x * x + 1.0
    outer = ((-0.5 * x + 2.5) * x - 4.0) * x + 2.0
    return np.where(x <= 1.0, inner, np.where(x < 2.0, outer, 0.0))


def _truncated_fourier(distance: npt.NDArray[Any], high: int, low: int) -> npt.NDArray[Any]:
    """Keeps the ``low`` lowest spatial frequencies of ``high`` periodic samples.

    The sum of the cosines has a closed form, the Dirichlet kernel. An even ``low`` has one
    unpaired frequency at its edge; it enters with half weight from either side, which keeps the
    result real and turns the sine below into a tangent.
    """
    angle = np.pi * distance / high
    below = np.sin(angle) if low % 2 else np.tan(angle)
    centre = np.abs(np.sin(angle)) < 1e-9
    return np.where(centre, float(low), np.sin(low * angle) / np.where(centre, 1.0, below))
