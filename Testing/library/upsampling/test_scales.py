"""How much finer a result is than its scan."""

from __future__ import annotations

import pytest

from ArSSRLib.upsampling.scales import Scales


@pytest.mark.parametrize(
    ("factors", "axes", "anisotropy", "voxel_size"),
    [
        ((2.5, 2.5, 2.5), 3.0, 1.0, 1.0),
        ((8.0, 1.0, 1.0), 1.0, 4.0, 1.0),
        ((1.0, 8.0, 1.0), 1.0, 4.0, 0.5),
        ((1.0, 1.0, 8.0), 1.0, 4.0, 2.0),
        ((1.0, 4.0, 4.0), 2.0, 4.0 ** (1.0 / 3.0), 1.0),
        ((1.0, 2.0, 4.0), 1.5, 2.0, 2.0 ** (1.0 / 3.0)),
        ((1.0, 0.5, 2.0), 1.0, 2.0, 2.0),
        ((1.0, 1.0, 1.0), 1.0, 1.0, 1.0),
    ],
)
def test_an_axis_counts_by_the_logarithm_of_its_factor(
    factors: tuple[float, ...], axes: float, anisotropy: float, voxel_size: float
) -> None:
    scales = Scales(factors, (1.0, 0.5, 2.0))
    assert scales.axes == pytest.approx(axes)
    assert scales.anisotropy == pytest.approx(anisotropy)
    assert scales.voxel_size == pytest.approx(voxel_size)
