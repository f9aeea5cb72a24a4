"""A volume of any size that is brain everywhere: no empty background that could be skipped."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ArSSRLib.sample import sample_path
from ArSSRLib.volumes.files.reading import read_volume

_HALF_SIDE = 20


def repeated_brain(size: Sequence[int]) -> npt.NDArray[np.float32]:
    """The central 40³ voxels of the bundled brain, repeated.

    Args:
        size: voxels along (i, j, k).

    Returns:
        float32 array of shape (k, j, i).
    """
    brain = read_volume(sample_path()).array
    middle = [n // 2 for n in brain.shape]
    core = brain[tuple(slice(m - _HALF_SIDE, m + _HALF_SIDE) for m in middle)]
    shape = size[::-1]
    repeats = [-(-n // (2 * _HALF_SIDE)) for n in shape]
    return np.ascontiguousarray(np.tile(core, repeats)[tuple(slice(n) for n in shape)])
