"""Where a scan has flat tissue and where it has edges, for measures that need no sharp volume.

All methods are measured at the same voxels: these are chosen in the cubic interpolation of the
scan. Widths are in voxels of the scan.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .metric import check_pair, check_volume

Floats = NDArray[np.float64]

_SMOOTHING = 1.0
"""Standard deviation, in voxels of the scan, of the Gaussian before gradients are taken."""
_TISSUE = 0.25
"""Share of the bright intensities above which a voxel is tissue; dark noise is background."""
_BRIGHT_PERCENTILE = 98.0
_MARGIN = 3
"""Voxels of the scan from the edge of the tissue, or of the volume, that do not count."""


@dataclass(frozen=True)
class Tissue:
    """The inner tissue of a scan.

    Attributes:
        inside: voxels away from the background, ``array[k, j, i]``.
        gradient: of the smoothed scan, per voxel of the scan, shape (3, *inside.shape).
        steepness: length of the gradient, same shape as ``inside``.
        sigma: the standard deviation of one voxel of the scan along each axis, in voxels of the
            result.
    """

    inside: NDArray[np.bool_]
    gradient: Floats
    steepness: Floats
    sigma: tuple[float, ...]

    def steepest(self, share: float) -> NDArray[np.bool_]:
        """The inner voxels with the steepest gradient: this share of them."""
        limit = np.quantile(self.steepness[self.inside], 1.0 - share)
        return np.asarray(self.inside & (self.steepness >= limit))

    def flattest(self, share: float) -> NDArray[np.bool_]:
        """The inner voxels with the smallest gradient: this share of them."""
        limit = np.quantile(self.steepness[self.inside], share)
        return np.asarray(self.inside & (self.steepness <= limit))


def ratio_to_cubic(
    image: np.ndarray,
    cubic: np.ndarray,
    scan: np.ndarray,
    strength: Callable[[Floats, Tissue], float],
) -> float:
    """A measure of a result, divided by that of cubic interpolation at the same voxels.

    Args:
        image: result, ``array[k, j, i]``.
        cubic: cubic interpolation of the scan, same shape.
        scan: the scan that was upsampled, over the same field of view.
        strength: the measure of a volume.

    Returns:
        the ratio; NaN where the scan shows no tissue, or that of cubic interpolation is not above
        0.

    Raises:
        InputError: shapes differ, or a volume is not 3-D or not finite.
    """
    image, cubic = check_pair(image, cubic)
    tissue = find_tissue(cubic, scan)
    if tissue is None:
        return math.nan
    own, of_cubic = (strength(volume, tissue) for volume in (image, cubic))
    return own / of_cubic if of_cubic > 0 else math.nan


def find_tissue(cubic: np.ndarray, scan: np.ndarray) -> Tissue | None:
    """The inner tissue of a scan; None if there is none.

    Args:
        cubic: the scan, interpolated to the grid of the results, ``array[k, j, i]``.
        scan: the scan itself, over the same field of view.

    Raises:
        InputError: a volume is not 3-D or not finite.
    """
    from scipy import ndimage

    cubic, scan = check_volume(cubic), check_volume(scan, "the scan")
    sigma = tuple(m / n for m, n in zip(cubic.shape, scan.shape, strict=True))
    low = float(np.percentile(scan, 0.5))
    bright = float(np.percentile(scan, _BRIGHT_PERCENTILE)) - low
    smooth = ndimage.gaussian_filter(cubic, [_SMOOTHING * s for s in sigma])
    inside = smooth > low + _TISSUE * bright
    margin = [max(1, round(_MARGIN * s)) for s in sigma]
    for axis, width in enumerate(margin):
        line = np.ones([2 * width + 1 if a == axis else 1 for a in range(3)], dtype=bool)
        inside = ndimage.binary_erosion(inside, line)
    if bright <= 0 or not inside.any():
        return None
    gradient = gradient_of(smooth, sigma)
    return Tissue(inside, gradient, np.sqrt(np.square(gradient).sum(axis=0)), sigma)


def gradient_of(volume: Floats, sigma: tuple[float, ...]) -> Floats:
    """Central differences along k, j and i, per voxel of the scan, shape (3, *volume.shape)."""
    parts = [
        np.gradient(volume, axis=axis) * sigma[axis] if volume.shape[axis] > 1 else 0.0 * volume
        for axis in range(3)
    ]
    return np.stack(parts)
