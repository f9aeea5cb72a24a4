"""Grain: how strong the noise in flat tissue is, against cubic interpolation."""

from __future__ import annotations

import numpy as np

from .metric import Metric, register
from .tissue import Floats, Tissue, ratio_to_cubic

FLAT_SHARE = 0.25
HIGH_PASS_VOXELS = 1.0


def grain(image: np.ndarray, cubic: np.ndarray, scan: np.ndarray) -> float:
    """Strength of the fine variation in flat tissue, divided by that of cubic interpolation.

    1: as noisy as cubic interpolation; below 1: smoother. The fine variation is what a Gaussian of
    one voxel of the scan removes; its strength is the median absolute deviation over the quarter of
    the inner tissue with the smallest gradient.

    Args:
        image: result, ``array[k, j, i]``.
        cubic: cubic interpolation of the scan, same shape.
        scan: the scan that was upsampled, over the same field of view.

    Returns:
        the ratio; NaN where the scan shows no tissue or its flat tissue has no variation.

    Raises:
        InputError: shapes differ, or a volume is not 3-D or not finite.
    """
    return ratio_to_cubic(image, cubic, scan, _fine_variation)


def _fine_variation(volume: Floats, tissue: Tissue) -> float:
    from scipy.ndimage import gaussian_filter

    smooth = gaussian_filter(volume, [HIGH_PASS_VOXELS * s for s in tissue.sigma])
    fine = (volume - smooth)[tissue.flattest(FLAT_SHARE)]
    return float(np.median(np.abs(fine - np.median(fine))))


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
