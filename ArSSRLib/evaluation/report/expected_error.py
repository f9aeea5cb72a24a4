"""The expected error in a report: a table, a reliability diagram and sparsification curves."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..expected_error.case import ErrorCase
from ..expected_error.indicators import EXPECTED, INDICATORS
from ..expected_error.sparsification import SHARES
from ..run import Evaluation
from .case_frame import scale_label
from .plots import COLOURS, INK, MUTED, new_figure, style
from .table import Table, table_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def expected_error_table(evaluation: Evaluation) -> Table | None:
    """Coverage and ranking at each scale, means over the volumes; None if not measured."""
    rows = [
        {
            "Scale": scale,
            "Method": method,
            "In 68 %": case.reliability.inside_68,
            "In 95 %": case.reliability.inside_95,
            **{f"Rank, {INDICATORS[name]}": rank for name, rank in case.ranks.items()},
            **{f"AUSE, {INDICATORS[name]}": curve.area for name, curve in case.curves.items()},
        }
        for scale, method, case in _cases(evaluation)
    ]
    if not rows:
        return None
    headings = ["Scale", "Method", "In 68 %", "In 95 %"]
    headings += [f"{what}, {title}" for what in ("Rank", "AUSE") for title in INDICATORS.values()]
    means = table_of(headings, rows).groupby(headings[:2], sort=False).mean()
    texts = means.map("{:.3f}".format).where(means.notna(), "–")
    texts[headings[2:4]] = means[headings[2:4]].map("{:.1%}".format)
    return Table(
        "Expected error",
        texts.reset_index(),
        notes=[
            "Tissue voxels alone, above 10 % of the intensity range. In 68 %, In 95 %: voxels "
            "whose truth lies within the stated interval. Rank: Spearman's correlation with the "
            "true absolute error, 1 is best. AUSE: area between the sparsification curve and the "
            "best possible one, 0 is best.",
        ],
        kind="expected error",
    )


def expected_error_plot(evaluation: Evaluation) -> Figure | None:
    """A reliability diagram and sparsification curves, means over all cases with a head."""
    by_method: dict[str, list[ErrorCase]] = {}
    for _, title, case in _cases(evaluation):
        by_method.setdefault(title, []).append(case)
    if not by_method:
        return None
    figure = new_figure(9.6, 3.6 * len(by_method))
    for n, (title, cases) in enumerate(by_method.items()):
        left = figure.add_subplot(len(by_method), 2, 2 * n + 1)
        style(left, f"{title}: reliability")
        _draw_reliability(left, cases)
        right = figure.add_subplot(len(by_method), 2, 2 * n + 2)
        style(right, f"{title}: sparsification")
        _draw_sparsification(right, cases)
    return figure


def _draw_reliability(axes: Axes, cases: Sequence[ErrorCase]) -> None:
    for case in cases:
        stated, found = case.reliability.expected, case.reliability.found
        axes.plot(stated, found, color=COLOURS[4], alpha=0.35, linewidth=1.0, marker=".")
    most = max(max(*case.reliability.expected, *case.reliability.found) for case in cases)
    axes.plot([0, most], [0, most], color=INK, linewidth=1.0, linestyle="--", label="as stated")
    axes.set_xlabel("expected error, share of the range (tenths of the voxels)")
    axes.set_ylabel("true mean absolute error")
    axes.legend(frameon=False, fontsize=8, labelcolor=INK)


def _draw_sparsification(axes: Axes, cases: Sequence[ErrorCase]) -> None:
    for n, (name, title) in enumerate(INDICATORS.items()):
        curves = [case.curves[name].left for case in cases if name in case.curves]
        if curves:
            width = 2.2 if name == EXPECTED else 1.2
            mean = np.mean(curves, axis=0)
            axes.plot(SHARES, mean, color=COLOURS[n + 1], linewidth=width, label=title)
    axes.axhline(1.0, color=MUTED, linewidth=0.8, linestyle=":")
    axes.set_xlabel("share of the voxels taken out, the least certain first")
    axes.set_ylabel("error left")
    axes.set_ylim(bottom=0.0)
    axes.legend(frameon=False, fontsize=8, labelcolor=INK)


def _cases(evaluation: Evaluation) -> Iterator[tuple[str, str, ErrorCase]]:
    """Every measured case, scale by scale, with the names of scale and method for people."""
    methods = evaluation.settings.methods
    for scale, method in itertools.product(evaluation.settings.scales, methods):
        for record in evaluation.measured:
            if record.expected_error and (record.scale, record.method) == (scale, method.slug):
                yield scale_label(scale), method.title, ErrorCase.from_dict(record.expected_error)
