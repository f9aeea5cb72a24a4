"""Qualitative grids (paper, Fig. 5, 7 and 10): a slice of every method at every scale."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ...choices import NOT_FOR_CLINICAL_USE
from ...pictures.canvas import ACCENT, MUTED, Canvas, framed, outline, scale_bar, show_slice
from ...pictures.slices import View, detail_box, tissue_box

_WINDOW = (0.0, 1.0)
_COLUMN = 2.35
_GAP = 0.08
_LEFT, _TOP, _BOTTOM = 0.75, 1.25, 0.55
_CAPTION = 0.3
_ZOOM_SHARE = 0.3
"""Side of the enlarged square, as a share of the slice's smaller side."""
_BOLD, _PLAIN = 0.69, 0.53
"""Width of a letter of either weight, as a share of its size, generously."""
_SMALL, _LINE = 8.5, 0.17
"""Size of small text in points, and the height of its lines in inches."""
_ERROR_WINDOW = (0.0, 0.3)


@dataclass(frozen=True)
class Tile:
    """One picture of a grid.

    Attributes:
        view: the slice; intensities as shares of the window.
        caption: numbers below it.
        best: whether the caption is set off.
    """

    view: View
    caption: str = ""
    best: bool = False


def draw_grid(
    title: str,
    columns: Sequence[str],
    rows: Mapping[str, Sequence[Tile | None]],
    truth: View | None,
) -> Canvas:
    """Every method (column) at every scale (row), with the same detail enlarged below each.

    Args:
        title: heading.
        columns: names of the columns.
        rows: by the scale's label, one tile per column; None where there is no result.
        truth: decides the cropping and the detail; the last column's slice where there is none.
    """
    guide = truth or next(t.view for row in rows.values() for t in reversed(row) if t is not None)
    box = tissue_box(guide, _WINDOW)
    side = _ZOOM_SHARE * min(box.width, box.height)
    detail = detail_box(guide, _WINDOW, side, side)
    slice_height = box.height * _COLUMN / box.width
    row_height = slice_height + _COLUMN + _CAPTION + 2 * _GAP
    canvas = _canvas(
        title,
        columns,
        len(rows) * row_height,
        "Every voxel as it is, one intensity window for all; patient's right on the left.",
    )
    for left, top, tile in _placed(canvas, rows, slice_height, row_height):
        axes = canvas.axes(left, top, _COLUMN, slice_height)
        show_slice(axes, tile.view, box, _WINDOW)
        outline(axes, detail)
        if (left, top) == (_LEFT, _TOP):
            scale_bar(axes, box, 20.0)
        inset = canvas.axes(left, top + slice_height + _GAP, _COLUMN, _COLUMN)
        show_slice(inset, tile.view, detail, _WINDOW)
        framed(inset)
        _caption(canvas, left, top + slice_height + _COLUMN + 2 * _GAP + 0.02, tile)
    return canvas


def draw_errors(
    title: str, columns: Sequence[str], rows: Mapping[str, Sequence[Tile | None]], truth: View
) -> Canvas:
    """Absolute difference from the truth of every method at every scale."""
    box = tissue_box(truth, _WINDOW)
    slice_height = box.height * _COLUMN / box.width
    row_height = slice_height + _CAPTION + _GAP
    canvas = _canvas(
        title,
        columns,
        len(rows) * row_height,
        f"Absolute error, black 0 to white {_ERROR_WINDOW[1]:.0%} of the shown intensities.",
    )
    for left, top, tile in _placed(canvas, rows, slice_height, row_height):
        axes = canvas.axes(left, top, _COLUMN, slice_height)
        error = np.abs(tile.view.pixels - truth.pixels)
        show_slice(axes, tile.view, box, _ERROR_WINDOW, "inferno", error)
        _caption(canvas, left, top + slice_height + 0.05, tile)
    return canvas


def _placed(
    canvas: Canvas,
    rows: Mapping[str, Sequence[Tile | None]],
    slice_height: float,
    row_height: float,
) -> Iterator[tuple[float, float, Tile]]:
    """Each tile with the left and the top of its place, in inches.

    Also writes the rows' labels, and "not measured" where there is no result.
    """
    top = _TOP
    for label, tiles in rows.items():
        middle = top + slice_height / 2
        canvas.text(0.2, middle, label, 15, fontweight="bold", va="center")
        for n, tile in enumerate(tiles):
            left = _LEFT + n * (_COLUMN + _GAP)
            if tile is not None:
                yield left, top, tile
                continue
            canvas.text(
                left + _COLUMN / 2, middle, "not measured", _SMALL, color=MUTED, ha="center",
                va="center",
            )  # fmt: skip
        top += row_height


def _caption(canvas: Canvas, left: float, top: float, tile: Tile) -> None:
    colour = ACCENT if tile.best else MUTED
    canvas.text(left + _COLUMN / 2, top, tile.caption, _SMALL, color=colour, ha="center")


def _canvas(title: str, columns: Sequence[str], height: float, footer: str) -> Canvas:
    """A canvas for rows of this height together, with headings above and a footer below them."""
    width = _LEFT + len(columns) * (_COLUMN + _GAP) + 0.25
    lines = textwrap.wrap(
        f"{footer} {NOT_FOR_CLINICAL_USE}", int((width - 0.4) * 72 / (_PLAIN * _SMALL))
    )
    bottom = _BOTTOM + _LINE * (len(lines) - 1)
    canvas = Canvas(width, _TOP + height + bottom)
    canvas.text(0.2, 0.22, title, _size_for(title, width - 0.4, 14), fontweight="bold")
    for n, name in enumerate(columns):
        centre = _LEFT + n * (_COLUMN + _GAP) + _COLUMN / 2
        # A long name breaks before its bracket: ArSSR (the run it comes from).
        shown = name if len(name) <= 20 else name.replace(" (", "\n(", 1)
        canvas.text(
            centre, _TOP - 0.1, shown, _size_for(shown, _COLUMN, 11.5), ha="center", va="bottom",
            fontweight="bold",
        )  # fmt: skip
    canvas.text(0.2, canvas.height - bottom + 0.17, "\n".join(lines), _SMALL, color=MUTED)
    return canvas


def _size_for(text: str, width: float, most: float) -> float:
    """The size in points, ``most`` at most, at which bold text fits a width in inches."""
    longest = max(len(line) for line in text.split("\n"))
    return min(most, width * 72 / (_BOLD * max(longest, 1)))
