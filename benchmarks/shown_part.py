"""The part of a volume that the pictures of the benchmarks show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ArSSRLib.volumes.array_types import FloatArray
from ArSSRLib.volumes.orientation import to_canonical
from ArSSRLib.volumes.volume import Volume

SIDE_MM = 60.0


def part_around(volume: Volume, middle: Sequence[int]) -> Volume:
    """A cube of 60 mm around a voxel (k, j, i), with an even number of voxels along each axis."""
    box = []
    for centre, count, spacing in zip(
        middle[::-1], volume.grid.size, volume.grid.spacing, strict=True
    ):
        side = min(count, round(SIDE_MM / spacing)) // 2 * 2
        box.append((int(np.clip(centre - side // 2, 0, count - side)), side))
    (i, columns), (j, rows), (k, slices) = box
    array = volume.array[k : k + slices, j : j + rows, i : i + columns]
    grid = volume.grid.cropped((i, j, k), (columns, rows, slices))
    return replace(volume, array=np.ascontiguousarray(array), grid=grid)


def central_part(volume: Volume) -> Volume:
    """The same around the middle."""
    return part_around(volume, [count // 2 for count in volume.array.shape])


def middle_slice(volume: Volume) -> FloatArray:
    """The middle axial slice, anterior up."""
    array = to_canonical(volume.grid.direction).apply(volume.array)
    return array[array.shape[0] // 2]
