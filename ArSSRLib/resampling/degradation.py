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

from ..errors import InputError
from ..volumes.array_types import FloatArray
from .blur import DEFAULT_BLUR, Blur

_FULL_WIDTH_TO_SIGMA = 1.0 / np.sqrt(8.0 * np.log(2.0))
_GAUSSIAN_REACH_IN_SIGMA = 4.0
_ROUNDING = 1e-6
"""HR voxels; without it, of two voxels at the very end of a profile rounding would take one."""
_BOTH_SIDES = 0.5
"""Partial Fourier of 6/8: the share of the frequencies that is acquired on both sides."""
_PULSE_LOBES = 2
"""Zero crossings of a sinc pulse on either side of its middle."""
_PULSE_REACH = 1.51
"""Thicknesses from the middle at which the profile of a sinc pulse is cut off."""


def axis_operator(
    blur: Blur, high: int, low: int, rows: tuple[int, int] | None = None
) -> FloatArray:
    """The matrix that simulates one LR axis from one HR axis; shape (low, high), rows sum to 1.

    Args:
        blur: how the axis becomes coarser. An axis that keeps its voxels is not blurred.
        high: HR voxels along the axis.
        low: LR voxels along the axis, at most ``high``.
        rows: first and one-past-last LR voxel wanted; None for all.

    Raises:
        InputError: more LR than HR voxels.
    """
    if not 1 <= low <= high:
        raise InputError(f"{low} LR voxels cannot be simulated from {high}; use a scale above 1.")
    first, last = rows if rows is not None else (0, low)
    if low == high:
        return np.eye(last - first, high, k=first, dtype=np.float32)
    step = high / low
    centres = (np.arange(first, last) + 0.5) * step - 0.5
    distance = centres[:, None] - np.arange(high)[None, :]
    match blur.kernel:
        case "cubic":
            weights = _keys_cubic(distance / step)
        case "kspace" if blur.window == "none" and blur.band == 1.0:
            weights = _truncated_fourier(distance, high, low)
        case "kspace":
            weights = _filtered_fourier(distance, high, low, blur)
        case profile:
            weights = _slice_profile(profile, distance, blur.thickness * step)
    return (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)


def simulate_low_resolution(
    array: npt.NDArray[np.floating], low_shape: Sequence[int], blur: Blur = DEFAULT_BLUR
) -> FloatArray:
    """A low-resolution version of ``array`` over exactly the same field of view.

    Args:
        array: HR intensities, shape (k, j, i).
        low_shape: LR shape (k, j, i), each at most the HR shape.
        blur: how each axis becomes coarser.

    Returns:
        float32 array of ``low_shape``.
    """
    operators = [axis_operator(blur, n, m) for n, m in zip(array.shape, low_shape, strict=True)]
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
    return corner_aligned(array, [round(n * (1.0 / scale)) for n in array.shape])


def corner_aligned(array: npt.NDArray[np.floating], shape: Sequence[int]) -> FloatArray:
    """``scipy.ndimage.zoom(order=3)`` to a shape: the corner voxels of both grids coincide.

    Args:
        array: intensities (k, j, i).
        shape: voxels along k, j, i of the result.
    """
    from scipy.ndimage import zoom

    factors = [m / n for n, m in zip(array.shape, shape, strict=True)]
    return np.asarray(zoom(np.asarray(array, dtype=np.float32), factors, order=3), dtype=np.float32)


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


def _filtered_fourier(
    distance: npt.NDArray[Any], high: int, low: int, blur: Blur
) -> npt.NDArray[Any]:
    """The lowest frequencies of ``high`` periodic samples, weighted by the filter of ``blur``."""
    edge = 0.5 * low * blur.band
    frequency = np.arange(1, max(1, int(np.floor(edge))) + 1)
    relative = frequency / edge
    match blur.window:
        case "hamming":
            share = 0.54 + 0.46 * np.cos(np.pi * relative)
        case "fermi":
            share = 1.0 / (1.0 + np.exp((relative - 0.85) / 0.06))
        case "partial-fourier":
            # Of a real image each frequency holds half its share on either side of k-space.
            share = np.where(relative <= _BOTH_SIDES, 1.0, 0.5)
        case _:
            share = np.where(frequency == edge, 0.5, 1.0)
    phases = np.multiply.outer(2.0 * np.pi / high * distance, frequency)
    return 1.0 + 2.0 * np.cos(phases) @ share


def _slice_profile(kernel: str, distance: npt.NDArray[Any], thickness: float) -> npt.NDArray[Any]:
    """Weights of HR voxels at ``distance`` from a slice's middle; all lengths in HR voxels."""
    away = np.abs(distance)
    match kernel:
        case "gaussian":
            sigma = thickness * _FULL_WIDTH_TO_SIGMA
            weights = np.exp(-0.5 * (distance / sigma) ** 2)
            return np.where(away > _GAUSSIAN_REACH_IN_SIGMA * sigma + _ROUNDING, 0.0, weights)
        case "box":
            # The part of the HR voxel, of length 1, that lies inside the slice.
            return np.clip(0.5 * thickness + 0.5 - away, 0.0, min(1.0, thickness))
        case _:
            weights = _pulse_profile(distance / thickness)
            reach = _PULSE_REACH * max(thickness, 1.0) + _ROUNDING
            return np.where(away > reach, 0.0, weights)


def _pulse_profile(x: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """What a Hamming-windowed sinc pulse excites, at ``x`` thicknesses from the slice's middle.

    For small flip angles that is the pulse's Fourier transform.
    """
    time = np.linspace(0.0, _PULSE_LOBES, 16 * _PULSE_LOBES, endpoint=False)
    pulse = np.sinc(time) * (0.54 + 0.46 * np.cos(np.pi * time / _PULSE_LOBES))
    pulse[0] *= 0.5
    return np.cos(2.0 * np.pi * np.multiply.outer(x, time)) @ pulse
