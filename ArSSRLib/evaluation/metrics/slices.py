"""Slice-by-slice measurement of a volume in its three orientations.

The paper (section IV-A.2) measures 2-D metrics on every axial, sagittal and coronal slice and
averages over all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from .metric import Window


def iterate_slices(volume: np.ndarray) -> Iterator[np.ndarray]:
    """Yields every 2-D slice of ``volume[k, j, i]``: across k, then across j, then across i."""
    for axis in range(3):
        yield from np.moveaxis(volume, axis, 0)


def to_8_bit_range(
    volume: NDArray[np.float64], window: Window | None = None
) -> NDArray[np.float64]:
    """Maps a window of intensities linearly to 0..255.

    Args:
        volume: intensities ``array[k, j, i]``.
        window: what becomes 0 and 255; default the volume's own minimum and maximum.

    PSI and LPC-SI hold constants that were chosen for 8-bit pictures. Values are neither rounded
    nor clipped, so that overshoot stays visible. A volume without contrast becomes zero.
    """
    low, high = window if window is not None else (float(volume.min()), float(volume.max()))
    if high <= low:
        return np.zeros_like(volume)
    return (volume - low) * (255.0 / (high - low))


def mean_over_slices(volume: np.ndarray, measure: Callable[[np.ndarray], float]) -> float:
    """The mean of a measure over the slices of three orientations.

    Args:
        volume: ``array[k, j, i]``.
        measure: measures one 2-D slice; NaN for one that it cannot measure.

    Slices of one single intensity (the empty ends of a skull-stripped volume) show nothing whose
    sharpness could be measured and are left out, and so are slices for which ``measure`` returns
    NaN. NaN if nothing is left.
    """
    scores = [measure(image) for image in iterate_slices(volume) if image.min() < image.max()]
    kept = [score for score in scores if not np.isnan(score)]
    return float(np.mean(kept)) if kept else float("nan")
