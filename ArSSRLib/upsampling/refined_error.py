"""Refines the head's expected errors with what the head does not see.

The head sees one target voxel at a time. How far off a voxel is has much in common with its
neighbours; errors grow with the slope of the result, with the size of its voxels in mm (anatomy has
more detail per voxel where voxels are large) and, more than the head knows, with the number of axes
that are refined and with how much one is refined more than the others. So the errors are averaged
over the neighbourhood, and a power law of all these is fitted to simulated scans when the head is
trained.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple, cast

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor

from ..networks.expected_error import SMALLEST_ERROR
from ..networks.spec import ExpectedErrorSpec
from ..resampling.interpolation import ArrayBox
from ..volumes.array_types import FloatArray
from .expected_error import LARGEST_SHARE, ShareArray
from .plan import Shape
from .scales import Scales

REACH = 2
"""Target voxels around a voxel that its refined error depends on."""
_SLICES_AT_ONCE = 16
_FLATTEST = 3e-3
"""Added to slopes, so that their logarithm is finite."""
_SMALLEST_VOXEL = 0.7
"""Smaller voxels, in mm, are not stated to have smaller errors: hardly any scan for training has
them, and anatomy may be smaller too."""


class Evidence(NamedTuple):
    """What the refined error is made of.

    Attributes:
        smoothed: logarithm of the head's error, averaged over the neighbourhood, for each voxel.
        slope: logarithm of the gradient's length, in shares of the intensity range per LR voxel,
            for each voxel.
        axes: logarithm of the number of refined axes.
        anisotropy: logarithm of the anisotropy of the scales.
        voxel_size: logarithm of the voxel size in mm, at least that of ``_SMALLEST_VOXEL``.
    """

    smoothed: FloatArray
    slope: FloatArray
    axes: float
    anisotropy: float
    voxel_size: float

    def at(self, voxels: npt.NDArray[np.intp]) -> Evidence:
        """That of some voxels, named by their index into the flattened arrays."""
        smoothed, slope = self.smoothed.ravel()[voxels], self.slope.ravel()[voxels]
        return self._replace(smoothed=smoothed, slope=slope)

    def error(self, spec: ExpectedErrorSpec) -> FloatArray:
        """The refined error, as shares of the intensity range."""
        of_all = (
            math.log(spec.factor)
            + spec.axes_power * self.axes
            + spec.anisotropy_power * self.anisotropy
            + spec.size_power * self.voxel_size
        )
        logarithm = spec.power * self.smoothed + spec.slope_power * self.slope
        error: FloatArray = np.exp(logarithm + np.float32(of_all))
        return error


def widened(box: ArrayBox, target: Shape) -> ArrayBox:
    """A box with the neighbours that its refined errors depend on, as far as there are any.

    Args:
        box: start and size, in target voxels (k, j, i).
        target: shape (k, j, i) of the whole result.
    """
    first = [max(0, start - REACH) for start in box[0]]
    last = [min(n, a + size + REACH) for a, size, n in zip(*box, target, strict=True)]
    return cast(ArrayBox, (tuple(first), tuple(b - a for a, b in zip(first, last, strict=True))))


def evidence_of(
    shares: ShareArray, normalised: FloatArray, scales: Scales, smoothing: float
) -> Evidence:
    """What the refined error is made of.

    Args:
        shares: errors as the head gives them, as shares of the intensity range [k, j, i].
        normalised: intensities of the result, as shares of the intensity range.
        scales: of the result.
        smoothing: standard deviation of the Gaussian that averages the errors, in target voxels.
    """
    smoothed = _smoothed(torch.from_numpy(np.ascontiguousarray(shares)).float(), smoothing)
    slope = _slope(torch.from_numpy(np.ascontiguousarray(normalised)), scales.factors)
    return Evidence(
        smoothed.clamp_(min=SMALLEST_ERROR).log_().numpy(),
        slope.add_(_FLATTEST).log_().numpy(),
        math.log(scales.axes),
        math.log(scales.anisotropy),
        math.log(max(_SMALLEST_VOXEL, scales.voxel_size)),
    )


def refined(
    shares: ShareArray,
    intensities: FloatArray,
    span: float,
    scales: Scales,
    spec: ExpectedErrorSpec,
) -> ShareArray:
    """The refined errors, a few slices at a time; never below ``SMALLEST_ERROR``.

    Args:
        shares: errors as the head gives them, as shares of the intensity range [k, j, i].
        intensities: of the result, on any scale.
        span: their range.
        scales: of the result.
        spec: how; without smoothing the errors stay what they are.
    """
    if not spec.smoothing:
        return shares
    result = np.empty_like(shares)
    for first in range(0, len(shares), _SLICES_AT_ONCE):
        last = min(first + _SLICES_AT_ONCE, len(shares))
        begin = max(0, first - REACH)
        slices = slice(begin, last + REACH)
        evidence = evidence_of(
            shares[slices], intensities[slices] / np.float32(span), scales, spec.smoothing
        )
        error = evidence.error(spec)[first - begin : last - begin]
        result[first:last] = np.clip(error, SMALLEST_ERROR, LARGEST_SHARE)
    return result


def _smoothed(errors: Tensor, deviation: float) -> Tensor:
    """Errors [k, j, i] averaged with a Gaussian; beyond a face the outermost voxel is repeated.

    In torch, on all its threads: the filter of scipy takes one, which costs as much as the head.
    """
    offsets = torch.arange(-REACH, REACH + 1, dtype=torch.float32)
    gaussian = torch.exp(-0.5 * (offsets / deviation).square())
    weights: list[float] = (gaussian / gaussian.sum()).tolist()
    padded = F.pad(errors[None, None], (REACH,) * 6, mode="replicate")[0, 0]
    for axis, size in enumerate(errors.shape):
        shifted = [padded.narrow(axis, first, size) for first in range(len(weights))]
        padded = shifted[0] * weights[0]
        for part, weight in zip(shifted[1:], weights[1:], strict=True):
            padded.add_(part, alpha=weight)
    return padded


def _slope(normalised: Tensor, factors: Sequence[float]) -> Tensor:
    """Length of the gradient [k, j, i], in shares of the intensity range per LR voxel."""
    squares = torch.zeros_like(normalised)
    for axis, factor in enumerate(factors):
        if normalised.shape[axis] > 1:
            step = torch.gradient(normalised, dim=axis)[0]
            squares.add_(step.square_(), alpha=factor**2)
    return squares.sqrt_()
