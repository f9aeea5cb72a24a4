"""The network sees the same array however a file stores the volume."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from stored_otherwise import in_another_order

from ArSSRLib.volumes.grid import Grid
from ArSSRLib.volumes.orientation import to_canonical
from ArSSRLib.volumes.volume import Volume

STORED_ORDERS = [
    (order, flips)
    for order in itertools.permutations(range(3))
    for flips in itertools.product((False, True), repeat=3)
]


@pytest.mark.parametrize("angle", [0.0, 12.0, 45.0])
def test_all_48_stored_orders_give_one_canonical_array(angle: float) -> None:
    cosine, sine = np.cos(np.deg2rad(angle)), np.sin(np.deg2rad(angle))
    grid = Grid((4, 5, 6), (1.0, 2.0, 3.0), (7.0, 8.0, 9.0),
                (cosine, -sine, 0, sine, cosine, 0, 0, 0, 1))  # fmt: skip
    volume = Volume(np.random.default_rng(0).random((6, 5, 4), dtype=np.float32), grid)
    canonical = to_canonical(grid.direction).apply(volume.array)
    for order, flips in STORED_ORDERS:
        stored = in_another_order(volume, order, flips)
        turn = to_canonical(stored.grid.direction)
        np.testing.assert_array_equal(turn.apply(stored.array), canonical)
        np.testing.assert_array_equal(turn.undo(canonical), stored.array)
        assert turn.size(stored.grid.size) == canonical.shape[::-1]


def test_an_lps_grid_is_turned_right_forward_and_up() -> None:
    array = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
    canonical = to_canonical(Grid((4, 3, 2)).direction).apply(array)
    # LPS: i to the left, j to the back; canonical: to the right, to the front.
    np.testing.assert_array_equal(canonical, array[:, ::-1, ::-1])


def test_a_box_names_the_same_voxels_in_both_orders() -> None:
    array = np.random.default_rng(0).random((6, 5, 4), dtype=np.float32)
    start, size = (1, 0, 2), (2, 4, 3)
    part = array[2:5, 0:4, 1:3]
    for order, flips in STORED_ORDERS:
        direction = np.eye(3)[:, order] * np.where(flips, -1.0, 1.0)
        turn = to_canonical(tuple(direction.ravel()))
        first, extent = turn.box(start, size, (4, 5, 6))
        box = tuple(slice(a, a + n) for a, n in zip(first[::-1], extent[::-1], strict=True))
        np.testing.assert_array_equal(turn.undo(turn.apply(array)[box]), part)
