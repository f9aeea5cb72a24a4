"""What a model says of a run that it was not trained for."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ArSSRLib.networks.catalogue import ModelInfo, model_info
from ArSSRLib.volumes.grid import Grid, Triple


@pytest.fixture(scope="module")
def model() -> ModelInfo:
    """A model for 2× to 4× and voxels of 1 to 5 mm."""
    info = model_info("default")
    header = replace(info.header, scale_range=(2.0, 4.0), spacing_range_mm=(1.0, 5.0))
    return replace(info, header=header)


@pytest.mark.parametrize(
    ("spacing", "scale", "factors", "spacings"),
    [
        ((1.0, 1.0, 5.0), 2.0, [], []),
        ((1.0, 1.0, 5.0), (1.0, 1.0, 4.0), [], []),
        ((1.0, 1.0, 5.0), 1.0, [1.0], []),
        ((1.0, 1.0, 5.0), (1.0, 1.5, 5.0), [1.5, 5.0], []),
        ((0.5, 1.0, 6.0), 2.0, [], [0.5, 6.0]),
    ],
)
def test_factors_and_voxel_sizes_outside_the_training_are_told(
    model: ModelInfo, spacing: Triple, scale: Triple, factors: list[float], spacings: list[float]
) -> None:
    grid = Grid((100, 100, 100), spacing)
    assert model.outside_training(grid, grid.upsampled(scale)) == (factors, spacings)


@pytest.mark.parametrize(("voxels", "told"), [(197, True), (199, False), (403, False), (405, True)])
def test_a_scale_may_be_a_hundredth_beyond_the_training(
    model: ModelInfo, voxels: int, told: bool
) -> None:
    grid = Grid((100, 100, 100))
    factors, _ = model.outside_training(grid, grid.resized((voxels, 300, 300)))
    assert bool(factors) == told


@pytest.mark.parametrize(
    ("spacing", "told"), [(0.89, True), (0.91, False), (5.4, False), (5.6, True)]
)
def test_a_voxel_size_may_be_a_tenth_beyond_the_training(
    model: ModelInfo, spacing: float, told: bool
) -> None:
    grid = Grid((100, 100, 100), (spacing, 2.0, 2.0))
    assert bool(model.outside_training(grid, grid.upsampled(2.0))[1]) == told
