"""The target grid is what was asked for, or a clear refusal."""

from __future__ import annotations

import math

import pytest

from ArSSRLib.errors import InputError
from ArSSRLib.upsampling.resolution import Resolution
from ArSSRLib.volumes.grid import Grid

GRID = Grid((20, 24, 10), (1.0, 1.25, 3.0), (5.0, -6.0, 7.0))
THICK = Grid((100, 100, 30), (0.87, 0.87, 5.0))


def test_a_scale_and_the_spacing_it_stands_for_give_one_grid() -> None:
    by_scale = Resolution.of(scale=2.5).target_grid(GRID)
    assert by_scale == Resolution.of(spacing=(0.4, 0.5, 1.2)).target_grid(GRID)


def test_one_spacing_refines_only_the_coarser_axes() -> None:
    assert Resolution.of(spacing=1.0).target_grid(GRID).size == (20, 30, 30)
    assert Resolution.of(spacing=1.0).target_grid(THICK).size == (100, 100, 150)
    assert Resolution.of(spacing=2.0).target_grid(GRID).size == (20, 24, 15)


def test_isotropic_voxels_have_the_size_of_the_finest_axis_or_less() -> None:
    assert Resolution.of(isotropic=True).target_grid(THICK).size == (100, 100, 172)
    assert Resolution.of(isotropic=1.0).target_grid(THICK).size == (100, 100, 172)
    assert Resolution.of(isotropic=0.5).target_grid(THICK).size == (174, 174, 300)


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ({"spacing": 3.0}, "not finer than the input along any axis .*give 2.8"),
        ({"isotropic": True}, "isotropic already"),
        ({"isotropic": 2.0}, "isotropic already"),
    ],
)
def test_voxels_that_no_axis_needs_are_refused(wanted: dict[str, float], words: str) -> None:
    grid = GRID if "spacing" in wanted else Grid((20, 20, 20), (1.0, 1.001, 0.999))
    with pytest.raises(InputError, match=words):
        Resolution.of(**wanted).target_grid(grid)


@pytest.mark.parametrize(
    "wanted", [{}, {"scale": 2.0, "spacing": 1.0}, {"scale": 2, "isotropic": True}]
)
def test_exactly_one_of_the_three_must_be_given(wanted: dict[str, float]) -> None:
    with pytest.raises(InputError, match="either a scale, a spacing or isotropic"):
        Resolution.of(**wanted)


@pytest.mark.parametrize("wanted", [{"scale": 0.5}, {"scale": (2, 2, 0.9)}, {"spacing": (1, 2, 3)}])
def test_a_target_coarser_than_the_input_is_refused(wanted: dict[str, float]) -> None:
    with pytest.raises(InputError, match="coarser than the input along"):
        Resolution.of(**wanted).target_grid(GRID)


@pytest.mark.parametrize(
    "value", [0, -1, math.nan, math.inf, (1, 2), (1, 2, 3, 4), 1e9, "2", True, [1, 1, "x"]]
)
def test_an_impossible_scale_is_refused(value: object) -> None:
    with pytest.raises(InputError):
        Resolution.of(scale=value).target_grid(GRID)


@pytest.mark.parametrize(
    ("wanted", "name", "title"),
    [
        ({"scale": 2.0}, "2x", "2×"),
        ({"scale": (1, 1, 2.3)}, "1x1x2.3x", "1 × 1 × 2.3"),
        ({"scale": 1 / 3}, "0.333333333333x", "0.333333×"),
        ({"spacing": 0.8}, "0.8mm", "0.8 mm"),
        ({"isotropic": True}, "isotropic", "isotropic"),
        ({"isotropic": 1.0}, "isotropic1mm", "isotropic 1 mm"),
    ],
)
def test_names_tell_resolutions_apart(wanted: dict[str, float], name: str, title: str) -> None:
    assert (Resolution.of(**wanted).name, Resolution.of(**wanted).title) == (name, title)
