"""How much finer a result is than its scan."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple


class Scales(NamedTuple):
    """How much finer a result is than its scan.

    Attributes:
        factors: target voxels over LR voxels, along (k, j, i).
        voxel_size: of the result along the axes that are refined, in mm; see
            :func:`refined_voxel_size`.
    """

    factors: Sequence[float]
    voxel_size: float

    @property
    def axes(self) -> float:
        """How many axes are refined: 3 for the same factor along all, 1 where one is refined alone.

        In between an axis counts by the logarithm of its factor; 3 also where none is refined.
        """
        logarithms = [max(0.0, math.log(factor)) for factor in self.factors]
        largest = max(logarithms)
        return sum(logarithms) / largest if largest else float(len(logarithms))


def refined_voxel_size(factors: Sequence[float], spacing: Sequence[float]) -> float:
    """Geometric mean of the voxel size, in mm, where an axis counts as much as it is refined.

    Args:
        factors: target voxels over LR voxels, along any order of the axes.
        spacing: of the target along the same axes, in mm.
    """
    weights = [max(0.0, math.log(factor)) for factor in factors]
    if not sum(weights):
        weights = [1.0] * len(factors)
    logarithms = [w * math.log(size) for w, size in zip(weights, spacing, strict=True)]
    return math.exp(sum(logarithms) / sum(weights))
