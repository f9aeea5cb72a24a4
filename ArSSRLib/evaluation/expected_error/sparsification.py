"""The sparsification curve: the error left when the least certain voxels are taken out.

An indicator that ranks voxels as their true errors do reaches the lowest possible curve. The area
between the two (AUSE) measures how far it is from that (Ilg et al. 2018).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.integrate import trapezoid

from ...volumes.array_types import FloatArray

SHARES = tuple(round(0.05 * n, 2) for n in range(20))
"""Shares of the voxels that are taken out."""


@dataclass(frozen=True)
class Sparsification:
    """A curve over ``SHARES``.

    Attributes:
        left: mean absolute error of the voxels that are left, over that of all.
        area: between this curve and the lowest possible one; 0 is best.
    """

    left: Sequence[float]
    area: float


def sparsification(indicator: FloatArray, error: FloatArray) -> Sparsification:
    """The curve of an indicator.

    Args:
        indicator: larger where the result is thought to be worse, one number for each voxel.
        error: the true absolute errors of the same voxels.
    """
    own, best = _left(indicator, error), _left(error, error)
    return Sparsification(own, float(trapezoid(np.subtract(own, best), SHARES)))


def _left(order: FloatArray, error: FloatArray) -> list[float]:
    """Mean error of the voxels with the lowest ``order``, over the mean of all."""
    total = np.cumsum(error[np.argsort(order, kind="stable")], dtype=np.float64)
    mean = total[-1] / error.size
    if mean == 0.0:
        return [1.0] * len(SHARES)
    kept = [max(1, round((1.0 - share) * error.size)) for share in SHARES]
    return [float(total[n - 1] / n / mean) for n in kept]
