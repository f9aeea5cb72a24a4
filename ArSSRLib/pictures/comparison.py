"""The picture of ``arssr compare``: input, cubic and ArSSR in three orientations, with zooms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..volumes.volume import Volume
from .canvas import (
    ACCENT,
    MUTED,
    TEXT,
    Canvas,
    direction_letters,
    framed,
    outline,
    scale_bar,
    show_slice,
)
from .slices import PLANES, Box, Slicer, View, detail_box, display_window, tissue_box

_WIDTH = 18.0
_MARGIN = 0.5
_GAP = 0.1
_COLUMN_GAP = 0.34
_HEADER = 1.5
_FOOTER = 0.55
_ZOOM_SHARE = 0.42
"""Width of the zoom as a share of its column."""
_ZOOM = 3.2
"""How much the zoom enlarges the slice beside it."""
_CAUTION = (
    "Every voxel as it is, one intensity window for all; the patient's right is on the left. "
    "Super-resolution can invent detail: not for clinical use."
)


@dataclass(frozen=True)
class Column:
    """One column of a comparison.

    Attributes:
        title: its heading.
        volume: what it shows; all columns cover the same field of view.
        accent: whether the heading is set off in colour.
    """

    title: str
    volume: Volume
    accent: bool = False

    @property
    def subtitle(self) -> str:
        """Voxel size along the file's axes, and the number of voxels."""
        grid = self.volume.grid
        spacing = " × ".join(f"{s:.2f}" for s in grid.spacing)
        return f"{spacing} mm   {'×'.join(map(str, grid.size))} voxels"


@dataclass(frozen=True)
class _Row:
    """One orientation: a view for each column, the part to show, the part to enlarge."""

    views: list[View]
    box: Box
    detail: Box


@dataclass(frozen=True)
class _Layout:
    """Widths in inches, the same for every column.

    Attributes:
        column: of a column: a slice, a gap and a zoom.
        slice_width: of the widest slice.
        zoom_width: of a zoom at most.
        inches: what a millimetre of a slice takes.
    """

    column: float
    slice_width: float
    zoom_width: float
    inches: float

    @classmethod
    def of(cls, columns: int, widest: float) -> _Layout:
        """So many columns side by side, with slices of at most ``widest`` mm."""
        column = (_WIDTH - 2 * _MARGIN - _COLUMN_GAP * (columns - 1)) / columns
        zoom_width = column * _ZOOM_SHARE
        slice_width = column - zoom_width - _GAP
        return cls(column, slice_width, zoom_width, slice_width / widest)

    def left(self, column: int) -> float:
        """Where a column begins."""
        return _MARGIN + column * (self.column + _COLUMN_GAP)

    def row(self, views: list[View], box: Box, window: tuple[float, float]) -> _Row:
        """A row with the detail that its last column shows best."""
        width, height = self.zoom_width / self.inches / _ZOOM, box.height / _ZOOM
        return _Row(views, box, detail_box(views[-1], window, width, height))


def draw_comparison(title: str, columns: Sequence[Column]) -> Canvas:
    """Axial, coronal and sagittal slices of every column, all at one scale and one window.

    Args:
        title: the heading of the picture.
        columns: the first one, the input, decides the window and where the slices lie.
    """
    slicers = [Slicer(column.volume) for column in columns]
    window = display_window(columns[0].volume)
    views = []
    for plane in PLANES:
        position = slicers[0].richest_position(plane, window)
        views.append([slicer.view(plane, position) for slicer in slicers])
    boxes = [tissue_box(row[0], window) for row in views]
    layout = _Layout.of(len(columns), max(box.width for box in boxes))
    rows = [layout.row(row, box, window) for row, box in zip(views, boxes, strict=True)]
    height = _HEADER + _FOOTER + sum(box.height * layout.inches + _GAP for box in boxes)
    canvas = Canvas(_WIDTH, height)
    canvas.text(_MARGIN, 0.32, title, 19, fontweight="bold")
    for n, column in enumerate(columns):
        colour = ACCENT if column.accent else TEXT
        canvas.text(layout.left(n), 0.86, column.title, 14.5, color=colour, fontweight="bold")
        canvas.text(layout.left(n), 1.16, column.subtitle, 11, color=MUTED)
        _draw_column(canvas, rows, n, window, layout)
    canvas.text(_MARGIN, height - 0.38, _CAUTION, 10.5, color=MUTED)
    return canvas


def _draw_column(
    canvas: Canvas, rows: Sequence[_Row], column: int, window: tuple[float, float], layout: _Layout
) -> None:
    """The slices of one volume, one under the other, each with its zoom at the right."""
    top, left, inches = _HEADER, layout.left(column), layout.inches
    for row in rows:
        view, box, detail = row.views[column], row.box, row.detail
        row_height = box.height * inches
        indent = (layout.slice_width - box.width * inches) / 2
        axes = canvas.axes(left + indent, top, box.width * inches, row_height)
        show_slice(axes, view, box, window)
        outline(axes, detail)
        direction_letters(axes, view.letters)
        # Whole voxels seldom fill the place exactly: the zoom keeps their proportions.
        enlarged = min(layout.zoom_width / detail.width, row_height / detail.height)
        zoom = canvas.axes(
            left + layout.slice_width + _GAP,
            top + (row_height - detail.height * enlarged) / 2,
            detail.width * enlarged,
            detail.height * enlarged,
        )
        show_slice(zoom, view, detail, window)
        framed(zoom)
        if column == 0:
            scale_bar(axes, box, 20.0)
            scale_bar(zoom, detail, 5.0)
        top += row_height + _GAP
