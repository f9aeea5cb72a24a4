"""Slices of volumes as a radiologist sees them, placed in millimetres.

The patient's right is on the left of axial and coronal slices, the front on the left of sagittal
ones. Views of volumes with the same field of view align exactly, also with different voxel sizes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from ..volumes.orientation import to_canonical
from ..volumes.volume import Volume

Floats = npt.NDArray[np.float64]

Plane = Literal["axial", "coronal", "sagittal"]
PLANES: tuple[Plane, ...] = get_args(Plane)

_NORMAL_AXIS = {"axial": 0, "coronal": 1, "sagittal": 2}
"""Axis of the canonical array [S, A, R] that a plane is perpendicular to."""
_LETTERS = {"axial": "RLAP", "coronal": "RLSI", "sagittal": "APSI"}
"""What is at the left, right, top and bottom of the picture."""
_FOREGROUND = 0.08
"""Share of the window above which a voxel counts as tissue."""


@dataclass(frozen=True)
class Box:
    """A rectangle in a view, in mm from its top left corner."""

    left: float
    top: float
    width: float
    height: float


@dataclass(frozen=True)
class View:
    """One slice.

    Attributes:
        pixels: intensities, rows from the top, columns from the left.
        width: extent from the left to the right face, in mm.
        height: extent from the top to the bottom face, in mm.
        letters: patient directions at the left, right, top and bottom.
    """

    pixels: npt.NDArray[np.float32]
    width: float
    height: float
    letters: str


class Slicer:
    """Cuts one volume; turns it to canonical order once."""

    def __init__(self, volume: Volume) -> None:
        turn = to_canonical(volume.grid.direction)
        self.array = turn.apply(volume.array)
        step = [volume.grid.spacing[axis] for axis in turn.order]
        self.spacing = (step[2], step[1], step[0])

    def view(self, plane: Plane, position: float) -> View:
        """The slice at ``position``, 0 to 1 of the field of view (from feet, back or left)."""
        normal = _NORMAL_AXIS[plane]
        count = self.array.shape[normal]
        pixels = self.array.take(min(count - 1, int(position * count)), axis=normal)[::-1, ::-1]
        rows, columns = (n for axis, n in enumerate(self.spacing) if axis != normal)
        height, width = pixels.shape
        return View(pixels, width * columns, height * rows, _LETTERS[plane])

    def richest_position(self, plane: Plane, window: tuple[float, float]) -> float:
        """Position, at a voxel centre, of the slice with the most tissue."""
        axes = tuple(axis for axis in range(3) if axis != _NORMAL_AXIS[plane])
        amount = (self.array > _threshold(window)).sum(axis=axes)
        return (int(np.argmax(amount)) + 0.5) / self.array.shape[_NORMAL_AXIS[plane]]


def display_window(volume: Volume) -> tuple[float, float]:
    """The intensities to show as black and as white, the same for every result of an input."""
    values = volume.array.flat[:: max(1, volume.array.size // 1_000_000)]
    low, high = float(np.percentile(values, 0.5)), float(np.percentile(values, 99.9))
    tissue = values[values > low + _FOREGROUND * (high - low)]
    if tissue.size:
        high = float(np.percentile(tissue, 99.5))
    return (low, high) if high > low else (low, low + 1.0)


def tissue_box(view: View, window: tuple[float, float], margin: float = 4.0) -> Box:
    """The rectangle around what is not background, with a margin in mm; all if all is."""
    inside = view.pixels > _threshold(window)
    if not inside.any():
        return Box(0.0, 0.0, view.width, view.height)
    top, bottom = _extent(inside, 0, view.height, margin)
    left, right = _extent(inside, 1, view.width, margin)
    return Box(left, top, right - left, bottom - top)


def detail_box(view: View, window: tuple[float, float], width: float, height: float) -> Box:
    """The rectangle of about ``width`` × ``height`` mm with the most edges inside tissue."""
    rows, columns = view.pixels.shape
    step = view.height / rows, view.width / columns
    tall = min(rows, max(1, round(height / step[0])))
    wide = min(columns, max(1, round(width / step[1])))
    shown = np.clip(view.pixels, *window).astype(np.float64)
    edges = np.zeros_like(shown)
    for axis, length in enumerate(step):
        if shown.shape[axis] > 1:
            edges += np.abs(np.gradient(shown, length, axis=axis))
    tissue = _window_means(view.pixels > _threshold(window), tall, wide)
    # The outline of the head is not a detail: windows that reach into the air hardly count.
    score = _window_means(edges, tall, wide) * tissue**8
    top, left = np.unravel_index(int(np.argmax(score)), score.shape)
    return Box(float(left * step[1]), float(top * step[0]), wide * step[1], tall * step[0])


def _window_means(values: npt.NDArray[np.generic], tall: int, wide: int) -> Floats:
    total = np.pad(values.astype(np.float64).cumsum(0).cumsum(1), ((1, 0), (1, 0)))
    sums = total[tall:, wide:] - total[:-tall, wide:] - total[tall:, :-wide] + total[:-tall, :-wide]
    return np.asarray(sums / (tall * wide))


def _threshold(window: tuple[float, float]) -> float:
    return window[0] + _FOREGROUND * (window[1] - window[0])


def _extent(
    inside: npt.NDArray[np.bool_], axis: int, length: float, margin: float
) -> tuple[float, float]:
    """First and last face, in mm, of what is inside along an axis, with a margin."""
    step = length / inside.shape[axis]
    found = np.nonzero(inside)[axis]
    first, last = float(found.min()) * step, (float(found.max()) + 1) * step
    return max(0.0, first - margin), min(length, last + margin)
