"""Slices are oriented as a radiologist expects them, in millimetres."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from stored_otherwise import in_another_order

from ArSSRLib.pictures.slices import PLANES, Box, Slicer, detail_box, display_window, tissue_box
from ArSSRLib.volumes.grid import Grid
from ArSSRLib.volumes.volume import Volume

SIDES = {"axial": (8.0, 10.0), "coronal": (8.0, 12.0), "sagittal": (10.0, 12.0)}
"""Width and height in mm."""


def _marked(order: tuple[int, ...], flips: tuple[bool, ...]) -> Volume:
    """A volume of 8×10×12 mm, bright in the right front upper corner, stored in any order.

    In LPS coordinates, x and y are low there and z is high.
    """
    values = np.zeros((4, 5, 8), np.float32)
    values[-1, 0, 0] = 100.0
    return in_another_order(Volume(values, Grid((8, 5, 4), (1.0, 2.0, 3.0))), order, flips)


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
@pytest.mark.parametrize("flips", [(False, False, False), (True, False, True)])
def test_right_front_and_top_are_where_they_belong(
    order: tuple[int, ...], flips: tuple[bool, ...]
) -> None:
    slicer = Slicer(_marked(order, flips))
    for plane in PLANES:
        view = slicer.view(plane, 0.99)
        assert np.argwhere(view.pixels == 100.0).tolist() == [[0, 0]], plane
        assert (view.width, view.height) == SIDES[plane]


def test_the_letters_name_the_edges() -> None:
    slicer = Slicer(_marked((0, 1, 2), (False, False, False)))
    assert [slicer.view(plane, 0.5).letters for plane in PLANES] == ["RLAP", "RLSI", "APSI"]


def test_coarse_and_fine_volumes_show_the_same_place(cortex: Volume) -> None:
    fine = Volume(np.repeat(cortex.array, 2, axis=0), cortex.grid.upsampled((1, 1, 2)))
    for plane, position in itertools.product(PLANES, (0.05, 0.5, 0.95)):
        first, second = Slicer(cortex).view(plane, position), Slicer(fine).view(plane, position)
        assert (first.width, first.height) == pytest.approx((second.width, second.height))
        rows = second.pixels.shape[0] // first.pixels.shape[0]
        np.testing.assert_array_equal(np.repeat(first.pixels, rows, axis=0), second.pixels)


def test_the_box_of_the_tissue_leaves_the_air_out() -> None:
    values = np.zeros((30, 40, 50), np.float32)
    values[10:20, 15:25, 20:40] = 500.0
    volume = Volume(values, Grid((50, 40, 30)))
    view = Slicer(volume).view("axial", 0.5)
    box = tissue_box(view, display_window(volume), margin=2.0)
    # Columns 20 to 39 of 50 and rows 15 to 24 of 40, as stored: LPS i runs to the left.
    assert box == Box(left=18.0, top=13.0, width=24.0, height=14.0)


def test_the_detail_lies_inside_the_tissue_and_in_the_view(cortex: Volume) -> None:
    window = display_window(cortex)
    for plane in PLANES:
        view = Slicer(cortex).view(plane, 0.5)
        box = detail_box(view, window, 12.0, 9.0)
        assert box.left >= 0
        assert box.top >= 0
        assert box.left + box.width <= view.width + 1e-6
        assert box.top + box.height <= view.height + 1e-6
        assert box.width == pytest.approx(12.0, abs=1.5)


@pytest.mark.parametrize("size", [(1, 1, 1), (1, 9, 7), (6, 1, 5)])
def test_tiny_and_constant_volumes_can_be_shown(size: tuple[int, int, int]) -> None:
    volume = Volume(np.zeros(size[::-1], np.float32), Grid(size))
    low, high = display_window(volume)
    assert low < high
    for plane in PLANES:
        slicer = Slicer(volume)
        view = slicer.view(plane, slicer.richest_position(plane, (low, high)))
        tissue_box(view, (low, high))
        detail_box(view, (low, high), 5.0, 5.0)
