"""Structural similarity in three dimensions."""

from __future__ import annotations

import numpy as np

from ...errors import InputError
from .metric import Metric, check_mask, check_pair, data_range, register

WINDOW_VOXELS = 7


def ssim(image: np.ndarray, reference: np.ndarray, mask: np.ndarray | None = None) -> float:
    """Mean structural similarity (Wang 2004) over 7x7x7 windows; 1 for identical volumes.

    Args:
        image: result, ``array[k, j, i]``, at least 7 voxels along each axis.
        reference: ground truth, same shape.
        mask: voxels to average over, same shape; default all but a border of 3 voxels.

    The data range is the reference's largest minus smallest intensity, as in the ArSSR authors'
    evaluation.

    Raises:
        InputError: shapes differ, a side is shorter than 7 voxels, values are not finite, or the
            reference has no contrast.
    """
    from skimage.metrics import structural_similarity

    image, reference = check_pair(image, reference)
    if min(image.shape) < WINDOW_VOXELS:
        raise InputError(
            f"SSIM needs at least {WINDOW_VOXELS} voxels along each axis, but the volume has "
            f"shape {image.shape}; use a larger volume."
        )
    inside = check_mask(mask, image.shape)
    mean, local = structural_similarity(
        reference, image, win_size=WINDOW_VOXELS, data_range=data_range(reference), full=True
    )
    return float(mean) if inside is None else float(local[inside].mean())


register(
    Metric(
        "ssim",
        "SSIM",
        lambda inputs: ssim(inputs.result, inputs.truth, inputs.mask),
        help="structural similarity in 7x7x7 windows (Wang 2004)",
        higher_is_better=True,
        takes_mask=True,
        position=20,
    )
)
