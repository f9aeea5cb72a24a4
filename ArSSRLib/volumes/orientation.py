"""One array order for the network, however the file stores the volume.

A volume may be stored with its axes in any order and direction. The network sees it always in the
order nearest to canonical RAS (first axis to the patient's right, second to the front, third up),
so that the stored order never changes a result.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import lru_cache
from typing import cast

import numpy as np
import numpy.typing as npt

from .array_types import FloatArray, Real
from .grid import IndexBox, SizeTriple, Triple, size_triple, triple

Order = tuple[int, int, int]
Flips = tuple[bool, bool, bool]

_RAS_IN_LPS = np.diag([-1.0, -1.0, 1.0])
_TIE_BREAK = 1e-6
"""Weight of a second score that decides between frames at exactly 45°, where the first is tied."""


@dataclass(frozen=True)
class Reorientation:
    """A permutation of the axes (i, j, k) followed by flips.

    Attributes:
        order: new axis ``a`` is the stored axis ``order[a]``.
        flips: whether new axis ``a`` runs against the stored one.
    """

    order: Order
    flips: Flips

    def apply(self, array: FloatArray) -> FloatArray:
        """The stored array [k, j, i] in canonical order, [S, A, R]; a view, without a copy."""
        turned = array.transpose([2 - self.order[2 - n] for n in range(3)])
        return turned[self._slices()]

    def undo(self, array: npt.NDArray[Real]) -> npt.NDArray[Real]:
        """The canonical array [S, A, R] in stored order [k, j, i]; a view, without a copy."""
        axes = [2 - self.order[2 - n] for n in range(3)]
        return array[self._slices()].transpose(np.argsort(axes))

    def size(self, stored: SizeTriple) -> SizeTriple:
        """The canonical size of a stored size, both along (first, second, third) axis."""
        return size_triple(stored[a] for a in self.order)

    def spacing(self, stored: Triple) -> Triple:
        """The canonical voxel size in mm of a stored one, along (first, second, third) axis."""
        return triple(stored[a] for a in self.order)

    def box(self, start: SizeTriple, size: SizeTriple, whole: SizeTriple) -> IndexBox:
        """Start and size, in canonical order, of a box in a stored grid of ``whole`` voxels."""
        first = [
            whole[a] - start[a] - size[a] if flip else start[a]
            for a, flip in zip(self.order, self.flips, strict=True)
        ]
        return size_triple(first), self.size(size)

    def _slices(self) -> tuple[slice, ...]:
        # Array axes run (k, j, i): the reverse of the order of the flips.
        return tuple(slice(None, None, -1 if flip else 1) for flip in reversed(self.flips))


@lru_cache(maxsize=64)
def to_canonical(direction: tuple[float, ...]) -> Reorientation:
    """The reorientation of a grid with these direction cosines to the nearest RAS order.

    Of the 48 ways to order and flip the axes it takes the one whose axes point most nearly right,
    forward and up. The choice depends on the set of axes alone, not on how they are stored.

    Args:
        direction: 3×3 direction cosines in LPS, row-major, as in
            :class:`ArSSRLib.volumes.grid.Grid`.
    """
    matrix = np.asarray(direction, dtype=np.float64).reshape(3, 3)

    def score(way: Reorientation) -> float:
        cosines = _RAS_IN_LPS @ (matrix[:, way.order] * np.where(way.flips, -1.0, 1.0))
        tie = cosines[0, 1] + cosines[1, 2] + cosines[2, 0]
        return float(np.trace(cosines) + _TIE_BREAK * tie)

    orders = itertools.permutations(range(3))
    ways = itertools.product(orders, itertools.product((False, True), repeat=3))
    return max((Reorientation(cast(Order, o), cast(Flips, f)) for o, f in ways), key=score)
