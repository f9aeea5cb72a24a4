"""Plots of a finished evaluation: metrics over the scale, and intensity profiles (Fig. 6, 8)."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from ...pictures.slices import View
from ..measuring.intensity_profile import Profile
from ..metrics import METRICS
from ..run import Evaluation
from .case_frame import case_frame, numbers, scale_label

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

INK, MUTED, LINES, PAPER = "#1b2430", "#5f6b7a", "#d9dee5", "#ffffff"
COLOURS = ("#7a869a", "#d1495b", "#edae49", "#8d5fd3", "#0072b2", "#00916e", "#b5651d", "#c2185b")
"""One colour per method; the first six can be distinguished with the usual colour blindness."""
_MARKERS = "osD^vPX*"
_PANEL = (3.9, 2.9)
_COLUMNS = 3


def metrics_over_scale(evaluation: Evaluation) -> Figure | None:
    """Mean of each metric over the scale, one line per method; bars span one standard deviation.

    Returns:
        the figure; None if no metric has a number.
    """
    import numpy as np

    settings = evaluation.settings
    scales = {scale_label(scale): scale for scale in settings.scales}
    cases = case_frame(evaluation)
    values = cases[list(settings.metrics)].apply(numbers).replace([np.inf, -np.inf], np.nan)
    names = [name for name in settings.metrics if values[name].notna().any()]
    found = values.groupby([cases["method"], cases["scale"]], observed=True).agg(["mean", "std"])
    if not names:
        return None
    rows = math.ceil(len(names) / _COLUMNS)
    columns = math.ceil(len(names) / rows)
    figure = new_figure(_PANEL[0] * columns, _PANEL[1] * rows + 0.5)
    for n, name in enumerate(names):
        axes = figure.add_subplot(rows, columns, n + 1)
        style(axes, METRICS[name].heading)
        for m, method in enumerate(settings.methods):
            if method.slug not in found.index:
                continue
            points = found.loc[method.slug, name].dropna(subset="mean")
            # Points of one scale are drawn side by side, so that their bars do not hide each other.
            nudge = 0.025 * (m - (len(settings.methods) - 1) / 2)
            axes.errorbar(
                [scales[label] + nudge for label in points.index],
                points["mean"],
                yerr=points["std"].fillna(0.0),
                color=COLOURS[m % len(COLOURS)],
                marker=_MARKERS[m % len(_MARKERS)],
                markersize=4.5,
                linewidth=1.6,
                elinewidth=0.9,
                capsize=2,
                label=method.title,
            )
        axes.set_xlim(min(settings.scales) - 0.25, max(settings.scales) + 0.25)
        axes.set_xticks(list(scales.values()), list(scales))
    handles, labels = figure.axes[0].get_legend_handles_labels()
    figure.legend(
        handles, labels, loc="outside lower center", ncols=min(6, len(labels)), frameon=False,
        fontsize=9, labelcolor=INK,
    )  # fmt: skip
    return figure


def profiles(
    title: str,
    curves: Sequence[tuple[str, Sequence[tuple[str, Profile | None]]]],
    shown: View | None,
    row: float | None,
) -> Figure:
    """Intensity along one line, a panel per scale, the truth in black.

    Args:
        title: heading.
        curves: for each scale its label and the labelled profiles; the first is the truth, None
            where a method has no result.
        shown: axial slice to the left of the panels.
        row: where the line crosses it, 0 at the top to 1.
    """
    beside = 1 if shown is not None and row is not None else 0
    columns = min(_COLUMNS, len(curves))
    rows = math.ceil(len(curves) / columns)
    figure = new_figure(3.2 * beside + 4.4 * columns, 2.9 * rows + 0.8)
    figure.suptitle(title, fontsize=11, color=INK, x=0.01, ha="left", fontweight="bold")
    grid = figure.add_gridspec(
        rows, columns + beside, width_ratios=[3.0] * beside + [4.4] * columns
    )
    if shown is not None and row is not None:
        _show_line(figure.add_subplot(grid[:, 0]), shown, row)
    shared: Axes | None = None
    drawn: dict[str, Line2D] = {}
    for n, (label, lines) in enumerate(curves):
        axes = figure.add_subplot(grid[n // columns, n % columns + beside], sharey=shared)
        shared = axes
        style(axes, label)
        drawn.update(_drawn_profiles(axes, lines))
        if n >= len(curves) - columns:
            axes.set_xlabel("mm along the line, from the patient's right" if beside else "mm")
        axes.set_ylabel("intensity" if n % columns == 0 else "")
    # A method that failed at a scale is missing from that panel.
    names = [name for name, _ in curves[0][1] if name in drawn]
    figure.legend(
        [drawn[name] for name in names], names, loc="outside lower center",
        ncols=min(7, len(names)), frameon=False, fontsize=9, labelcolor=INK,
    )  # fmt: skip
    return figure


def _drawn_profiles(
    axes: Axes, lines: Sequence[tuple[str, Profile | None]]
) -> Iterator[tuple[str, Line2D]]:
    """The line of each profile by its name; the first, the truth, in black."""
    for n, (name, profile) in enumerate(lines):
        truth = n == 0
        if profile is None:
            continue
        (line,) = axes.plot(
            profile.distance,
            profile.intensity,
            color="#000000" if truth else COLOURS[(n - 1) % len(COLOURS)],
            linewidth=1.8 if truth else 1.2,
            label=name,
        )
        yield name, line


def _show_line(axes: Axes, view: View, row: float) -> None:
    """A slice with the line of the profile across it."""
    axes.imshow(view.pixels, cmap="gray", vmin=0, vmax=1, extent=(0, view.width, view.height, 0))
    axes.axhline(row * view.height, color="#ff6b35", linewidth=1.4)
    axes.set_axis_off()


def new_figure(width: float, height: float) -> Figure:
    """An empty figure of so many inches."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), facecolor=PAPER, layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def style(axes: Axes, title: str) -> None:
    """Gives a panel its heading and the report's colours."""
    axes.set_title(title, fontsize=10, color=INK, loc="left", fontweight="bold")
    axes.tick_params(labelsize=8, colors=MUTED, length=0)
    axes.grid(True, color=LINES, linewidth=0.7)
    axes.set_axisbelow(True)
    axes.xaxis.label.set(fontsize=8, color=MUTED)
    axes.yaxis.label.set(fontsize=8, color=MUTED)
    for side, spine in axes.spines.items():
        spine.set_visible(side in ("left", "bottom"))
        spine.set_color(LINES)
