"""A volume is upsampled in its place, by every method, however it is stored."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from small_models import small_network
from stored_otherwise import cut_out, in_another_order, roi_between

from ArSSRLib.choices import METHODS
from ArSSRLib.errors import Cancelled, InputError
from ArSSRLib.networks.catalogue import load_model
from ArSSRLib.networks.model_file import Model, ModelHeader
from ArSSRLib.networks.noise_level import at_noise_level
from ArSSRLib.upsampling.engine import Engine
from ArSSRLib.upsampling.progress import Progress
from ArSSRLib.upsampling.request import Upsampling
from ArSSRLib.upsampling.run import PROVENANCE_KEY, upsample_volume, upsample_with_error
from ArSSRLib.volumes.grid import Grid
from ArSSRLib.volumes.intensity import Normalisation
from ArSSRLib.volumes.noise import estimate_noise
from ArSSRLib.volumes.orientation import to_canonical
from ArSSRLib.volumes.volume import Volume

SCALES = [2.0, 2.5, 3.2, (1.5, 2.0, 3.0)]
STORED = [((0, 1, 2), (False, False, False)), ((0, 1, 2), (True, False, True)),
          ((2, 0, 1), (False, True, False)), ((1, 0, 2), (True, True, True))]  # fmt: skip
REGION = [(10, 12, 4), (25, 30, 12)]
"""Two voxels of the cortex."""


@pytest.fixture(scope="module")
def model(seeded_model_path: Path) -> Model:
    return load_model(seeded_model_path)


@pytest.fixture(scope="module")
def placing_model() -> Model:
    """A network whose last layer is zero: with the residual it places as trilinear does."""
    network = small_network(4).eval().requires_grad_(False)
    return Model(network, ModelHeader(network.spec), "zero")


def _upsampled(volume: Volume, model: Model | None = None, **choices: Any) -> Volume:
    if model is not None:
        choices["model"] = model
    return upsample_volume(volume, Upsampling.of(device="cpu", **choices), model=model)


@pytest.fixture(params=["axis-aligned", "oblique and left-handed", "permuted"])
def blob(request: pytest.FixtureRequest, oblique_grid: Grid) -> tuple[Volume, np.ndarray]:
    """A Gaussian of 2.4 mm beside the middle of a grid, and its centre in world coordinates."""
    grid = {
        "axis-aligned": Grid((24, 22, 20), (1.0, 1.1, 1.3), (-10.0, 20.0, 5.0)),
        "oblique and left-handed": oblique_grid,
        "permuted": Grid(
            (20, 24, 22), (1.2, 0.9, 1.0), (3.0, 4.0, 5.0), (0, 1, 0, 0, 0, -1, 1, 0, 0)
        ),
    }[request.param]
    beside = [(n - 1) / 2 + off for n, off in zip(grid.size, (0.3, -0.4, 0.15), strict=True)]
    centre = grid.index_to_world(beside)
    index = np.stack(np.meshgrid(*(np.arange(n) for n in grid.size), indexing="ij"), axis=-1)
    distance = np.linalg.norm(grid.index_to_world(index) - centre, axis=-1)
    values = 1000.0 * np.exp(-0.5 * (distance / 2.4) ** 2)
    return Volume(values.T.astype(np.float32), grid), centre


def _centre_of_mass(volume: Volume) -> np.ndarray:
    weights = volume.array.astype(np.float64).T
    index = [
        np.average(np.arange(n), weights=weights.sum(axis=tuple({0, 1, 2} - {a})))
        for a, n in enumerate(volume.grid.size)
    ]
    return volume.grid.index_to_world(index)


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("method", METHODS)
def test_a_blob_keeps_its_centre_of_mass_in_the_patient(
    method: str, scale: float, blob: tuple[Volume, np.ndarray], placing_model: Model
) -> None:
    volume, centre = blob
    result = _upsampled(volume, placing_model, scale=scale, method=method)
    assert result.grid == volume.grid.upsampled(scale)
    before, after = _centre_of_mass(volume), _centre_of_mass(result)
    assert np.abs(after - before).max() < 0.02
    assert np.abs(after - centre).max() < 0.02


@pytest.mark.parametrize("scale", SCALES)
def test_the_bundled_network_keeps_a_blobs_centre_of_mass_too(
    scale: float, blob: tuple[Volume, np.ndarray]
) -> None:
    volume, centre = blob
    result = _upsampled(volume, scale=scale)
    assert np.abs(_centre_of_mass(result) - centre).max() < 0.02


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("order", "flips"), STORED)
def test_flipping_or_permuting_the_storage_flips_or_permutes_the_result(
    cortex: Volume, model: Model, method: str, order: tuple[int, ...], flips: tuple[bool, ...]
) -> None:
    part = Volume(cortex.array[:9, :12, :14], cortex.grid.cropped((0, 0, 0), (14, 12, 9)))
    scale = (1.6, 2.0, 2.4)
    expected = in_another_order(_upsampled(part, model, scale=scale, method=method), order, flips)
    stored = in_another_order(part, order, flips)
    turned_scale = tuple(scale[a] for a in order)
    result = _upsampled(stored, model, scale=turned_scale, method=method)
    np.testing.assert_array_equal(result.array, expected.array)
    np.testing.assert_allclose(result.grid.origin, expected.grid.origin, atol=1e-6)
    np.testing.assert_allclose(result.grid.spacing, expected.grid.spacing, atol=1e-9)


@pytest.mark.usefixtures("single_precision")
@pytest.mark.parametrize("method", METHODS)
def test_a_region_holds_the_values_of_the_whole(cortex: Volume, model: Model, method: str) -> None:
    whole = _upsampled(cortex, model, scale=1.7, method=method)
    region = roi_between(cortex.grid, REGION)
    part = _upsampled(cortex, model, scale=1.7, method=method, roi=region)
    expected = cut_out(whole, region)
    assert part.array.shape == expected.array.shape
    assert np.abs(part.array - expected.array).max() < 1e-4 * float(np.ptp(whole.array))
    np.testing.assert_allclose(part.grid.origin, expected.grid.origin, atol=1e-9)


def test_the_network_sharpens_and_the_result_says_so(cortex: Volume, model: Model) -> None:
    sharper = _upsampled(cortex, model, scale=(1, 1, 2.3))
    linear = _upsampled(cortex, scale=(1, 1, 2.3), method="linear")
    assert np.abs(sharper.array - linear.array).max() > 1.0
    assert sharper.pixel_type == "int16"
    assert str(model.name) in sharper.metadata[PROVENANCE_KEY]
    assert "2.3 times" in sharper.metadata[PROVENANCE_KEY]


@pytest.mark.parametrize("method", METHODS)
def test_constant_and_negative_volumes_keep_their_values(method: str, model: Model) -> None:
    grid = Grid((9, 8, 7))
    constant = Volume(np.full((7, 8, 9), -123.0, np.float32), grid, "int16")
    result = _upsampled(constant, model, scale=2, method=method)
    np.testing.assert_allclose(result.array, -123.0, atol=1e-3)


@pytest.mark.parametrize("size", [(1, 1, 1), (1, 7, 9), (12, 10, 1)])
@pytest.mark.parametrize("method", METHODS)
def test_volumes_of_one_voxel_or_one_slice_work(
    size: tuple[int, int, int], method: str, model: Model
) -> None:
    grid = Grid(size)
    volume = Volume(np.random.default_rng(0).random(size[::-1], dtype=np.float32), grid)
    result = _upsampled(volume, model, scale=2, method=method)
    assert result.array.shape == tuple(2 * n for n in size[::-1])
    assert np.isfinite(result.array).all()


@pytest.mark.parametrize("method", METHODS)
def test_progress_goes_up_to_the_end_and_the_callback_cancels(
    cortex: Volume, model: Model, method: str
) -> None:
    seen: list[Progress] = []
    request = Upsampling.of(scale=1.5, method=method, model=model, device="cpu")
    upsample_volume(cortex, request, model=model, progress=seen.append)
    fractions = [report.fraction for report in seen]
    assert all(a <= b for a, b in itertools.pairwise(fractions))
    assert fractions[-1] == pytest.approx(1.0)

    def cancel(report: Progress) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        upsample_volume(cortex, request, model=model, progress=cancel)


def test_an_impossible_size_is_refused(cortex: Volume) -> None:
    with pytest.raises(InputError, match="GB and this process can have"):
        _upsampled(cortex, scale=300, method="cubic")


def test_without_more_voxels_the_network_changes_nothing(cortex: Volume, model: Model) -> None:
    region = roi_between(cortex.grid, REGION)
    np.testing.assert_array_equal(_upsampled(cortex, model, scale=1).array, cortex.array)
    part = _upsampled(cortex, model, scale=1, roi=region)
    np.testing.assert_array_equal(part.array, cut_out(cortex, region).array)


@pytest.fixture(scope="module")
def noise_model() -> Model:
    """A network that takes the noise level and responds to it."""
    network = small_network(4, noise_level=True).eval().requires_grad_(False)
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    return Model(network, ModelHeader(network.spec), "noise")


def test_the_network_is_given_the_noise_of_the_scan(cortex: Volume, noise_model: Model) -> None:
    level = estimate_noise(cortex.array)
    assert level > 0
    for reduction in (0.0, 1.0, 1.5):
        plain = at_noise_level(noise_model.network, reduction * level)
        model = replace(noise_model, network=plain, header=ModelHeader(plain.spec))
        target = cortex.grid.upsampled(2.0).size[::-1]
        turn = to_canonical(cortex.grid.direction)
        low = turn.apply(cortex.array)
        expected = Engine(model=model, device="cpu").upsample(low, turn.size(target[::-1])[::-1])
        result = _upsampled(cortex, noise_model, scale=2, noise_reduction=reduction)
        np.testing.assert_allclose(result.array, turn.undo(expected), rtol=1e-5, atol=1e-3)


def test_the_estimated_noise_is_told_and_a_given_one_is_not(
    cortex: Volume, noise_model: Model, model: Model
) -> None:
    assert _noise_told(cortex, noise_model) == estimate_noise(cortex.array) > 0.0
    assert _noise_told(cortex, noise_model, noise_reduction=0.5) == estimate_noise(cortex.array)
    assert _noise_told(cortex, noise_model, noise_level=0.02) is None
    assert _noise_told(cortex, model) is None


def _noise_told(volume: Volume, model: Model, **options: float) -> float | None:
    request = Upsampling.of(scale=2, model=model, device="cpu", **options)
    return upsample_with_error(volume, request, model=model).noise


def test_noise_reduction_changes_the_result_of_a_model_that_takes_the_level(
    cortex: Volume, noise_model: Model
) -> None:
    results = [_upsampled(cortex, noise_model, scale=2, noise_reduction=r).array for r in (0, 1, 2)]
    assert not np.allclose(results[0], results[1])
    assert not np.allclose(results[1], results[2])


def test_a_part_of_a_volume_is_computed_like_the_whole_when_its_noise_and_range_are_given(
    cortex: Volume, noise_model: Model
) -> None:
    whole = _upsampled(cortex, noise_model, scale=2, precision="float32")
    start, size = (8, 6, 2), (32, 30, 16)
    (i, j, k), (width, height, depth) = start, size
    part = replace(
        cortex,
        array=cortex.array[k : k + depth, j : j + height, i : i + width],
        grid=cortex.grid.cropped(start, size),
    )
    known = Normalisation.of(cortex.array)
    result = _upsampled(
        part, noise_model, scale=2, precision="float32",
        noise_level=estimate_noise(cortex.array),
        intensity_range=(known.offset, known.offset + known.span),
    )  # fmt: skip
    far = 14  # from nearer the network sees the cut
    expected = whole.array[2 * k :, 2 * j :, 2 * i :][: 2 * depth, : 2 * height, : 2 * width]
    inside = (slice(far, -far),) * 3
    np.testing.assert_allclose(result.array[inside], expected[inside], rtol=1e-3)


def test_at_the_voxels_of_the_input_noise_is_reduced_only_when_asked(
    cortex: Volume, noise_model: Model
) -> None:
    kept = _upsampled(cortex, noise_model, scale=1, noise_reduction=0)
    np.testing.assert_array_equal(kept.array, cortex.array)
    reduced = _upsampled(cortex, noise_model, scale=1)
    assert reduced.grid == cortex.grid
    assert not np.allclose(reduced.array, cortex.array)


def test_the_bundled_model_denoises_at_the_voxels_of_the_input(cortex: Volume) -> None:
    noise = np.random.default_rng(0).standard_normal(cortex.array.shape, dtype=np.float32)
    sigma = 0.04 * Normalisation.of(cortex.array).span
    noisy = replace(cortex, array=cortex.array + np.float32(sigma) * noise)
    result = _upsampled(noisy, load_model("default"), scale=1)
    left, before = (float(np.std(v.array - cortex.array)) for v in (result, noisy))
    assert left < 0.8 * before


def test_the_weights_are_read_once_for_volumes_of_the_same_model(
    cortex: Volume, seeded_model_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ArSSRLib.networks import model_file

    read: list[Path] = []
    original = model_file.read_model
    monkeypatch.setattr(
        model_file, "read_model", lambda path, name: read.append(path) or original(path, name)
    )
    request = Upsampling.of(scale=1.5, model=seeded_model_path, device="cpu")
    first, second = (upsample_volume(cortex, request) for _ in range(2))
    np.testing.assert_array_equal(first.array, second.array)
    assert len(read) <= 1
