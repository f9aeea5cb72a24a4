"""Peak signal-to-noise ratio."""

from __future__ import annotations

import math

import numpy as np

from .metric import Metric, check_mask, check_pair, data_range, register


def psnr(image: np.ndarray, reference: np.ndarray, mask: np.ndarray | None = None) -> float:
    """Peak signal-to-noise ratio in dB; higher is better, infinite for identical volumes.

    Args:
        image: result, ``array[k, j, i]``.
        reference: ground truth, same shape.
        mask: voxels to compare, same shape; default all.

    The peak is the reference's largest minus smallest intensity over the whole volume, mask or
    not, as in the ArSSR authors' evaluation.

    Raises:
        InputError: shapes differ, values are not finite, or the reference has no contrast.
    """
    image, reference = check_pair(image, reference)
    peak = data_range(reference)
    inside = check_mask(mask, image.shape)
    difference = image - reference if inside is None else image[inside] - reference[inside]
    mean_square = float(np.mean(np.square(difference)))
    if mean_square == 0:
        return math.inf
    return 20 * math.log10(peak) - 10 * math.log10(mean_square)


register(
    Metric(
        "psnr",
        "PSNR",
        lambda inputs: psnr(inputs.result, inputs.truth, inputs.mask),
        help="squared error against the sharp volume; peak: the range of the sharp volume",
        higher_is_better=True,
        takes_mask=True,
        digits=2,
        unit="dB",
        position=10,
    )
)
