"""Paired significance tests between methods."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

LEVEL = 0.05
LEAST_PAIRS = 6
"""With fewer volumes the smallest possible p-value of the two-sided test is above 0.05."""


@dataclass(frozen=True)
class Comparison:
    """One paired test.

    Attributes:
        first, second: the methods.
        pairs: volumes measured with both.
        median_difference: of first minus second, over the volumes.
        p: two-sided p-value of the Wilcoxon signed-rank test; NaN where there is none.
        corrected_p: the same after Holm's correction over all pairs of methods tested together.
        note: why there is no p-value, or what limits it.
    """

    first: str
    second: str
    pairs: int
    median_difference: float
    p: float
    corrected_p: float = math.nan
    note: str = ""


def compare_methods(values: Mapping[str, Mapping[str, float]]) -> list[Comparison]:
    """Tests every pair of methods on the volumes that both were measured on.

    Args:
        values: by method, the value of one metric at one scale by volume; not-finite ones are
            left out.

    The Wilcoxon signed-rank test asks whether one method is better on the same volumes more often
    and by more than chance would have it; it assumes nothing about how values are distributed.
    """
    found = [
        _compare(first, second, values[first], values[second])
        for first, second in itertools.combinations(values, 2)
    ]
    return _corrected(found)


def _compare(first: str, second: str, a: Mapping[str, float], b: Mapping[str, float]) -> Comparison:
    from scipy.stats import wilcoxon

    volumes = [v for v in a if v in b and math.isfinite(a[v]) and math.isfinite(b[v])]
    differences = sorted(a[v] - b[v] for v in volumes)
    count = len(differences)
    if count == 0:
        return Comparison(first, second, 0, math.nan, math.nan, note="no common volume")
    middle = 0.5 * (differences[(count - 1) // 2] + differences[count // 2])
    if not any(differences):
        return Comparison(first, second, count, middle, 1.0, note="identical on all volumes")
    p = float(wilcoxon(differences).pvalue)
    note = "" if count >= LEAST_PAIRS else f"{count} volumes cannot reach p < 0.05"
    return Comparison(first, second, count, middle, p, note=note)


def _corrected(found: Sequence[Comparison]) -> list[Comparison]:
    """Holm: the smallest p-value times the number of tests, the next times one less, and so on."""
    tested = sorted((c for c in found if not math.isnan(c.p)), key=lambda c: c.p)
    corrected: dict[tuple[str, str], float] = {}
    largest = 0.0
    for rank, comparison in enumerate(tested):
        largest = max(largest, min(1.0, comparison.p * (len(tested) - rank)))
        corrected[comparison.first, comparison.second] = largest
    hopeless = _note_where_none_can_be_significant(tested)
    return [
        replace(
            c,
            corrected_p=corrected.get((c.first, c.second), math.nan),
            note=c.note or ("" if math.isnan(c.p) else hopeless),
        )
        for c in found
    ]


def _note_where_none_can_be_significant(tested: Sequence[Comparison]) -> str:
    """With n volumes no two-sided p-value is below 2 / 2**n, whatever the differences are."""
    volumes = max((c.pairs for c in tested), default=0)
    if len(tested) * 2.0 / 2.0**volumes <= LEVEL:
        return ""
    return f"{volumes} volumes cannot reach p < {LEVEL:g} among {len(tested)} pairs"
