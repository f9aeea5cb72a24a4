"""How much finer a result is than its scan."""

from __future__ import annotations

import pytest

from ArSSRLib.upsampling.scales import Scales


@pytest.mark.parametrize(
    ("factors", "axes"),
    [
        ((2.5, 2.5, 2.5), 3.0),
        ((8.0, 1.0, 1.0), 1.0),
        ((1.0, 3.0, 3.0), 2.0),
        ((4.0, 2.0, 1.0), 1.5),
        ((0.5, 2.0, 1.0), 1.0),
        ((1.0, 1.0, 1.0), 1.0),
    ],
)
def test_an_axis_counts_by_the_logarithm_of_its_factor(
    factors: tuple[float, ...], axes: float
) -> None:
    assert Scales(factors, (1.0, 1.0, 1.0)).axes == pytest.approx(axes)


def test_the_anisotropy_is_that_of_the_factors() -> None:
    assert Scales((2.5, 2.5, 2.5), (1.0, 1.0, 1.0)).anisotropy == pytest.approx(1.0)
    assert Scales((8.0, 1.0, 1.0), (1.0, 1.0, 1.0)).anisotropy == pytest.approx(4.0)


@pytest.mark.parametrize(
    ("factors", "size"),
    [
        ((1.0, 1.0, 5.0), 2.0),
        ((1.0, 3.0, 1.0), 0.5),
        ((2.0, 2.0, 2.0), 1.0),
        ((1.0, 1.0, 1.0), 1.0),
        ((1.0, 2.0, 4.0), 2.0 ** (1.0 / 3.0)),
        ((1.0, 0.5, 4.0), 2.0),
    ],
)
def test_the_voxel_size_is_that_of_the_axes_that_are_refined(
    factors: tuple[float, ...], size: float
) -> None:
    assert Scales(factors, (1.0, 0.5, 2.0)).voxel_size == pytest.approx(size)
