"""Padding and outliers, which no network was trained on: found, and taken out of what it sees.

Scanners and converters fill the space around the head with a value such as -1000 or -32768, and
metal or a defect makes a few voxels up to ten times brighter than any tissue. Both would change the
range that intensities are normalised to, and disturb the network as far as it looks.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .array_types import FloatArray
from .bright_spots import BRIGHT, TIMES, bright_spots
from .intensity import sample_of

_FEWEST_PADDED = 1e-3
"""Share of the voxels that padding takes, at least."""
_FEWEST_PADDED_ABOVE = 0.02
"""The same for a value above all others; less may be metal."""
_LOW, _HIGH = 0.1, 99.9
_TISSUE = 98.0
"""Percentile of the foreground that stands for the brightest tissue."""
_BRIGHTEST = 6.0
"""Ranges of tissue that an intensity may lie above air. In 75 volumes of 5 data sets the brightest
voxel (a vessel, fat) lay at 4.9 of them at most."""
_EXACT = 1e-5
"""Share by which linear interpolation rounds between equal values."""
_EDGE = 2
"""How many voxels the edge of an outlier reaches."""
_DARKEST = 1.0
"""Ranges of tissue that an intensity may lie below air."""

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Split:
    """An array as the network sees it, and the rest.

    Attributes:
        seen: the intensities without padding and outliers; the array itself where it has none.
        rest: what is missing from ``seen``, which sums to the array with it; None for nothing.
        padding: the padding value; None without padding.
        air: the intensity that takes its place.
        notes: one sentence for each thing that was taken out.
    """

    seen: FloatArray
    rest: FloatArray | None = None
    padding: float | None = None
    air: float = 0.0
    notes: tuple[str, ...] = ()

    def put_back(self, result: FloatArray, rest: FloatArray) -> None:
        """Adds the upsampled rest to an upsampled ``seen``, in place; padding is kept exactly.

        Args:
            result: what became of ``seen``.
            rest: what became of ``rest`` by linear interpolation, of the same shape.
        """
        result += rest
        if self.padding is not None:
            result[self.is_padding(rest)] = self.padding

    def is_padding(self, rest: FloatArray) -> Mask:
        """Which voxels of the upsampled rest are padding alone, of the shape of ``rest``."""
        if self.padding is None:
            return np.zeros(rest.shape, dtype=bool)
        depth = self.padding - self.air
        return np.asarray(np.abs(rest - depth) <= _EXACT * abs(depth))


def split_outliers(array: FloatArray, named: float | None = None) -> Split:
    """Takes padding and outliers out of an array.

    Padding becomes air: 0 where no other intensity is negative, else the lowest of them. An
    outlier becomes the mean of those of its 26 neighbours that are not, layer by layer.

    Args:
        array: finite intensities [k, j, i].
        named: padding value that the file names; without one it is looked for.
    """
    padding, air = _padding(array)
    if padding is None and named is not None:
        padding, air = _named_padding(array, np.float32(named))
    outside = None if padding is None else array == padding
    seen = array if outside is None else np.where(outside, np.float32(air), array)
    notes = []
    if outside is not None:
        notes.append(
            f"{np.count_nonzero(outside)} voxels of the padding value {padding:g} were kept out of "
            "the network."
        )
    limits = _limits(seen)
    # A limit beyond float32 is infinite.
    with np.errstate(over="ignore"):
        high = seen > limits.high
        bad = _with_edges(seen, high, limits.air + BRIGHT * limits.tissue) | (seen < limits.low)
    count = int(np.count_nonzero(bad))
    if count:
        notes.append(
            f"{count} voxels far outside the range of tissue (beyond {limits.low:.4g} to "
            f"{limits.high:.4g}, or beside such) were kept out of the network and interpolated "
            "linearly."
        )
    left = np.where(bad, np.float32(limits.air), seen) if count else seen
    voxels, spots = bright_spots(left, limits.air, limits.tissue)
    if spots:
        bad[tuple(voxels.T)] = True
        notes.append(
            f"{len(voxels)} voxels in {spots} bright spots, each at least {TIMES:g} times as "
            "bright as all around it, were kept out of the network and interpolated linearly."
        )
    if bad.any():
        seen = _filled(seen, bad)
    if seen is array:
        return Split(array)
    return Split(seen, array - seen, padding, air, tuple(notes))


def _padding(array: FloatArray) -> tuple[float | None, float]:
    """The padding value, if there is one, and the intensity of air in its place."""
    sample = sample_of(array)
    lowest, highest = float(array.min()), float(array.max())
    share = np.count_nonzero(sample == lowest) / sample.size
    others = sample[sample != lowest]
    if lowest < 0.0 and share >= _FEWEST_PADDED and others.size:
        least, most = _range(others)
        # Magnitude images have no negative intensities.
        if float(others.min()) >= 0.0:
            return lowest, 0.0
        if least - lowest > most - least > 0.0:
            return lowest, least
    share = np.count_nonzero(sample == highest) / sample.size
    others = sample[sample != highest]
    if share >= _FEWEST_PADDED_ABOVE and others.size:
        least, most = _range(others)
        if highest - most > _BRIGHTEST * (most - least) > 0.0:
            return highest, max(0.0, least)
    return None, 0.0


def _named_padding(array: FloatArray, named: np.float32) -> tuple[float | None, float]:
    """The same for a value that the file names; None where it is not there, or is air itself."""
    others = array[array != named]
    if others.size in (0, array.size):
        return None, 0.0
    air = min(0.0, float(others.min()))
    return (None, 0.0) if float(named) == air else (float(named), air)


def _range(values: npt.NDArray[np.float32]) -> tuple[float, float]:
    low, high = (float(x) for x in np.percentile(values, [_LOW, _HIGH]))
    return low, high


@dataclass(frozen=True)
class _Limits:
    """Intensities: of air, the range of tissue above it, and the limits of what tissue may have."""

    air: float
    tissue: float
    low: float = -np.inf
    high: float = np.inf


def _limits(array: FloatArray) -> _Limits:
    sample = sample_of(array)
    air = float(np.percentile(sample, _LOW))
    # A sum of intensities up to 3.4e38 is beyond float32.
    foreground = sample[sample > sample.mean(dtype=np.float64)]
    if not foreground.size:
        return _Limits(air, np.inf)
    tissue = float(np.percentile(foreground, _TISSUE)) - air
    return _Limits(air, tissue, air - _DARKEST * tissue, air + _BRIGHTEST * tissue)


def _with_edges(array: FloatArray, high: Mask, bright: float) -> Mask:
    """Voxels that are too bright, and the bright ones beside them, which are their edge."""
    result = high.copy()
    for k, j, i in np.argwhere(high):
        near = tuple(slice(max(0, n - _EDGE), n + _EDGE + 1) for n in (k, j, i))
        result[near] |= array[near] > bright
    return result


def _filled(array: FloatArray, bad: Mask) -> FloatArray:
    """The array with the mean of sound neighbours in place of bad voxels, layer by layer."""
    result = np.where(bad, np.float32(0), array)
    sound = ~bad
    left = np.argwhere(bad)
    while sound.any() and len(left):
        means = np.array([_mean_around(result, sound, voxel) for voxel in left])
        reached = np.isfinite(means)
        filled = tuple(left[reached].T)
        result[filled] = means[reached]
        sound[filled] = True
        left = left[~reached]
    return result


def _mean_around(array: FloatArray, sound: Mask, voxel: npt.NDArray[np.intp]) -> float:
    """The mean of sound neighbours, where others are 0; infinite where there are none."""
    near = tuple(slice(max(0, n - 1), n + 2) for n in voxel)
    weight = np.count_nonzero(sound[near])
    return float(array[near].sum(dtype=np.float64)) / weight if weight else np.inf
