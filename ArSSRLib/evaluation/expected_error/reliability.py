"""The reliability of the expected error: how large the true error is where it states so much."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...networks.spec import ExpectedErrorSpec
from ...volumes.array_types import FloatArray

_BINS = 10
_PERCENTS = np.arange(1, 100) / 100.0


@dataclass(frozen=True)
class Reliability:
    """What was found on one result.

    Attributes:
        inside_68, inside_95: share of the voxels whose truth lies in the stated interval.
        expected, found: mean expected and mean true absolute error of the voxels, sorted by their
            expected error and cut into tenths; shares of the intensity range.
        widths: the multiples of the expected error that hold 1 %, 2 %, … 99 % of the true errors.
    """

    inside_68: float
    inside_95: float
    expected: Sequence[float]
    found: Sequence[float]
    widths: Sequence[float]

    def inside(self, multiple: float) -> float:
        """Share of the voxels whose error is at most so many expected errors, to about 1 %."""
        return float(np.interp(multiple, self.widths, _PERCENTS))


def reliability(
    expected: FloatArray, error: FloatArray, intervals: ExpectedErrorSpec
) -> Reliability:
    """Compares expected with true errors.

    Args:
        expected: expected errors, one for each voxel, as shares of the intensity range.
        error: true absolute errors of the same voxels, likewise.
        intervals: the model's widths of the intervals.
    """
    order = np.argsort(expected, kind="stable")
    tenths: Sequence[FloatArray] = np.array_split(order, _BINS)
    return Reliability(
        float(np.mean(error <= intervals.interval_68 * expected)),
        float(np.mean(error <= intervals.interval_95 * expected)),
        tuple(float(expected[tenth].mean()) for tenth in tenths if tenth.size),
        tuple(float(error[tenth].mean()) for tenth in tenths if tenth.size),
        tuple(np.quantile(error / expected, _PERCENTS).tolist()),
    )
