"""How much finer a result is than its scan."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple


class Scales(NamedTuple):
    """How much finer a result is than its scan, along (k, j, i).

    An axis counts by the logarithm of its factor, so one that is not refined counts nothing.

    Attributes:
        factors: target voxels over LR voxels.
        spacing: voxel size of the result, in mm.
    """

    factors: Sequence[float]
    spacing: Sequence[float]

    @property
    def axes(self) -> float:
        """How many axes are refined: 3 for the same factor along all; 1 for one, also for none.

        In between where the factors differ.
        """
        weights = self._weights
        return sum(weights) / max(weights) if any(weights) else 1.0

    @property
    def anisotropy(self) -> float:
        """The largest factor over their geometric mean: 1 for the same factor along all axes."""
        return max(self.factors) / math.prod(self.factors) ** (1.0 / len(self.factors))

    @property
    def voxel_size(self) -> float:
        """Voxel size of the result in mm: the geometric mean over the axes that are refined.

        Over all where none is.
        """
        weights = self._weights if any(self._weights) else [1.0] * len(self.factors)
        logarithms = [w * math.log(mm) for w, mm in zip(weights, self.spacing, strict=True)]
        return math.exp(sum(logarithms) / sum(weights))

    @property
    def _weights(self) -> list[float]:
        return [max(0.0, math.log(factor)) for factor in self.factors]
