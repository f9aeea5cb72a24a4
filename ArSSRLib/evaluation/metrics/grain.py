"""Grain: how strong the noise in flat tissue is, against cubic interpolation."""

from __future__ import annotations

import math

import numpy as np

from .metric import Metric, check_pair, register
from .tissue import find_tissue

FLAT_SHARE = 0.25
HIGH_PASS_VOXELS = 1.0
_SD_OVER_MAD = 1.4826
"""Standard deviation over median absolute deviation of a normal distribution."""


def grain(image: np.ndarray, cubic: np.ndarray, scan: np.ndarray) -> float:
    """Strength of the fine variation in flat tissue, divided by that of cubic interpolation.

    1: as noisy as cubic interpolation; below 1: smoother. The fine variation is what a Gaussian of
    one voxel of the scan removes; its strength is the robust standard deviation (from the median
    absolute deviation) over the quarter of the inner tissue with the smallest gradient.

    Args:
        image: result, ``array[k, j, i]``.
        cubic: cubic interpolation of the scan, same shape.
        scan: the scan that was upsampled, over the same field of view.

    Returns:
        the ratio; NaN where the scan shows no tissue or its flat tissue has no variation.

    Raises:
        InputError: shapes differ, or a volume is not 3-D or not finite.
    """
    from scipy.ndimage import gaussian_filter

    image, cubic = check_pair(image, cubic)
    tissue = find_tissue(cubic, scan)
    if tissue is None:
        return math.nan
    flat = tissue.flattest(FLAT_SHARE)
    width = [HIGH_PASS_VOXELS * s for s in tissue.sigma]
    strength = []
    for volume in (image, cubic):
        fine = (volume - gaussian_filter(volume, width))[flat]
        strength.append(_SD_OVER_MAD * float(np.median(np.abs(fine - np.median(fine)))))
    return strength[0] / strength[1] if strength[1] > 0 else math.nan


register(
    Metric(
        "grain",
        "Grain / cubic",
        lambda inputs: grain(inputs.result, inputs.cubic, inputs.scan),
        help="noise in flat tissue over that of cubic interpolation, without a reference",
        higher_is_better=False,
        needs="input",
        measured_on=("real",),
        digits=3,
        position=90,
    )
)
