"""Paired tests between methods."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import wilcoxon

from ArSSRLib.evaluation.report import significance

VOLUMES = [f"brain {n}" for n in range(12)]


def _scores(offset: float, seed: int) -> dict[str, float]:
    noise = np.random.default_rng(seed).normal(0.0, 0.1, len(VOLUMES))
    return {v: 30.0 + n + offset + noise[n] for n, v in enumerate(VOLUMES)}


def compare_methods(values: dict[str, dict[str, float]]) -> list[Any]:
    return list(significance.compare_methods(pd.DataFrame(values)).itertuples())


def test_a_constant_advantage_over_varied_volumes_is_significant() -> None:
    # The advantage is far smaller than the spread between volumes: only pairing can see it.
    (found,) = compare_methods({"a": _scores(0.5, 1), "b": _scores(0.0, 2)})
    assert found.p < 0.001 and found.corrected_p == found.p
    assert found.median_difference == pytest.approx(0.5, abs=0.15)


def test_p_values_are_scipys_and_corrected_by_holm() -> None:
    values = {"a": _scores(0.0, 1), "b": _scores(0.05, 2), "c": _scores(0.5, 3)}
    found = compare_methods(values)
    assert [(c.first, c.second) for c in found] == [("a", "b"), ("a", "c"), ("b", "c")]
    raw = [
        wilcoxon([values[c.first][v] - values[c.second][v] for v in VOLUMES]).pvalue for c in found
    ]
    assert [c.p for c in found] == pytest.approx(raw)
    order = np.argsort(raw)
    expected, largest = [0.0] * 3, 0.0
    for rank, index in enumerate(order):
        largest = max(largest, min(1.0, raw[index] * (3 - rank)))
        expected[index] = largest
    assert [c.corrected_p for c in found] == pytest.approx(expected)


def test_only_volumes_measured_with_both_count() -> None:
    a, b = _scores(0.0, 1), _scores(0.5, 2)
    del a[VOLUMES[0]]
    b[VOLUMES[1]] = math.nan
    b[VOLUMES[2]] = math.inf
    (found,) = compare_methods({"a": a, "b": b})
    assert found.pairs == len(VOLUMES) - 3


def test_few_volumes_are_called_too_few() -> None:
    few = VOLUMES[:5]
    a, b = ({v: s[v] for v in few} for s in (_scores(0.5, 1), _scores(0.0, 2)))
    (found,) = compare_methods({"a": a, "b": b})
    assert found.p > 0.05 and "5 volumes cannot reach" in found.note


def test_volumes_without_a_difference_do_not_count_for_significance() -> None:
    # Seven volumes of which three are equal: the test uses four, whose smallest p-value is 1/8.
    few = VOLUMES[:7]
    a = {v: s for v, s in _scores(0.5, 1).items() if v in few}
    b = {v: a[v] if n < 3 else a[v] - 0.5 - 0.1 * n for n, v in enumerate(few)}
    (found,) = compare_methods({"a": a, "b": b})
    assert (found.pairs, found.changed) == (7, 4)
    assert found.p == pytest.approx(0.125)
    assert "4 of 7 volumes that differ cannot reach p < 0.05" in found.note


def test_identical_results_and_disjoint_volumes_have_their_own_words() -> None:
    same = _scores(0.0, 1)
    assert compare_methods({"a": same, "b": dict(same)})[0].note.startswith("identical")
    assert compare_methods({"a": same, "b": {"other": 1.0}})[0].note == "no common volume"


@pytest.mark.parametrize(("methods", "noted"), [(3, False), (4, True)])
def test_with_many_methods_and_few_volumes_a_note_says_that_no_pair_can_be_significant(
    methods: int, noted: bool
) -> None:
    # The smallest p-value of seven volumes is 1/64: three pairs can pass 0.05, six cannot.
    few = VOLUMES[:7]
    values = {str(n): {v: s[v] for v in few} for n in range(methods) for s in [_scores(2.0 * n, n)]}
    found = compare_methods(values)
    least = min(comparison.corrected_p for comparison in found)
    assert (least > 0.05) == noted
    expected = "7 volumes cannot reach p < 0.05 among 6 pairs" if noted else ""
    assert {comparison.note for comparison in found} == {expected}
