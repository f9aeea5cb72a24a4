"""What is known of a model before it runs, and what it warns of."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from ArSSRLib.errors import InputError
from ArSSRLib.networks.baseline_spec import BaselineSpec
from ArSSRLib.networks.build import build_network
from ArSSRLib.networks.catalogue import ModelInfo, load_model, model_info
from ArSSRLib.networks.model_file import ModelHeader, read_header, save_model
from ArSSRLib.upsampling.request import Upsampling
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
def test_factors_and_voxel_sizes_outside_the_training_are_reported(
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


def test_a_baseline_is_refused_where_an_arssr_network_is_needed(tmp_path: Path) -> None:
    spec = BaselineSpec("SRCNN3D")
    save_model(build_network(spec), ModelHeader(spec), tmp_path / "srcnn.npz")
    for refuse in (
        lambda: model_info(tmp_path / "srcnn.npz"),
        lambda: load_model(tmp_path / "srcnn.npz"),
        lambda: Upsampling.of(model=tmp_path / "srcnn.npz"),
    ):
        with pytest.raises(
            InputError, match=r"srcnn\.npz.*baseline SRCNN3D.*choose an ArSSR model"
        ):
            refuse()


@pytest.mark.parametrize("name", ["x" * 256, "x" * 70_000, "a/" * 3000, "a\0b", ""])
def test_names_that_no_system_allows_are_refused(name: str) -> None:
    for look in (model_info, load_model, read_header):
        with pytest.raises(InputError, match="There is no model"):
            look(name)


def test_a_model_counts_its_passes(model: ModelInfo) -> None:
    assert model.header.mirrored
    assert (model.passes(), model.passes(fast=True)) == (2, 1)
    once = replace(model, header=replace(model.header, mirrored=False))
    assert (once.passes(), once.passes(fast=True)) == (1, 1)


def test_a_model_knows_its_file(tmp_path: Path) -> None:
    bundled = model_info("default")
    digest = hashlib.sha256(bundled.path.read_bytes()).hexdigest()
    shutil.copy(bundled.path, tmp_path / "default.npz")
    copied = model_info(tmp_path / "default.npz")
    assert bundled.bundled and not copied.bundled
    assert bundled.sha256 == copied.sha256 == digest
    shutil.copy(model_info("paper").path, copied.path)
    assert copied.sha256 != digest
    copied.path.unlink()
    with pytest.raises(InputError, match=r"default\.npz"):
        _ = copied.sha256
