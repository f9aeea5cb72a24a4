"""Paired significance tests between methods."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

LEVEL = 0.05
LEAST_PAIRS = 6
"""With fewer volumes that differ the smallest possible two-sided p-value is above 0.05."""


def compare_methods(values: pd.DataFrame) -> pd.DataFrame:
    """Tests every pair of methods on the volumes that both were measured on.

    The Wilcoxon signed-rank test asks whether one method is better on the same volumes more often
    and by more than chance explains; it assumes nothing about the distribution of the values.

    Args:
        values: one metric at one scale, a row per volume and a column per method; values that are
            not finite are left out.

    Returns:
        a row for each pair with the methods ``first`` and ``second``; ``pairs``, the volumes
        measured with both; ``changed``, those of them on which the methods differ (the test leaves
        the others out); ``median_difference`` of first minus second; ``p``, two-sided, NaN where
        there is none; ``corrected_p`` after Holm's correction over all pairs; and ``note``, which
        explains a missing p-value or says how small it could become.
    """
    import pandas as pd

    finite = values.where(np.isfinite(values.astype(float)))
    found = pd.DataFrame(
        [
            (first, second, *_compared((finite[first] - finite[second]).dropna()))
            for first, second in itertools.combinations(finite.columns, 2)
        ],
        columns=["first", "second", "pairs", "changed", "median_difference", "p", "note"],
    )
    tested = found[found["p"].notna()].sort_values("p", kind="stable")
    # Holm: the smallest p-value times the number of tests, the next times one less, and so on.
    corrected = tested["p"] * np.arange(len(tested), 0, -1)
    found["corrected_p"] = corrected.clip(upper=1.0).cummax()
    found.loc[found["p"].notna() & found["note"].eq(""), "note"] = _limit_of_all(tested)
    return found


def _compared(differences: pd.Series) -> tuple[int, int, float, float, str]:
    """Pairs, changed ones, median difference, p-value and note of two methods."""
    from scipy.stats import wilcoxon

    count, changed = len(differences), int((differences != 0).sum())
    if count == 0:
        return 0, 0, math.nan, math.nan, "no common volume"
    middle = float(differences.median())
    if changed == 0:
        return count, 0, middle, 1.0, "identical on all volumes"
    # With zeros among them, older versions of scipy approximate, far off for few volumes.
    p = float(wilcoxon(differences[differences != 0]).pvalue)
    note = "" if changed >= LEAST_PAIRS else f"{_volumes(count, changed)} cannot reach p < 0.05"
    return count, changed, middle, p, note


def _volumes(count: int, changed: int) -> str:
    """How many volumes a test can use: those without a difference do not count."""
    return f"{count} volumes" if changed == count else f"{changed} of {count} volumes that differ"


def _limit_of_all(tested: pd.DataFrame) -> str:
    """A note where no pair can be significant: with n volumes that differ no two-sided p-value is
    below 2 / 2**n."""
    changed, count = max(zip(tested["changed"], tested["pairs"], strict=True), default=(0, 0))
    if len(tested) * 2.0 / 2.0**changed <= LEVEL:
        return ""
    return f"{_volumes(count, changed)} cannot reach p < {LEVEL:g} among {len(tested)} pairs"
