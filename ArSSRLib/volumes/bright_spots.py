"""Small groups of voxels that are far brighter than all around them: metal, hot voxels.

Anatomy has no such edges: between a vessel, fat or a lesion with contrast agent and the tissue
around it lie voxels that hold some of both.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
import numpy.typing as npt

from .array_types import FloatArray

BRIGHT = 1.5
"""Ranges of tissue above air from which a voxel may belong to a spot."""
TIMES = 2.0
"""How many times as far above air as its neighbours a spot lies. In 60 volumes of 15 sources, two
of them with contrast agent, no group of bright voxels lay more than 1.55 times as far."""
_LARGEST = 125
"""Voxels of a spot."""
_OFFSETS = np.array([each for each in product((-1, 0, 1), repeat=3) if any(each)])

Indices = npt.NDArray[np.intp]
_Pairs = npt.NDArray[np.int32]


def bright_spots(array: FloatArray, air: float, tissue: float) -> tuple[Indices, int]:
    """Finds groups of touching voxels, each voxel brighter than all beside the group.

    Args:
        array: finite intensities [k, j, i].
        air: intensity of air.
        tissue: range of tissue above it.

    Returns:
        Indices (n, 3) of the voxels of all spots, and the number of spots.
    """
    flat: Indices = np.empty(0, np.intp)
    count = 0
    # Between a spot and what is beside it lies one of these levels, up to twice the last.
    for level in (BRIGHT, TIMES * BRIGHT):
        with np.errstate(over="ignore"):
            bright = _Bright(array, np.flatnonzero(array > air + level * tissue))
        voxels, groups = bright.spots(air)
        new = ~np.isin(voxels, flat)
        count += len(np.unique(groups[new]))
        flat = np.concatenate([flat, voxels[new]])
    return np.stack(np.unravel_index(flat, array.shape), axis=1), count


@dataclass(frozen=True)
class _Bright:
    """The voxels above one level.

    Attributes:
        array: intensities [k, j, i].
        flat: the voxels' places in the flattened array, ascending.
    """

    array: FloatArray
    flat: Indices

    def spots(self, air: float) -> tuple[Indices, Indices]:
        """Places of the voxels that belong to spots, and the group of each."""
        pairs = []
        beside = np.full(self.flat.size, -np.inf)
        for own, places in self._neighbours():
            at = np.minimum(np.searchsorted(self.flat, places), self.flat.size - 1)
            bright = self.flat[at] == places
            pairs.append(np.stack([own[bright], at[bright]]).astype(np.int32))
            dim = own[~bright]
            beside[dim] = np.maximum(beside[dim], self.array.flat[places[~bright]])
        group = _groups(self.flat.size, pairs)
        darkest = np.full(self.flat.size, np.inf)
        np.minimum.at(darkest, group, self.array.flat[self.flat].astype(np.float64))
        brightest = np.full(self.flat.size, -np.inf)
        np.maximum.at(brightest, group, beside)
        small = np.bincount(group, minlength=self.flat.size) <= _LARGEST
        chosen = (small & (darkest - air > TIMES * (brightest - air)))[group]
        return self.flat[chosen], group[chosen]

    def _neighbours(self) -> Iterator[tuple[Indices, Indices]]:
        """For each of 26 directions: which voxels have a neighbour there, and its place."""
        if not self.flat.size:
            return
        at = np.stack(np.unravel_index(self.flat, self.array.shape), axis=1)
        for offset in _OFFSETS:
            near = at + offset
            inside = ((near >= 0) & (near < self.array.shape)).all(axis=1)
            places = np.ravel_multi_index(tuple(near[inside].T), self.array.shape)
            yield np.flatnonzero(inside), places


def _groups(count: int, pairs: list[_Pairs]) -> Indices:
    """A number for each of ``count`` items, the same for all that are connected."""
    if not pairs:
        return np.arange(count)
    # Late, because most scans have no voxel that is bright enough.
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    one, other = np.concatenate(pairs, axis=1)
    links = coo_array((np.ones(len(one), np.int8), (one, other)), shape=(count, count))
    numbers: Indices = connected_components(links, directed=False)[1]
    return numbers
