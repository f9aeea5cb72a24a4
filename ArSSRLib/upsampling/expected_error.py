"""The expected error of a result: a volume beside it, and one sentence about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ..volumes.intensity import Normalisation, sample_of

if TYPE_CHECKING:
    from ..volumes.array_types import FloatArray
    from ..volumes.grid import Grid
    from ..volumes.volume import Volume

LIMIT = 0.05
"""Share of the intensity range from which an expected error counts as large."""
TISSUE = 0.1
"""Share of the intensity range above which a voxel counts as tissue."""
LARGEST_SHARE = 6e4
"""About the largest float16."""
_MEAN_OF_NOISE = float(np.sqrt(2.0 / np.pi))
"""Mean absolute value of Gaussian noise of standard deviation 1."""

ShareArray = npt.NDArray[np.float16]


@dataclass(frozen=True)
class ErrorSummary:
    """The expected error of a result in two figures.

    Attributes:
        median: of the tissue voxels, as a share of the intensity range.
        share_above: of the tissue voxels, those with an expected error above ``LIMIT``.
    """

    median: float
    share_above: float

    @property
    def sentence(self) -> str:
        """One line for people.

        >>> ErrorSummary(0.0141, 0.032).sentence
        'Expected error: median 1.4 % of the range; 3 % of the tissue voxels above 5 %.'
        """
        return (
            f"Expected error: median {100 * self.median:.2g} % of the range; "
            f"{_percent(self.share_above)} of the tissue voxels above {100 * LIMIT:g} %."
        )

    def to_dict(self) -> dict[str, float]:
        """For programs."""
        return {
            "median": round(self.median, 6),
            "share_above": round(self.share_above, 6),
            "limit": LIMIT,
        }


@dataclass(frozen=True)
class ErrorMap:
    """The expected absolute error of each voxel, in half the memory of the intensities.

    Attributes:
        shares: expected errors [k, j, i] as shares of the intensity range; 0 in padding.
        normalisation: of the intensities; its span is the range.
    """

    shares: ShareArray
    normalisation: Normalisation

    def volume(self, grid: Grid, metadata: Mapping[str, str]) -> Volume:
        """The errors in the units of the intensities, float32.

        Args:
            grid: of the result.
            metadata: header entries.
        """
        from ..volumes.volume import Volume

        errors = self.shares.astype(np.float32)
        errors *= np.float32(self.normalisation.span)
        return Volume(errors, grid, "float32", metadata)

    def summary(self, intensities: FloatArray) -> ErrorSummary | None:
        """What to say of the errors; None for a result without tissue.

        Args:
            intensities: of the result, of the same shape.
        """
        lowest = self.normalisation.offset + TISSUE * self.normalisation.span
        tissue = sample_of(intensities) > lowest
        errors = sample_of(self.shares)[tissue].astype(np.float32)
        if not errors.size:
            return None
        return ErrorSummary(float(np.median(errors)), float(np.mean(errors > LIMIT)))


def error_of_noise(level: float) -> float:
    """Expected absolute error of voxels whose noise is kept.

    Args:
        level: standard deviation of the noise.
    """
    return _MEAN_OF_NOISE * level


def add_unseen(shares: ShareArray, unseen: FloatArray, span: float) -> None:
    """Adds what the network did not see to the expected error, in place.

    Args:
        shares: expected errors as shares of the range.
        unseen: intensities that were interpolated without the network, of the same shape.
        span: the intensity range.
    """
    with np.errstate(over="ignore"):
        total = shares + np.abs(unseen) / np.float32(span)
    shares[...] = np.minimum(total, LARGEST_SHARE)


def _percent(share: float) -> str:
    """To a percent; a small share that is not 0 is not shown as 0."""
    return "less than 1 %" if 0.0 < share < 0.005 else f"{100 * share:.0f} %"
