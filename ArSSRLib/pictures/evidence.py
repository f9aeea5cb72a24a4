"""The picture of ``arssr demo``: results against the truth they were made to recover."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..volumes.volume import Volume
from .canvas import (
    ACCENT,
    FRAME,
    MUTED,
    SERIES,
    TEXT,
    Canvas,
    direction_letters,
    framed,
    outline,
    scale_bar,
    show_slice,
)
from .slices import Box, Plane, Slicer, View, detail_box, display_window, tissue_box

_WIDTH = 15.0
_MARGIN = 0.5
_GAP = 0.14
_HEADER = 1.5
_ZOOM_SIDE_MM = 42.0
_ERROR_COLOURS = "inferno"


@dataclass(frozen=True)
class Evidence:
    """What the picture shows; all volumes cover the same field of view.

    Attributes:
        low: the low-resolution input.
        cubic: its cubic interpolation, on the grid of ``truth``.
        arssr: the network's result, on the grid of ``truth``.
        truth: the volume that ``low`` was simulated from.
        scores: for ``cubic`` and ``arssr``, PSNR in dB and SSIM over the whole volume.
        scale: the factor, as text.
    """

    low: Volume
    cubic: Volume
    arssr: Volume
    truth: Volume
    scores: Mapping[str, tuple[float, float]]
    scale: str


def draw_evidence(evidence: Evidence, plane: Plane = "axial") -> Canvas:
    """A slice of the input, of both results and of the truth; a zoom; error maps; a profile."""
    volumes = (evidence.low, evidence.cubic, evidence.arssr, evidence.truth)
    window = display_window(evidence.truth)
    truth = Slicer(evidence.truth)
    position = truth.richest_position(plane, window)
    views = [Slicer(volume).view(plane, position) for volume in volumes]
    box = tissue_box(views[3], window)
    detail = detail_box(views[3], window, _ZOOM_SIDE_MM, _ZOOM_SIDE_MM)
    column = (_WIDTH - 2 * _MARGIN - 3 * _GAP) / 4
    inches = column / box.width
    row = box.height * inches
    height = _HEADER + row + _GAP + column + _GAP + 0.42 + row + 0.75
    canvas = Canvas(_WIDTH, height)
    _headings(canvas, evidence, column)
    top = _HEADER
    _slices(canvas, views, box, detail, window, top, column, row)
    top += row + _GAP
    _zooms(canvas, views, detail, window, top, column)
    top += column + _GAP
    _errors(canvas, views, box, window, top + 0.42, column, row)
    _score_panel(canvas, evidence, _MARGIN, top + 0.42, column, row)
    _profile(canvas, views, detail, window, _left(3, column), top + 0.42, column, row)
    canvas.text(
        _MARGIN,
        height - 0.4,
        "The input was simulated from the truth (antialiased cubic). Every voxel as it is, one "
        "intensity window for all; the patient's right is on the left. Super-resolution can "
        "invent detail: not for clinical use.",
        9.5,
        color=MUTED,
    )
    return canvas


def _left(column: int, width: float) -> float:
    return _MARGIN + column * (width + _GAP)


def _headings(canvas: Canvas, evidence: Evidence, column: float) -> None:
    canvas.text(
        _MARGIN, 0.32, f"{evidence.scale} super-resolution of a T1 brain", 18, fontweight="bold"
    )
    size = [" × ".join(f"{s:.2f}" for s in v.grid.spacing) + " mm"
            for v in (evidence.low, evidence.truth)]  # fmt: skip
    scores = {
        name: f"PSNR {values[0]:.2f} dB   SSIM {values[1]:.3f}"
        for name, values in evidence.scores.items()
    }
    entries = (
        ("Low resolution", size[0], TEXT),
        ("Cubic B-spline", scores["cubic"], TEXT),
        ("ArSSR", scores["arssr"], ACCENT),
        ("Ground truth", size[1], TEXT),
    )
    for n, (title, subtitle, colour) in enumerate(entries):
        canvas.text(_left(n, column), 0.86, title, 13.5, color=colour, fontweight="bold")
        canvas.text(_left(n, column), 1.15, subtitle, 10.5, color=MUTED)


def _slices(
    canvas: Canvas,
    views: list[View],
    box: Box,
    detail: Box,
    window: tuple[float, float],
    top: float,
    column: float,
    row: float,
) -> None:
    for n, view in enumerate(views):
        axes = canvas.axes(_left(n, column), top, column, row)
        show_slice(axes, view, box, window)
        outline(axes, detail)
        direction_letters(axes, view.letters)
        if n == 0:
            scale_bar(axes, box, 20.0)


def _zooms(
    canvas: Canvas,
    views: list[View],
    detail: Box,
    window: tuple[float, float],
    top: float,
    column: float,
) -> None:
    for n, view in enumerate(views):
        axes = canvas.axes(_left(n, column), top, column, column)
        show_slice(axes, view, detail, window)
        framed(axes)
        axes.plot(
            [detail.left, detail.left + detail.width],
            [_profile_height(detail)] * 2,
            color=FRAME, linewidth=1.0, linestyle=(0, (4, 4)), alpha=0.8,
        )  # fmt: skip
        if n == 0:
            scale_bar(axes, detail, 5.0)


def _errors(
    canvas: Canvas,
    views: list[View],
    box: Box,
    window: tuple[float, float],
    top: float,
    column: float,
    row: float,
) -> None:
    errors = [_error_in_percent(view, views[3], window) for view in views[1:3]]
    ceiling = float(np.percentile(errors[0][errors[0] > 0], 99)) if errors[0].any() else 1.0
    for n, (view, error) in enumerate(zip(views[1:3], errors, strict=True), start=1):
        canvas.text(_left(n, column), top - 0.1, "Absolute error", 11, va="bottom")
        axes = canvas.axes(_left(n, column), top, column, row)
        image = show_slice(axes, view, box, (0.0, ceiling), _ERROR_COLOURS, error)
        axes.text(
            0.98, 0.02, f"mean {error[views[3].pixels > window[0]].mean():.2f} %",
            transform=axes.transAxes, ha="right", va="bottom", color=TEXT, fontsize=10,
        )  # fmt: skip
    bar = canvas.axes(_left(2, column) + column * 0.45, top - 0.235, column * 0.4, 0.1)
    canvas.figure.colorbar(image, cax=bar, orientation="horizontal", ticks=[])
    bar.text(-0.04, 0.5, "0", transform=bar.transAxes, ha="right", va="center", color=MUTED,
             fontsize=9)  # fmt: skip
    bar.text(1.04, 0.5, f"{ceiling:.0f} %", transform=bar.transAxes, ha="left", va="center",
             color=MUTED, fontsize=9)  # fmt: skip


def _score_panel(
    canvas: Canvas, evidence: Evidence, left: float, top: float, column: float, row: float
) -> None:
    """The measures over the whole volume in figures."""
    canvas.text(left, top - 0.1, "Whole volume", 11, va="bottom")
    gain = evidence.scores["arssr"][0] - evidence.scores["cubic"][0]
    canvas.text(left, top + 0.12, f"{gain:+.2f} dB", 30, color=ACCENT, fontweight="bold")
    canvas.text(left, top + 0.72, "PSNR of ArSSR against cubic", 10.5, color=MUTED)
    y = top + 1.35
    for name, label in (("cubic", "Cubic"), ("arssr", "ArSSR")):
        psnr, ssim = evidence.scores[name]
        for value, text in ((psnr, f"{psnr:.2f} dB"), (ssim, f"{ssim:.4f}")):
            canvas.text(left + column * (0.36 if value is psnr else 0.7), y, text, 12.5,
                        color=SERIES[name] if name == "arssr" else TEXT)  # fmt: skip
        canvas.text(left, y, label, 12.5, color=SERIES[name] if name == "arssr" else TEXT)
        y += 0.34
    canvas.text(left + column * 0.36, top + 1.1, "PSNR", 9.5, color=MUTED)
    canvas.text(left + column * 0.7, top + 1.1, "SSIM", 9.5, color=MUTED)
    lines = (
        f"Scale {evidence.scale}",
        f"from {_voxels(evidence.low)}",
        f"to {_voxels(evidence.truth)}",
    )
    for n, line in enumerate(lines):
        canvas.text(left, top + row - 0.66 + 0.26 * n, line, 10.5, color=MUTED)
    canvas.text(
        left, y + 0.2, f"{_share_nearer(evidence):.0%}", 22, color=ACCENT, fontweight="bold"
    )
    canvas.text(
        left, y + 0.66, "of the tissue voxels are nearer to the\ntruth than in the cubic result",
        10.5, color=MUTED, linespacing=1.4,
    )  # fmt: skip


def _profile(
    canvas: Canvas,
    views: list[View],
    detail: Box,
    window: tuple[float, float],
    left: float,
    top: float,
    column: float,
    row: float,
) -> None:
    """Intensity along the dashed line of the zoom."""
    canvas.text(left, top - 0.1, "Along the dashed line, % of the window", 11, va="bottom")
    axes = canvas.axes(left + 0.32, top, column - 0.32, row - 0.38)
    styles = (("low", 1.2, "Low resolution"), ("cubic", 1.6, "Cubic"), ("arssr", 2.0, "ArSSR"),
              ("truth", 1.6, "Truth"))  # fmt: skip
    for view, (name, width, label) in zip(views, styles, strict=True):
        x, values = _along(view, detail)
        axes.plot(
            x - detail.left, (values - window[0]) / (window[1] - window[0]) * 100.0,
            color=SERIES[name], linewidth=width, label=label,
            linestyle="--" if name == "truth" else "-",
            drawstyle="steps-mid" if name == "low" else "default",
        )  # fmt: skip
    axes.set_xlim(0.0, detail.width)
    axes.tick_params(colors=MUTED, labelsize=9, length=3)
    axes.set_xticks([0, 10, 20, 30, 40])
    axes.set_yticks([0, 25, 50, 75, 100])
    axes.set_xlabel("mm", color=MUTED, fontsize=9, labelpad=2)
    axes.grid(color="#20262f", linewidth=0.7)
    axes.set_facecolor("#0a0d11")
    axes.legend(
        loc="lower left", fontsize=9, frameon=False, labelcolor=TEXT, ncols=2, handlelength=1.6
    )


def _share_nearer(evidence: Evidence) -> float:
    """Share of the tissue voxels where the network's error is below cubic's."""
    truth = evidence.truth.array
    tissue = truth > display_window(evidence.truth)[0]
    errors = [np.abs(v.array[tissue] - truth[tissue]) for v in (evidence.arssr, evidence.cubic)]
    return float((errors[0] < errors[1]).mean())


def _profile_height(detail: Box) -> float:
    return detail.top + detail.height / 2


def _along(view: View, detail: Box) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float32]]:
    """Column centres in mm and the intensities of the row that the dashed line crosses."""
    rows, columns = view.pixels.shape
    row = min(rows - 1, int(_profile_height(detail) / view.height * rows))
    x = (np.arange(columns) + 0.5) * (view.width / columns)
    return x, view.pixels[row]


def _error_in_percent(
    view: View, truth: View, window: tuple[float, float]
) -> npt.NDArray[np.float32]:
    return np.asarray(
        np.abs(view.pixels - truth.pixels) * (100.0 / (window[1] - window[0])), dtype=np.float32
    )


def _voxels(volume: Volume) -> str:
    return "×".join(map(str, volume.grid.size)) + " voxels"
