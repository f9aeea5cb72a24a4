"""The ways a volume goes through the network: as it is, and mirrored through its centre."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np

from ...volumes.array_types import Array, FloatArray
from ..expected_error import ShareArray
from ..plan import Shape, Spans


@dataclass(frozen=True)
class Pass:
    """One way through the network.

    Attributes:
        array: LR intensities (k, j, i).
        spans: target voxels to compute, counted in this pass's direction.
        output: their intensities are added to this, in this pass's direction.
        errors: their expected errors are added to this; None where they are not asked for.
    """

    array: Array
    spans: Spans
    output: FloatArray
    errors: ShareArray | None = None

    def mirrored(self, target_shape: Shape) -> Pass:
        """The same volume, box and output seen from the opposite corner."""
        spans = tuple((m - b, m - a) for (a, b), m in zip(self.spans, target_shape, strict=True))
        errors = None if self.errors is None else np.flip(self.errors)
        return Pass(np.flip(self.array), cast(Spans, spans), np.flip(self.output), errors)

    def add(self, place: Spans, values: FloatArray, errors: FloatArray | None = None) -> None:
        """Adds to the target voxels ``place``, counted in this pass's direction."""
        spans = zip(place, self.spans, strict=True)
        box = tuple(slice(a - s, b - s) for (a, b), (s, _) in spans)
        self.output[box] += values
        if self.errors is not None and errors is not None:
            self.errors[box] += errors
