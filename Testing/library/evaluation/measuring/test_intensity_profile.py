"""Intensity profiles along lines through a real brain."""

from __future__ import annotations

import numpy as np
import pytest

from ArSSRLib.errors import InputError
from ArSSRLib.evaluation.measuring.intensity_profile import Profile, profile_between_points
from ArSSRLib.volumes.grid import Grid

OBLIQUE = (0.8, -0.6, 0.0, 0.6, 0.8, 0.0, 0.0, 0.0, 1.0)
Index = tuple[float, float, float]


def _between_voxels(array: np.ndarray, grid: Grid, start: Index, end: Index) -> Profile:
    """The profile between the voxels (i, j, k) ``start`` and ``end``."""
    first, last = grid.index_to_world([start, end]).tolist()
    return profile_between_points(array, grid, first, last)


def test_samples_at_voxel_centres_are_the_voxels(brain: np.ndarray) -> None:
    grid = Grid(brain.shape[::-1], (2.0, 2.0, 2.0))
    profile = _between_voxels(brain, grid, (10, 40, 38), (60, 40, 38))
    assert profile.intensity[::4] == pytest.approx(brain[38, 40, 10:61])
    assert profile.distance[::4] == pytest.approx(np.arange(51) * 2.0)


def test_the_place_of_a_volume_does_not_change_the_profile(brain: np.ndarray) -> None:
    size = brain.shape[::-1]
    grid = Grid(size, (1.5, 1.5, 1.5), (-7.0, 12.0, 30.0), OBLIQUE)
    start, end = (20.5, 30.0, 10.0), (50.0, 33.0, 60.0)
    oblique = _between_voxels(brain, grid, start, end)
    plain = _between_voxels(brain, Grid(size), start, end)
    assert oblique.intensity == pytest.approx(plain.intensity)
    assert oblique.distance == pytest.approx(1.5 * plain.distance)


def test_a_ramp_is_read_as_a_straight_line() -> None:
    ramp = np.broadcast_to(np.arange(9.0)[:, None, None], (9, 9, 9))
    profile = _between_voxels(ramp, Grid((9, 9, 9)), (0, 0, 1), (8, 8, 7))
    assert np.diff(profile.intensity, 2) == pytest.approx(0, abs=1e-12)
    assert profile.intensity[[0, -1]] == pytest.approx([1, 7])


def test_the_outer_half_voxel_belongs_to_the_volume(brain: np.ndarray, brain_grid: Grid) -> None:
    profile = _between_voxels(brain, brain_grid, (-0.5, 40, 38), (5, 40, 38))
    assert profile.intensity[0] == brain[38, 40, 0]


@pytest.mark.parametrize("end", [(-0.6, 0, 0), (0, 0, 1000)])
def test_a_line_that_leaves_the_volume_is_refused(brain, brain_grid: Grid, end) -> None:
    with pytest.raises(InputError, match="is outside the volume"):
        _between_voxels(brain, brain_grid, (1, 1, 1), end)


def test_a_line_of_no_length_is_refused(brain, brain_grid: Grid) -> None:
    with pytest.raises(InputError, match="two positions apart"):
        _between_voxels(brain, brain_grid, (1, 1, 1), (1, 1, 1))
