"""Where there is something to sharpen; elsewhere interpolation is kept and the network is spared.

Where all intensities nearby agree there is nothing to sharpen, and empty background stays exactly
empty.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor

from ..plan import Spans
from .rows import AxisLookup

_FLAT_RADIUS = 1
"""Voxels around a voxel that must agree with it: those that interpolation at its place reads."""
_FLAT_RANGE = 1e-3
"""How far they may differ, as a share of the volume's range."""


def busy_voxels(low: Tensor) -> Tensor:
    """LR voxels whose neighbourhood is not flat, (k, j, i) bool, from normalised intensities."""
    return _local_range(low) > _FLAT_RANGE


def busy_targets(busy: Tensor, lookups: Sequence[AxisLookup]) -> Spans | None:
    """The box of target voxels whose nearest LR voxel is busy, or None where there is none."""
    seen = busy
    for axis, lookup in enumerate(lookups):
        first, last = int(lookup.nearest[0]), int(lookup.nearest[-1])
        seen = seen.narrow(axis, first, last - first + 1)
    spans = []
    for axis, lookup in enumerate(lookups):
        others = [n for n in range(3) if n != axis]
        profile = seen.any(others[1]).any(others[0])
        used = torch.nonzero(profile[lookup.nearest - lookup.nearest[0]])[:, 0]
        if not len(used):
            return None
        spans.append((int(used[0]), int(used[-1]) + 1))
    return cast(Spans, tuple(spans))


def _local_range(low: Tensor) -> Tensor:
    """Largest minus smallest intensity within ``_FLAT_RADIUS`` voxels of each voxel."""
    return _local_maximum(low) + _local_maximum(-low)


def _local_maximum(values: Tensor) -> Tensor:
    known = values[None, None]
    for axis in range(3):
        kernel, padding = [1, 1, 1], [0, 0, 0]
        kernel[axis], padding[axis] = 2 * _FLAT_RADIUS + 1, _FLAT_RADIUS
        known = F.max_pool3d(known, kernel, stride=1, padding=padding)
    return known[0, 0]
