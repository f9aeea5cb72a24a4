"""How fine a volume was measured, estimated from its voxels: it may be stored finer than that.

Scanners fill the edge of k-space with zeros, and programs interpolate, so that a volume can have
more voxels than detail. Both leave traces along the axis:

- Zero-filled k-space has no signal and no noise above the measured frequencies: the spectrum falls
  off a cliff.
- Interpolation weakens the frequencies above those of the old grid and leaves mirror images of the
  lower ones there. An image is a copy, so the phases of a frequency and its mirror belong together
  along all lines; in a scan as it was measured they are independent. Gallagher (2005) and Mahdian
  and Saic (2008) find the same periodicity in photographs.

A volume that was rotated as well, blurred, or averaged shows neither.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, cast

import numpy as np
import numpy.typing as npt

from .array_types import FloatArray
from .grid import Grid, Triple, size_triple, triple
from .intensity import sample_of

How = Literal["as stored", "zero-filled", "interpolated", "unknown"]
Spectrum = npt.NDArray[np.float64]

LITTLE_TO_SHARPEN = 1.4
"""Stored voxels per measured voxel from which refining an axis is pointless."""
_LENGTHS = (128, 96, 64, 48, 32)
"""Voxels of the pieces of lines that are looked at; the longest that lie in tissue often enough."""
_FEWEST_PIECES = 1500
_FEWEST_AT_ONE_PLACE = 100
_MOST_LINES = 12_000
_MOST_AT_ONE_PLACE = 2000
_TISSUE = 0.1
"""Share of the brightest tissue above which all voxels of a piece must lie."""
_COHERENT = 0.4
"""Coherence of mirrored frequencies: at most 0.3 in scans as measured, 0.55 and more after
linear and cubic interpolation."""
_LARGEST_BAND = 0.88
"""Share of the frequencies that hold signal, above which an axis counts as filled. Scanners often
weaken the last tenth."""
_SMALLEST_BAND = 0.17
_CLIFF_DB = 8.0
"""Fall at the edge of zero-filled k-space beyond half the slope before it: at most 6.5 in scans as
measured."""
_CLEAR_CLIFF_DB = 18.0
"""The same where the frequencies beyond it are coherent with lower ones, and where only the
shortest pieces lie in tissue: few frequencies, of few places."""
_HALF_WIDTH = 0.07
"""Share of the frequencies on either side of an edge within which the spectrum falls."""
_FEWEST_BELOW = 8
"""Frequencies of the pieces that must lie below an edge."""
_EDGE_DB = 8.0
"""Fall at which the edge is placed: the window of the pieces blurs it."""
_MARGIN = 1.04
"""The edge of zero-filled k-space is found to about 4 %, and nothing below it may be lost."""


@dataclass(frozen=True)
class AxisResolution:
    """One axis of a volume.

    Attributes:
        stored_mm: its voxel size.
        measured_mm: the voxel size that it was measured with; ``stored_mm`` where nothing else
            shows.
        how: what made it finer; ``unknown`` where too few voxels lie in tissue.
    """

    stored_mm: float
    measured_mm: float
    how: How

    @property
    def factor(self) -> float:
        """Stored voxels per measured voxel, at least 1."""
        return self.measured_mm / self.stored_mm

    def measured_size(self, stored: int) -> int:
        """Measured voxels along an axis of ``stored`` voxels, a few more where it is uncertain."""
        if self.how == "interpolated":
            return min(stored, max(1, round(stored / self.factor)))
        return min(stored, math.ceil(stored / self.factor * _MARGIN))


@dataclass(frozen=True)
class MeasuredResolution:
    """The measured resolution along the file's axes (i, j, k)."""

    axes: tuple[AxisResolution, AxisResolution, AxisResolution]

    @staticmethod
    def of(array: FloatArray, grid: Grid) -> MeasuredResolution:
        """Estimates the resolution of a volume.

        Args:
            array: finite intensities [k, j, i], any scale.
            grid: of the volume.
        """
        axes = tuple(
            _axis_resolution(np.moveaxis(array, 2 - axis, 2), spacing)
            for axis, spacing in enumerate(grid.spacing)
        )
        return MeasuredResolution(
            cast("tuple[AxisResolution, AxisResolution, AxisResolution]", axes)
        )

    @property
    def spacing(self) -> Triple:
        """Measured voxel size along (i, j, k), in mm."""
        return triple(axis.measured_mm for axis in self.axes)

    @property
    def is_coarser(self) -> bool:
        """Whether an axis was measured coarser than it is stored."""
        return any(axis.factor > 1.0 for axis in self.axes)

    def grid_of(self, grid: Grid) -> Grid:
        """The measured grid over the field of view of a volume's grid; never finer than it."""
        sizes = (axis.measured_size(n) for n, axis in zip(grid.size, self.axes, strict=True))
        return grid.resized(size_triple(sizes))

    def caution(self, grid: Grid, target: Grid) -> str:
        """One sentence where axes that are to be refined hold less detail than voxels; else empty.

        Args:
            grid: of the volume.
            target: of the result.
        """
        coarse = [
            (name, axis)
            for name, axis, old, new in zip("ijk", self.axes, grid.size, target.size, strict=True)
            if axis.factor >= LITTLE_TO_SHARPEN and new > old
        ]
        if not coarse:
            return ""
        names = ", ".join(name for name, _ in coarse)
        stored = " × ".join(f"{axis.stored_mm:.3g}" for _, axis in coarse)
        real = " × ".join(f"{axis.measured_mm:.3g}" for _, axis in coarse)
        hows = ", ".join(dict.fromkeys(axis.how for _, axis in coarse))
        return (
            f"Along {names} the voxels of {stored} mm hold the detail of about {real} mm ({hows}), "
            "so there is little to sharpen; start from the measured resolution instead."
        )


def _axis_resolution(lines: FloatArray, stored_mm: float) -> AxisResolution:
    """The resolution along the last axis of an array."""
    pieces = _pieces(lines)
    if not pieces:
        return AxisResolution(stored_mm, stored_mm, "unknown")
    mirror, cliff = _band_of_interpolation(pieces), _cliff(_spectrum(pieces))
    # Beyond a cliff there is nothing whose coherence could mean anything.
    certain = mirror == 1.0 and pieces[0].shape[1] > _LENGTHS[-1]
    if cliff.band < mirror and cliff.fall >= (_CLIFF_DB if certain else _CLEAR_CLIFF_DB):
        return AxisResolution(stored_mm, stored_mm / cliff.band, "zero-filled")
    if mirror < 1.0:
        return AxisResolution(stored_mm, stored_mm / mirror, "interpolated")
    return AxisResolution(stored_mm, stored_mm, "as stored")


def _pieces(lines: FloatArray) -> list[FloatArray]:
    """Windowed pieces of lines in tissue, shape (pieces, voxels), one array for each place."""
    step = max(1, math.isqrt(lines.shape[0] * lines.shape[1] // _MOST_LINES))
    some = lines[::step, ::step].reshape(-1, lines.shape[2])
    sample = sample_of(some)
    foreground = sample[sample > sample.mean(dtype=np.float64)]
    if not foreground.size:
        return []
    limit = _TISSUE * float(np.percentile(foreground, 98.0))
    for length in _LENGTHS:
        pieces = list(_pieces_of_length(some, length, limit))
        if sum(map(len, pieces)) >= _FEWEST_PIECES:
            return pieces
    return []


def _pieces_of_length(lines: FloatArray, length: int, limit: float) -> Iterator[FloatArray]:
    window = np.hanning(length + 2)[1:-1].astype(np.float32)
    slope = np.linspace(-1.0, 1.0, length, dtype=np.float32)
    slope /= np.linalg.norm(slope)
    for start in range(0, lines.shape[1] - length + 1, length // 2):
        piece = lines[:, start : start + length]
        piece = piece[piece.min(axis=1) > limit]
        piece = piece[:: 1 + len(piece) // _MOST_AT_ONE_PLACE]
        piece = piece - piece.mean(axis=1, keepdims=True)
        piece = (piece - np.outer(piece @ slope, slope)) * window
        power = np.linalg.norm(piece, axis=1, keepdims=True)
        moving = power[:, 0] > 0.0
        if np.count_nonzero(moving) >= _FEWEST_AT_ONE_PLACE:
            # Equal power, or the brightest edges would decide.
            yield piece[moving] / power[moving]


def _band_of_interpolation(pieces: list[FloatArray]) -> float:
    """Share of the frequencies below the mirror that interpolation left; 1 for none.

    Twice as many bins as frequencies place the mirror to half a bin.
    """
    bins = pieces[0].shape[1]
    coherence = np.zeros((bins + 1, bins + 1))
    for piece in pieces:
        spectra = np.fft.rfft(piece, 2 * bins, axis=1)
        power = np.square(np.abs(spectra)).mean(axis=0)
        coherence += np.abs(spectra.T @ spectra) / np.sqrt(np.outer(power, power))
    coherence /= sum(map(len, pieces))
    return _mirror(coherence)


def _mirror(coherence: Spectrum) -> float:
    """The lowest mirror of frequencies that are coherent with their images."""
    bins = len(coherence) - 1
    # The window spreads a frequency over four bins, so nearer ones are always coherent.
    found: list[tuple[float, float]] = []
    for doubled in range(math.ceil(2 * _SMALLEST_BAND * bins), int(2 * _LARGEST_BAND * bins) + 1):
        above = np.arange(doubled // 2 + 2, min(bins - 1, doubled - 6) + 1)
        if len(above) >= 3:
            found.append((float(coherence[above, doubled - above].mean()), doubled / (2 * bins)))
    highest = max((value for value, _ in found), default=0.0)
    if highest < _COHERENT:
        return 1.0
    # Interpolation by a large factor leaves images of images at multiples of the mirror.
    first = min(band for value, band in found if value >= 0.8 * highest)
    near = [each for each in found if abs(each[1] - first) < 3.0 / bins]
    peak = [each for each in near if each[0] >= 0.9 * max(near)[0]]
    return sum(value * band for value, band in peak) / sum(value for value, _ in peak)


def _spectrum(pieces: list[FloatArray]) -> Spectrum:
    """Median power in dB at frequencies from 0 to the highest of the stored grid."""
    power = np.concatenate([np.square(np.abs(np.fft.rfft(piece, axis=1))) for piece in pieces])
    return 10.0 * np.log10(np.median(power, axis=0) + 1e-12)


@dataclass(frozen=True)
class _Cliff:
    """The steepest fall of a spectrum: share of the frequencies below it, and its height in dB."""

    band: float = 1.0
    fall: float = 0.0


def _cliff(spectrum: Spectrum) -> _Cliff:
    frequency = np.linspace(0.0, 1.0, len(spectrum))
    best = _Cliff()
    # Short pieces show too few frequencies below a low edge.
    lowest = max(_SMALLEST_BAND, _FEWEST_BELOW / (len(spectrum) - 1))
    for band in np.arange(lowest, 1.0 - _HALF_WIDTH, 0.005).tolist():
        width = min(_HALF_WIDTH, 0.3 * band)
        before = float(np.interp(band - width, frequency, spectrum))
        earlier = float(np.interp(band - 3 * width, frequency, spectrum))
        # Where the spectrum falls steeply anyway, a fall shows less.
        expected = before + 0.5 * min(0.0, before - earlier)
        fall = float(expected - spectrum[frequency >= band + width].max())
        if fall > best.fall:
            edge = _crossing(frequency, spectrum, band - width, before - _EDGE_DB)
            best = _Cliff(edge, fall)
    return best if best.band <= _LARGEST_BAND else _Cliff()


def _crossing(frequency: Spectrum, spectrum: Spectrum, start: float, level: float) -> float:
    """The frequency above ``start`` at which the spectrum falls below a level."""
    fine = np.arange(start, 1.0, 0.002)
    below = np.interp(fine, frequency, spectrum) < level
    return float(fine[np.argmax(below)]) if below.any() else 1.0
