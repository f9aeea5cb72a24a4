"""The picture of ``arssr compare`` and ``arssr demo``: volumes side by side in three orientations,
each slice with a detail enlarged; with a truth also the error of each result."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from ..choices import NOT_FOR_CLINICAL_USE
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
    f"{NOT_FOR_CLINICAL_USE}"
)
_ERRORS = "Last row: absolute error, black 0, brightest"
_ERROR_PERCENTILE = 99.5


@dataclass(frozen=True)
class Column:
    """One column of a comparison.

    Attributes:
        title: its heading.
        volume: what it shows; all columns cover the same field of view.
        accent: whether the heading is set off in colour.
        note: shown below the heading.
    """

    title: str
    volume: Volume
    accent: bool = False
    note: str = ""

    @property
    def subtitle(self) -> str:
        """The note; by default the voxel size along the file's axes and the number of voxels."""
        if self.note:
            return self.note
        grid = self.volume.grid
        spacing = " × ".join(f"{s:.2f}" for s in grid.spacing)
        return f"{spacing} mm   {'×'.join(map(str, grid.size))} voxels"


@dataclass(frozen=True)
class _Row:
    """One orientation, or the errors in it.

    Attributes:
        views: one per column.
        box, detail: the part to show and the part to enlarge.
        pixels: shown instead of those of each view; None for a column that stays empty.
        window: intensities at the two ends of the colour map.
        colours: the colour map.
    """

    views: list[View]
    box: Box
    detail: Box
    pixels: Sequence[npt.NDArray[np.float32] | None]
    window: tuple[float, float]
    colours: str = "gray"


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
        detail = detail_box(views[-1], window, width, height)
        return _Row(views, box, detail, [view.pixels for view in views], window)


def draw_comparison(title: str, columns: Sequence[Column], truth: Volume | None = None) -> Canvas:
    """Axial, coronal and sagittal slices of every column, all at one scale and one window.

    Args:
        title: the heading of the picture.
        columns: the first one, the input, decides the window and where the slices lie.
        truth: the volume that the columns on its grid should equal; it then decides both instead,
            and the absolute errors of the axial slices are shown in another row.
    """
    slicers = [Slicer(column.volume) for column in columns]
    guide = columns[0].volume if truth is None else truth
    guide_slicer, window = Slicer(guide), display_window(guide)
    views, boxes = [], []
    for plane in PLANES:
        position = guide_slicer.richest_position(plane, window)
        views.append([slicer.view(plane, position) for slicer in slicers])
        boxes.append(tissue_box(guide_slicer.view(plane, position), window))
    layout = _Layout.of(len(columns), max(box.width for box in boxes))
    rows = [layout.row(row, box, window) for row, box in zip(views, boxes, strict=True)]
    caution = _CAUTION
    if truth is not None:
        rows.append(_error_row(rows[0], columns, truth))
        share = rows[-1].window[1] / (window[1] - window[0])
        caution = f"{_ERRORS} {share:.0%} of the window. {_CAUTION}"
    height = _HEADER + _FOOTER + sum(row.box.height * layout.inches + _GAP for row in rows)
    canvas = Canvas(_WIDTH, height)
    canvas.text(_MARGIN, 0.32, title, 19, fontweight="bold")
    for n, column in enumerate(columns):
        colour = ACCENT if column.accent else TEXT
        canvas.text(layout.left(n), 0.86, column.title, 14.5, color=colour, fontweight="bold")
        canvas.text(layout.left(n), 1.16, column.subtitle, 11, color=MUTED)
        _draw_column(canvas, rows, n, layout)
    canvas.text(_MARGIN, height - 0.38, caution, 10.5, color=MUTED)
    return canvas


def _error_row(row: _Row, columns: Sequence[Column], truth: Volume) -> _Row:
    """Absolute errors of the columns on the grid of the truth, but for the truth itself."""
    (expected,) = (
        view for view, column in zip(row.views, columns, strict=True) if column.volume is truth
    )
    errors = [
        np.abs(view.pixels - expected.pixels)
        if column.volume.grid == truth.grid and column.volume is not truth
        else None
        for view, column in zip(row.views, columns, strict=True)
    ]
    # The same for all results: the worst one decides, but for its brightest voxels.
    limits = [float(np.percentile(e, _ERROR_PERCENTILE)) for e in errors if e is not None]
    most = max(limits, default=0.0) or 1.0
    return replace(row, pixels=errors, window=(0.0, most), colours="inferno")


def _draw_column(canvas: Canvas, rows: Sequence[_Row], column: int, layout: _Layout) -> None:
    """The slices of one volume, one under the other, each with its zoom at the right."""
    top, left, inches = _HEADER, layout.left(column), layout.inches
    for row in rows:
        view, box, detail = row.views[column], row.box, row.detail
        pixels, row_height = row.pixels[column], box.height * inches
        if pixels is None:
            top += row_height + _GAP
            continue
        indent = (layout.slice_width - box.width * inches) / 2
        axes = canvas.axes(left + indent, top, box.width * inches, row_height)
        show_slice(axes, view, box, row.window, row.colours, pixels)
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
        show_slice(zoom, view, detail, row.window, row.colours, pixels)
        framed(zoom)
        if column == 0:
            scale_bar(axes, box, 20.0)
            scale_bar(zoom, detail, 5.0)
        top += row_height + _GAP
