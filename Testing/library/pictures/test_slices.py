"""Slices are oriented as a radiologist expects them, in millimetres."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from ArSSRLib.pictures.slices import (
    PLANES,
    Box,
    Slicer,
    detail_box,
    display_window,
    tissue_box,
)
from ArSSRLib.volumes.grid import Grid
from ArSSRLib.volumes.volume import Volume

# A marker in the patient's right, front, upper corner: LPS x low, y low, z high.
CORNERS = {"axial": (0, 0), "coronal": (0, 0), "sagittal": (0, 0)}


def _marked(order: tuple[int, ...], flips: tuple[bool, ...]) -> Volume:
    """A volume of 8×10×12 mm, bright in the right front upper corner, stored in any order."""
    size, spacing = (8, 5, 4), (1.0, 2.0, 3.0)
    stored_size = tuple(size[a] for a in order)
    direction = np.eye(3)[:, order] * np.where(flips, -1.0, 1.0)
    first = np.zeros(3)
    for a, flip in zip(order, flips, strict=True):
        first[a] = (size[a] - 1) * spacing[a] if flip else 0.0
    grid = Grid(stored_size, tuple(spacing[a] for a in order), tuple(first),
                tuple(direction.ravel()))  # fmt: skip
    values = np.zeros(stored_size[::-1], np.float32)
    i, j, k = np.rint(grid.world_to_index((0.0, 0.0, 9.0))).astype(int)
    values[k, j, i] = 100.0
    return Volume(values, grid)


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
@pytest.mark.parametrize("flips", [(False, False, False), (True, False, True)])
def test_right_front_and_top_are_where_they_belong(
    order: tuple[int, ...], flips: tuple[bool, ...]
) -> None:
    slicer = Slicer(_marked(order, flips))
    views = {
        "axial": slicer.view("axial", 0.99),
        "coronal": slicer.view("coronal", 0.99),
        "sagittal": slicer.view("sagittal", 0.99),
    }
    for plane, view in views.items():
        assert np.argwhere(view.pixels == 100.0).tolist() == [list(CORNERS[plane])], plane
    assert (views["axial"].width, views["axial"].height) == (8.0, 10.0)
    assert (views["coronal"].width, views["coronal"].height) == (8.0, 12.0)
    assert (views["sagittal"].width, views["sagittal"].height) == (10.0, 12.0)


def test_the_letters_name_the_edges() -> None:
    slicer = Slicer(_marked((0, 1, 2), (False, False, False)))
    assert [slicer.view(plane, 0.5).letters for plane in PLANES] == ["RLAP", "RLSI", "APSI"]


def test_coarse_and_fine_volumes_show_the_same_place(cortex: Volume) -> None:
    fine = Volume(
        np.repeat(cortex.array, 2, axis=0),
        cortex.grid.upsampled((1, 1, 2)),
    )
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
