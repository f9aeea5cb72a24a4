"""The ways a volume goes through the network: as it is, and mirrored through its centre."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np

from ...volumes.array_types import Array, FloatArray
from ..plan import Shape, Spans


@dataclass(frozen=True)
class Pass:
    """One way through the network.

    Attributes:
        array: LR intensities (k, j, i).
        spans: target voxels to compute, counted in this pass's direction.
        output: their intensities are added to this, in this pass's direction.
    """

    array: Array
    spans: Spans
    output: FloatArray

    def mirrored(self, target_shape: Shape) -> Pass:
        """The same volume, box and output seen from the opposite corner."""
        spans = tuple((m - b, m - a) for (a, b), m in zip(self.spans, target_shape, strict=True))
        return Pass(np.flip(self.array), cast(Spans, spans), np.flip(self.output))

    def add(self, place: Spans, values: FloatArray) -> None:
        """Adds intensities to the target voxels ``place``, counted in this pass's direction."""
        box = zip(place, self.spans, strict=True)
        self.output[tuple(slice(a - s, b - s) for (a, b), (s, _) in box)] += values
