"""Target grids and regions of interest are what was asked for, or a clear refusal."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ArSSRLib.errors import InputError
from ArSSRLib.upsampling.request import box_of_roi, target_grid
from ArSSRLib.volumes.grid import Grid

GRID = Grid((20, 24, 10), (1.0, 1.25, 3.0), (5.0, -6.0, 7.0))


def test_a_scale_and_the_spacing_it_stands_for_give_one_grid() -> None:
    assert target_grid(GRID, scale=2.5) == target_grid(GRID, spacing=(0.4, 0.5, 1.2))


def test_one_spacing_makes_the_voxels_isotropic() -> None:
    assert target_grid(GRID, spacing=1.0).size == (20, 30, 30)


@pytest.mark.parametrize("given_", [{}, {"scale": 2.0, "spacing": 1.0}])
def test_exactly_one_of_scale_and_spacing_must_be_given(given_: dict[str, float]) -> None:
    with pytest.raises(InputError, match="either a scale or a spacing"):
        target_grid(GRID, **given_)


@pytest.mark.parametrize(
    "given_", [{"scale": 0.5}, {"scale": (2, 2, 0.9)}, {"spacing": 2.0}, {"spacing": (1, 2, 3)}]
)
def test_a_target_coarser_than_the_input_is_refused(given_: dict[str, float]) -> None:
    with pytest.raises(InputError, match="coarser than the input along"):
        target_grid(GRID, **given_)


@pytest.mark.parametrize("value", [0, -1, math.nan, math.inf, (1, 2), (1, 2, 3, 4), 1e9])
def test_an_impossible_scale_is_refused(value: float) -> None:
    with pytest.raises(InputError):
        target_grid(GRID, scale=value)


@given(
    scale=st.floats(1.0, 4.0),
    low=st.tuples(*[st.floats(0.0, 0.8)] * 3),
    extent=st.tuples(*[st.floats(0.05, 0.9)] * 3),
)
def test_the_box_of_a_region_covers_it_and_no_more(
    scale: float, low: tuple[float, ...], extent: tuple[float, ...]
) -> None:
    fine = target_grid(GRID, scale=scale)
    start = np.asarray(low) * GRID.size
    stop = np.minimum(start + np.asarray(extent) * GRID.size, GRID.size)
    corners = GRID.index_to_world([start - 0.5, stop - 0.5])
    first, size = box_of_roi(fine, tuple(corners.ravel()))
    faces = fine.world_to_index(corners)
    first_face, last_face = np.asarray(first) - 0.5, np.asarray(first) + size - 0.5
    assert np.all(first_face <= faces[0] + 1e-5)
    assert np.all(last_face >= faces[1] - 1e-5)
    assert np.all(first_face > faces[0] - 1 - 1e-5)
    assert np.all(last_face < faces[1] + 1 + 1e-5)


def test_a_region_larger_than_the_volume_is_the_whole_volume(oblique_grid: Grid) -> None:
    region = (-900.0, -900.0, -900.0, 900.0, 900.0, 900.0)
    assert box_of_roi(oblique_grid, region) == ((0, 0, 0), oblique_grid.size)


def test_the_corners_of_a_region_may_come_in_any_order() -> None:
    region = (8.0, -2.0, 10.0, 15.0, 5.0, 20.0)
    swapped = (15.0, -2.0, 20.0, 8.0, 5.0, 10.0)
    assert box_of_roi(GRID, region) == box_of_roi(GRID, swapped)


@pytest.mark.parametrize(
    ("region", "words"),
    [
        ((100.0, 100.0, 100.0, 110.0, 110.0, 110.0), "outside the volume, which spans 4.5,-6.625"),
        ((100.0, 100.0, 100.0, 110.0, 110.0, 110.0), "choose one that overlaps it"),
        ((8.0, 0.0, 10.0, 8.0, 5.0, 20.0), "no extent"),
        ((math.nan, 0.0, 0.0, 1.0, 1.0, 1.0), "six finite numbers"),
        ((1.0, 2.0, 3.0), "six finite numbers"),
    ],
)
def test_an_unusable_region_is_refused_with_the_volumes_extent(
    region: tuple[float, ...], words: str
) -> None:
    with pytest.raises(InputError, match=words):
        box_of_roi(GRID, region)  # type: ignore[arg-type]
