"""Any region equals the crop of the whole result, also a thin one at the rim of the volume."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from stored_otherwise import cut_out, roi_between

from ArSSRLib.networks.catalogue import load_model
from ArSSRLib.networks.model_file import Model
from ArSSRLib.upsampling.request import Upsampling
from ArSSRLib.upsampling.run import upsample_volume
from ArSSRLib.volumes.grid import Grid
from ArSSRLib.volumes.volume import Volume

REGIONS = 200
"""For each scale."""


@pytest.fixture(scope="module")
def model(seeded_model_path: Path) -> Model:
    return load_model(seeded_model_path)


@pytest.mark.parametrize("scale", [4.0, (1.0, 1.7, 5.0)])
def test_random_regions_are_crops_of_the_whole(
    scale: float | tuple[float, float, float], model: Model
) -> None:
    rng = np.random.default_rng(0)
    grid = Grid((7, 6, 5), (1.0, 1.0, 5.0), (3.0, -2.0, 9.0))
    volume = Volume(rng.random(grid.size[::-1], np.float32) * 900, grid)
    request = Upsampling.of(scale=scale, model=model, device="cpu", precision="float32")
    whole = upsample_volume(volume, request, model=model)
    for _ in range(REGIONS):
        roi = roi_between(grid, rng.uniform(-0.5, np.asarray(grid.size) - 0.5, (2, 3)))
        part = upsample_volume(volume, replace(request, roi=roi), model=model)
        np.testing.assert_allclose(part.array, cut_out(whole, roi).array, rtol=0, atol=1e-2)


@pytest.mark.parametrize("low", [(0.0, 0.0, -0.5), (0.0, 0.0, 4.2), (-0.5, -0.5, 0.0)])
def test_a_region_within_the_outermost_half_voxel_has_a_result(
    low: tuple[float, float, float], model: Model
) -> None:
    grid = Grid((7, 6, 5), (1.0, 1.0, 5.0))
    volume = Volume(np.random.default_rng(1).random(grid.size[::-1], np.float32), grid)
    roi = roi_between(grid, [low, np.asarray(low) + 0.2])
    request = Upsampling.of(scale=4.0, model=model, device="cpu", roi=roi)
    assert min(upsample_volume(volume, request, model=model).array.shape) >= 1
