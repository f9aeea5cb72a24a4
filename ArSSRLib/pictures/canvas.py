"""A dark canvas laid out in millimetres of the patient, and what can be drawn on it."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ..errors import InputError
from ..running.output_files import replacing
from .slices import Box, View

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BACKGROUND = "#0e1116"
PANEL = "#000000"
TEXT = "#e8ecf1"
MUTED = "#8d97a5"
ACCENT = "#5cc8ff"
FRAME = "#ffb454"

PICTURE_SUFFIXES = (".png", ".pdf", ".svg")
_DOTS_PER_INCH = 150


class Canvas:
    """A figure of fixed size in inches; positions count from its top left corner."""

    def __init__(self, width: float, height: float) -> None:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        self.width, self.height = width, height
        self.figure = Figure(figsize=(width, height), facecolor=BACKGROUND)
        FigureCanvasAgg(self.figure)

    def axes(self, left: float, top: float, width: float, height: float) -> Axes:
        """Bare axes at a place in inches."""
        axes = self.figure.add_axes(
            (
                left / self.width,
                1.0 - (top + height) / self.height,
                width / self.width,
                height / self.height,
            )
        )
        axes.set_facecolor(PANEL)
        axes.set_xticks([])
        axes.set_yticks([])
        for spine in axes.spines.values():
            spine.set_visible(False)
        return axes

    def text(self, left: float, top: float, words: str, size: float, **style: Any) -> None:
        """Text whose top left corner (unless ``ha``, ``va`` differ) is at a place."""
        style = {"color": TEXT, "ha": "left", "va": "top", **style}
        self.figure.text(left / self.width, 1.0 - top / self.height, words, fontsize=size, **style)

    def save(
        self,
        path: str | os.PathLike[str],
        overwrite: bool,
        last_moment: Callable[[], None] | None = None,
    ) -> None:
        """Writes the picture; the file appears complete or not at all.

        Args:
            path: ends in one of ``PICTURE_SUFFIXES``.
            overwrite: whether an existing file may be replaced.
            last_moment: see :func:`ArSSRLib.running.output_files.replacing`.

        Raises:
            InputError: an unknown ending, no such folder, or the file exists.
            EnvironmentFault: the disk is full or refuses the file.
        """
        suffix = picture_suffix(path)
        with replacing(path, overwrite, suffix, last_moment) as temporary:
            self.figure.savefig(temporary, dpi=_DOTS_PER_INCH, facecolor=BACKGROUND)


def picture_suffix(path: str | os.PathLike[str]) -> str:
    """The ending of a picture's file name.

    Raises:
        InputError: it is none of ``PICTURE_SUFFIXES``.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in PICTURE_SUFFIXES:
        raise InputError(
            f"The picture {str(path)!r} has no supported ending; use one of "
            f"{', '.join(PICTURE_SUFFIXES)}."
        )
    return suffix


def show_slice(
    axes: Axes,
    view: View,
    box: Box,
    window: tuple[float, float],
    colours: str = "gray",
    pixels: npt.NDArray[np.float32] | None = None,
) -> Any:
    """Draws the part ``box`` of a view, every voxel as it is, at true proportions.

    Args:
        axes: where; its shape must be that of ``box``.
        view: the slice.
        box: the part, in mm.
        window: intensities at the two ends of the colour scale.
        colours: a matplotlib colour map.
        pixels: shown instead of the view's own, on the same grid.

    Returns:
        the matplotlib image, for a colour bar.
    """
    image = axes.imshow(
        view.pixels if pixels is None else pixels,
        cmap=colours,
        vmin=window[0],
        vmax=window[1],
        extent=(0.0, view.width, view.height, 0.0),
        interpolation="nearest",
        aspect="auto",
    )
    axes.set_xlim(box.left, box.left + box.width)
    axes.set_ylim(box.top + box.height, box.top)
    return image


def outline(axes: Axes, box: Box) -> None:
    """A thin frame around ``box``."""
    from matplotlib.patches import Rectangle

    axes.add_patch(
        Rectangle(
            (box.left, box.top), box.width, box.height, fill=False, edgecolor=FRAME, linewidth=1.3
        )
    )


def framed(axes: Axes) -> None:
    """A thin frame around the axes."""
    for spine in axes.spines.values():
        spine.set_visible(True)
        spine.set_color(FRAME)
        spine.set_linewidth(1.3)


def direction_letters(axes: Axes, letters: str) -> None:
    """Patient directions at the left, right and top edges of a slice."""
    places = ((0.02, 0.5, "left", "center"), (0.98, 0.5, "right", "center"), (0.5, 0.985, "center",
              "top"))  # fmt: skip
    for letter, (x, y, ha, va) in zip(letters, places, strict=False):
        axes.text(
            x, y, letter, transform=axes.transAxes, ha=ha, va=va, color="#c3cad4", fontsize=9,
            fontweight="bold", path_effects=_halo(),
        )  # fmt: skip


def scale_bar(axes: Axes, box: Box, length: float) -> None:
    """A bar of ``length`` mm at the bottom left of a slice."""
    x, y = box.left + 0.04 * box.width, box.top + 0.955 * box.height
    axes.plot(
        [x, x + length], [y, y], color=TEXT, linewidth=2.2, solid_capstyle="butt",
        path_effects=_halo(),
    )  # fmt: skip
    axes.text(
        x, y - 0.012 * box.height, f"{length:g} mm", color=TEXT, fontsize=8.5, ha="left",
        va="bottom", path_effects=_halo(),
    )  # fmt: skip


def _halo() -> list[Any]:
    """A dark rim that keeps light marks legible on bright tissue."""
    from matplotlib.patheffects import withStroke

    return [withStroke(linewidth=3.5, foreground="#000000c8")]
