"""Paired significance tests between methods."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

LEVEL = 0.05
LEAST_PAIRS = 6
"""With fewer volumes that differ the smallest possible two-sided p-value is above 0.05."""


@dataclass(frozen=True)
class Comparison:
    """One paired test.

    Attributes:
        first, second: the methods.
        pairs: volumes measured with both.
        changed: those of them on which the methods differ; the test leaves the others out.
        median_difference: of first minus second, over the volumes.
        p: two-sided p-value of the Wilcoxon signed-rank test; NaN where there is none.
        corrected_p: the same after Holm's correction over all pairs of methods tested together.
        note: why there is no p-value, or what limits it.
    """

    first: str
    second: str
    pairs: int
    changed: int
    median_difference: float
    p: float
    corrected_p: float = math.nan
    note: str = ""


def compare_methods(values: pd.DataFrame) -> list[Comparison]:
    """Tests every pair of methods on the volumes that both were measured on.

    Args:
        values: one metric at one scale, a row per volume and a column per method; values that are
            not finite are left out.

    The Wilcoxon signed-rank test asks whether one method is better on the same volumes more often
    and by more than chance explains; it assumes nothing about the distribution of the values.
    """
    finite = values.where(np.isfinite(values.astype(float)))
    found = [
        _compare(first, second, (finite[first] - finite[second]).dropna())
        for first, second in itertools.combinations(finite.columns, 2)
    ]
    return _corrected(found)


def _compare(first: str, second: str, differences: pd.Series) -> Comparison:
    from scipy.stats import wilcoxon

    count, changed = len(differences), int((differences != 0).sum())
    if count == 0:
        return Comparison(first, second, 0, 0, math.nan, math.nan, note="no common volume")
    middle = float(differences.median())
    if changed == 0:
        return Comparison(first, second, count, 0, middle, 1.0, note="identical on all volumes")
    # With zeros among them, older versions of scipy approximate, far off for few volumes.
    p = float(wilcoxon(differences[differences != 0]).pvalue)
    note = "" if changed >= LEAST_PAIRS else f"{_volumes(count, changed)} cannot reach p < 0.05"
    return Comparison(first, second, count, changed, middle, p, note=note)


def _volumes(count: int, changed: int) -> str:
    """How many volumes a test can use: those without a difference do not count."""
    return f"{count} volumes" if changed == count else f"{changed} of {count} volumes that differ"


def _corrected(found: Sequence[Comparison]) -> list[Comparison]:
    """Holm: the smallest p-value times the number of tests, the next times one less, and so on."""
    tested = sorted((c for c in found if not math.isnan(c.p)), key=lambda c: c.p)
    corrected: dict[tuple[str, str], float] = {}
    largest = 0.0
    for rank, comparison in enumerate(tested):
        largest = max(largest, min(1.0, comparison.p * (len(tested) - rank)))
        corrected[comparison.first, comparison.second] = largest
    limit = _limit_of_all(tested)
    return [
        replace(
            c,
            corrected_p=corrected.get((c.first, c.second), math.nan),
            note=c.note or ("" if math.isnan(c.p) else limit),
        )
        for c in found
    ]


def _limit_of_all(tested: Sequence[Comparison]) -> str:
    """A note where no pair can be significant: with n volumes that differ no two-sided p-value is
    below 2 / 2**n."""
    changed, count = max(((c.changed, c.pairs) for c in tested), default=(0, 0))
    if len(tested) * 2.0 / 2.0**changed <= LEVEL:
        return ""
    return f"{_volumes(count, changed)} cannot reach p < {LEVEL:g} among {len(tested)} pairs"
