"""A region of interest is the voxels that cover it, or a clear refusal."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ArSSRLib.errors import InputError
from ArSSRLib.volumes.grid import Grid
from ArSSRLib.volumes.region import box_of_roi

GRID = Grid((20, 24, 10), (1.0, 1.25, 3.0), (5.0, -6.0, 7.0))


@given(
    scale=st.floats(1.0, 4.0),
    low=st.tuples(*[st.floats(0.0, 0.8)] * 3),
    extent=st.tuples(*[st.floats(0.05, 0.9)] * 3),
)
def test_the_box_of_a_region_covers_it_and_no_more(
    scale: float, low: tuple[float, ...], extent: tuple[float, ...]
) -> None:
    fine = GRID.upsampled(scale)
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
