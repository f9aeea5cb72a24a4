"""Normalised mean squared error."""

from __future__ import annotations

import numpy as np

from ...errors import InputError
from .metric import Metric, check_mask, check_pair, register


def nmse(image: np.ndarray, reference: np.ndarray, mask: np.ndarray | None = None) -> float:
    """Squared error over the reference's energy, ``|x - r|^2 / |r|^2``; 0 is perfect.

    Args:
        image: result, ``array[k, j, i]``.
        reference: ground truth, same shape.
        mask: voxels to compare, same shape; default all.

    Usual in MR reconstruction (for example Zbontar 2018, fastMRI, section 6).

    Raises:
        InputError: shapes differ, values are not finite, or the reference is zero everywhere.
    """
    image, reference = check_pair(image, reference)
    inside = check_mask(mask, image.shape)
    if inside is not None:
        image, reference = image[inside], reference[inside]
    energy = float(np.sum(np.square(reference)))
    if energy == 0:
        raise InputError("The reference is zero everywhere; NMSE needs a reference with signal.")
    return float(np.sum(np.square(image - reference))) / energy


register(
    Metric(
        "nmse",
        "NMSE",
        lambda inputs: nmse(inputs.result, inputs.truth, inputs.mask),
        help="squared error over the energy of the sharp volume (Zbontar 2018)",
        higher_is_better=False,
        takes_mask=True,
        digits=5,
        position=60,
    )
)
