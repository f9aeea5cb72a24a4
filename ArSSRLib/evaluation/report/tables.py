"""Tables of a finished evaluation, shaped like the paper's Tables I to V."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from ..measuring.model_files import has_one_pass_only, parameters
from ..metrics import METRICS
from ..run import Evaluation
from .case_frame import (
    MEAN,
    case_frame,
    numbers,
    regions,
    scale_label,
    summaries,
    summary,
)
from .expected_error import expected_error_table
from .notes import (
    averages,
    gaps,
    origin_of,
    segmentation_of,
    sentences,
    truths_of,
    volume_count,
    where_measured,
)
from .significance import LEVEL, compare_methods
from .table import Table, table_of

if TYPE_CHECKING:
    import pandas as pd

_BEST = "the best of each scale"
_BEGIN_FORMULAS = ("=", "+", "-", "@", "\t", "\r")
"""What spreadsheet programs take for the begin of a formula, and would run."""


def tables_of(evaluation: Evaluation) -> list[Table]:
    """The tables of an evaluation, in the order of the report."""
    cases = case_frame(evaluation)
    found = (
        quality_table(evaluation, cases),
        sharpness_table(evaluation, cases),
        dice_table(evaluation, cases),
        expected_error_table(evaluation),
        cost_table(evaluation, cases),
        significance_table(evaluation, cases),
    )
    return [table for table in found if table is not None]


def quality_table(evaluation: Evaluation, cases: pd.DataFrame) -> Table | None:
    """A row for each scale and method, a column for each metric (paper, Tables I, II and V).

    Of real scans these are the metrics against the input; None without such.
    """
    names = list(evaluation.settings.metrics)
    title, kind = "Image quality", "quality"
    if evaluation.settings.reference_free:
        title, kind = "Real scans against their input", "real"
        names = [name for name in names if METRICS[name].needs == "input"]
    if not names:
        return None
    found = summaries(cases, names)
    headings = {name: METRICS[name].heading for name in names}
    text = found["text"].unstack("quantity", fill_value="–").rename(columns=headings)
    best = found["best"].unstack("quantity", fill_value=False).rename(columns=headings)
    cells = text.reset_index()
    cells = cells.astype(str).rename(columns={"scale": "Scale", "method": "Method"})
    cells["Method"] = cells["Method"].map(_titles(evaluation))
    return Table(
        title,
        cells,
        best.reset_index(drop=True),
        notes=_quality_notes(evaluation, names),
        kind=kind,
        marks=_BEST,
    )


def sharpness_table(evaluation: Evaluation, cases: pd.DataFrame) -> Table | None:
    """PSI and LPC-SI of real scans, one column per method, with a mean over the scales (Table III).

    None if neither is measured.
    """
    settings = evaluation.settings
    names = [name for name in settings.metrics if METRICS[name].needs == "result"]
    if not settings.reference_free or not names:
        return None
    import pandas as pd

    # Scales are not equally hard: a mean over fewer of them cannot be compared.
    scales = cases.groupby("method", observed=True)["scale"].nunique()
    complete = scales.index[scales == cases["scale"].nunique()]
    means = cases[cases["method"].isin(complete)].assign(scale=MEAN)
    means["scale"] = means["scale"].astype(cases["scale"].dtype)
    found = summaries(pd.concat([cases, means]), names)
    return Table(
        "Sharpness without a reference",
        *_by_method(evaluation, found, names),
        notes=_quality_notes(evaluation, names),
        kind="sharpness",
        marks=_BEST,
    )


def dice_table(evaluation: Evaluation, cases: pd.DataFrame) -> Table | None:
    """Dice of each region with one column per method (paper, Table IV); None if not measured."""
    names = regions(evaluation)
    if not names:
        return None
    segmented = cases[cases[names].notna().any(axis=1)].copy()
    segmented[MEAN] = segmented[names].mean(axis=1)
    found = summaries(segmented, [*names, MEAN])
    missing = sorted(set(cases["volume"]) - set(segmented["volume"]))
    notes = [segmentation_of(evaluation)]
    notes += [f"Not segmented: {', '.join(missing)} (see cases.csv)."] if missing else []
    return Table(
        "Overlap of brain regions",
        *_by_method(evaluation, found, []),
        notes=[*notes, averages(evaluation), origin_of(evaluation), *gaps(evaluation)],
        kind="overlap",
        marks=_BEST,
    )


def cost_table(evaluation: Evaluation, cases: pd.DataFrame) -> Table:
    """Size of each method's network, and how long it took per volume at each scale."""
    settings = evaluation.settings
    seconds = cases.groupby(["scale", "method"], observed=True)["seconds"]
    methods = {method.slug: method for method in settings.methods}
    scales = {scale_label(scale): scale for scale in settings.scales}

    def rows() -> Iterator[list[str]]:
        for (label, slug), values in seconds:
            count = parameters(methods[slug], scales[label], settings.baselines)
            size = "–" if count is None else f"{count:,}"
            yield [label, methods[slug].title, size, summary(values, 2)]

    notes = [
        "Upsampling alone, without reading and measuring, as each volume took when it was "
        f"measured; this run: {settings.jobs} at a time with {settings.threads} CPU "
        f"thread{'s' if settings.threads > 1 else ''} each, networks on {evaluation.device}, "
        f"ArSSR in {evaluation.precision}."
    ]
    notes += [
        f"{method.title}: this model has no mirrored pass, so that fast changes nothing."
        for method in settings.methods
        if method.fast and has_one_pass_only(method)
    ]
    headings = ["Scale", "Method", "Parameters", "Seconds per volume"]
    return Table("Time and size", table_of(headings, rows()), notes=notes, kind="cost")


def significance_table(evaluation: Evaluation, cases: pd.DataFrame) -> Table | None:
    """Wilcoxon tests between all pairs of methods; None for a single method or volume."""
    if len(evaluation.settings.methods) < 2 or volume_count(evaluation) < 2:
        return None
    titles = _titles(evaluation)

    def rows() -> Iterator[list[str]]:
        for name in evaluation.settings.metrics:
            metric = METRICS[name]
            for scale, group in cases.groupby("scale", observed=True):
                values = numbers(group.set_index(["volume", "method"])[name]).unstack("method")
                tests = compare_methods(values)
                for test in tests[tests["pairs"] > 0].itertuples():
                    yield [
                        metric.title,
                        str(scale),
                        f"{titles[test.first]} – {titles[test.second]}",
                        str(test.pairs),
                        f"{test.median_difference:+.{metric.digits}f}",
                        f"{test.p:.2g}",
                        f"{test.corrected_p:.2g}",
                        test.note,
                    ]

    headings = ["Metric", "Scale", "Methods", "Volumes", "Median difference", "p", "p (Holm)", ""]
    cells = table_of(headings, rows())
    return Table(
        "Paired differences",
        cells,
        numbers(cells["p (Holm)"]).lt(LEVEL).to_frame(),
        notes=[
            "Difference: the first method minus the second, in the metric's unit. Two-sided "
            "Wilcoxon signed-rank test over the volumes; Holm's correction over the pairs of "
            "methods of one metric and scale.",
            origin_of(evaluation),
            where_measured(evaluation),
        ],
        kind="significance",
        marks=f"a corrected p below {LEVEL:g}",
        long=True,
    )


def cases_csv(evaluation: Evaluation) -> str:
    """Every case, one per line, as it was measured; failed ones too."""
    names = [*evaluation.settings.metrics]
    names += ["dice"] if any("dice" in r.values for r in evaluation.records) else []
    overlaps = regions(evaluation)
    headings = ["volume", "scale", "method", *names, *(f"dice {r}" for r in overlaps)]
    frame = table_of(
        [*headings, "seconds", "error"],
        (
            [
                *(_no_formula(record.volume), f"{record.scale:g}", record.method),
                *(record.values.get(name, "") for name in names),
                *(record.dice.get(region, "") for region in overlaps),
                *(f"{record.seconds:.3f}", _no_formula(record.error)),
            ]
            for record in evaluation.records
        ),
    )
    return str(frame.to_csv(index=False, lineterminator="\n"))


def _no_formula(text: str) -> str:
    """A cell that a spreadsheet program shows and does not compute.

    >>> _no_formula("=1+1"), _no_formula("sub-01")
    ("'=1+1", 'sub-01')
    """
    return f"'{text}" if text.startswith(_BEGIN_FORMULAS) else text


def _titles(evaluation: Evaluation) -> dict[str, str]:
    return {method.slug: method.title for method in evaluation.settings.methods}


def _by_method(
    evaluation: Evaluation, found: pd.DataFrame, metrics: Sequence[str]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Texts and marks with one column per method, of each metric if several share the table."""
    titles = _titles(evaluation)
    columns: list[object] = [(name, slug) for name in metrics for slug in titles] or [*titles]
    headings = [f"{METRICS[name].heading} {t}" for name in metrics for t in titles.values()]
    headings = headings or list(titles.values())
    levels = ["quantity", "method"] if metrics else "method"

    def spread(part: str, fill: object) -> pd.DataFrame:
        wide = found[part].unstack(levels, fill_value=fill)
        return wide.reindex(columns=columns, fill_value=fill).set_axis(headings, axis=1)

    names = {"scale": "Scale", "quantity": "Region"}
    text = spread("text", "–").reset_index().rename(columns=names).astype(str)
    return text, spread("best", False).reset_index(drop=True)


def _quality_notes(evaluation: Evaluation, names: Sequence[str]) -> list[str]:
    notes = [averages(evaluation), origin_of(evaluation), where_measured(evaluation)]
    notes += gaps(evaluation)
    notes += sentences(evaluation.measured, names)
    return [*notes, *truths_of(evaluation, names)]
