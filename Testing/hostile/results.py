"""Whether a result is what its input asks for; what is odd but usable must not become nonsense."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from .entry import Entry

_MOST_SHIFT_OF_MEAN = 0.05
"""As a share of the input's range."""
_ROUNDING = 1e-5


def fault_of_result(entry: Entry, source: Path, made: Path) -> str:
    """What is wrong with the file that ``arssr upsample --scale S`` made; empty when nothing is.

    Args:
        entry: the input, whose arguments name the scale.
        source: the input's file or folder.
        made: the result.
    """
    from ArSSRLib.errors import InputError
    from ArSSRLib.volumes.files.reading import read_volume

    scale = float(entry.arguments[entry.arguments.index("--scale") + 1])
    try:
        low, high = read_volume(source), read_volume(made)
    except InputError as error:
        return f"the result cannot be read: {error}"
    wanted = low.grid.upsampled(scale)
    if high.grid.size != wanted.size or not np.allclose(high.grid.spacing, wanted.spacing):
        return f"the result has {high.grid}, not {wanted}"
    extent, largest = float(np.ptp(low.array)), float(np.abs(low.array).max())
    means = [float(volume.array.mean(dtype=np.float64)) for volume in (low, high)]
    if abs(means[0] - means[1]) > _MOST_SHIFT_OF_MEAN * extent + _ROUNDING * largest:
        return f"the mean of the result is {means[1]:g}, that of the input {means[0]:g}"
    return ""
