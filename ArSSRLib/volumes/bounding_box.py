"""The smallest box around the voxels of a mask."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def bounding_box(mask: npt.NDArray[np.bool_]) -> list[tuple[int, int]]:
    """First voxel, and the one after the last, of a mask along each of its axes.

    Args:
        mask: of any number of axes.

    Returns:
        one pair per axis; empty for a mask that is False everywhere.
    """
    pairs = []
    for axis in range(mask.ndim):
        others = tuple(other for other in range(mask.ndim) if other != axis)
        used = np.flatnonzero(mask.any(axis=others))
        if not used.size:
            return []
        pairs.append((int(used[0]), int(used[-1]) + 1))
    return pairs
