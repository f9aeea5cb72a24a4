"""The engine gives the head's expected error beside intensities that it leaves as they are."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from small_models import LOCAL, PAPER_LIKE
from stored_otherwise import cut_out, roi_between

from ArSSRLib.errors import InputError
from ArSSRLib.networks.arssr import ArSSR
from ArSSRLib.networks.catalogue import load_model
from ArSSRLib.networks.expected_error import (
    SMALLEST_ERROR,
    ExpectedErrorHead,
    Levels,
    constants_of,
    local_detail,
)
from ArSSRLib.networks.lookup import trilinear
from ArSSRLib.networks.model_file import Model, ModelHeader
from ArSSRLib.networks.spec import ExpectedErrorSpec, NetworkSpec
from ArSSRLib.upsampling.engine import Engine
from ArSSRLib.upsampling.expected_error import ErrorMap, ErrorSummary
from ArSSRLib.upsampling.request import Upsampling
from ArSSRLib.upsampling.run import Upsampled, upsample_with_error
from ArSSRLib.upsampling.streaming.features import FeatureStream
from ArSSRLib.volumes.intensity import Normalisation
from ArSSRLib.volumes.noise import estimate_noise
from ArSSRLib.volumes.volume import Volume

SPECS = pytest.mark.parametrize("spec", [LOCAL, PAPER_LIKE])
LOW, FINE = (16, 14, 15), (37, 28, 50)


def _model(spec: NetworkSpec) -> Model:
    torch.manual_seed(4)
    network = ArSSR(spec).eval().requires_grad_(False)
    network.decoder.second[-1].weight.normal_(std=0.1)
    error = ExpectedErrorSpec(16)
    head = ExpectedErrorHead(error, spec.last_hidden).requires_grad_(False)
    # So that errors differ from voxel to voxel, as after training.
    head.first.weight.normal_(std=2.0)
    head.local.weight.normal_(std=0.5)
    head.last.weight.normal_(std=0.5)
    head.last.bias.fill_(-3.0)
    header = ModelHeader(spec, expected_error=error)
    return Model(network, header, "test", head.at_noise(Levels(0.01, 0.02)))


def _tissue(shape: tuple[int, int, int]) -> np.ndarray:
    return np.random.default_rng(5).gamma(2.0, 150.0, size=shape).astype(np.float32)


def _errors(engine: Engine, array: np.ndarray, box: Any = None) -> np.ndarray:
    return engine.upsample_with_error(array, FINE, box)[1].shares.astype(np.float32)


@SPECS
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_intensities_do_not_change_by_a_bit(spec: NetworkSpec, precision: Any) -> None:
    array = _tissue(LOW)
    engine = Engine(model=_model(spec), device="cpu", precision=precision, passes=2)
    with_error, errors = engine.upsample_with_error(array, FINE)
    np.testing.assert_array_equal(with_error, engine.upsample(array, FINE))
    assert errors.shares.shape == FINE
    assert np.ptp(errors.shares.astype(np.float32)) > 0.001


@SPECS
def test_the_engine_gives_what_the_head_gives(spec: NetworkSpec) -> None:
    array, model = _tissue(LOW), _model(spec)
    assert model.expected_error is not None
    low = torch.from_numpy(Normalisation.of(array).apply(array))[None, None]
    axes = [(2 * torch.arange(n) + 1.0) / n - 1.0 for n in FINE]
    points = torch.stack(torch.meshgrid(*axes, indexing="ij"), dim=-1).view(1, -1, 3)
    cell = torch.tensor([[n / m for n, m in zip(LOW, FINE, strict=True)]])
    features = model.network.encoder(low)
    _, hidden = model.network.decode_with_hidden(features, low, points, cell)
    constants = constants_of(cell, torch.tensor([0.01]), torch.tensor([0.02]))
    local = trilinear(local_detail(low), points, spec.outside)
    expected = model.expected_error(hidden, constants, local).view(FINE)
    engine = Engine(model=model, device="cpu", precision="float32")
    np.testing.assert_allclose(_errors(engine, array), expected.numpy(), rtol=2e-3)


def test_tiles_and_boxes_have_the_errors_of_the_whole() -> None:
    array, model = _tissue(LOW), _model(LOCAL)
    engine = Engine(model=model, device="cpu", precision="float32", passes=2)
    whole = _errors(engine, array)
    tiled = _errors(replace(engine, plane_voxels=10**2), array)
    np.testing.assert_allclose(tiled, whole, rtol=2e-3)
    part = _errors(engine, array, ((3, 5, 7), (9, 11, 30)))
    np.testing.assert_allclose(part, whole[3:12, 5:16, 7:37], rtol=2e-3)


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("at_once", [1, 2, 3, 20])
def test_planes_of_the_local_detail_are_those_of_the_whole(axis: int, at_once: int) -> None:
    low = torch.from_numpy(_tissue(LOW) / 900.0)[None, None]
    inner = (slice(0, 16), slice(1, 13), slice(2, 15))
    # Neither an encoder nor a decoder has a part in it.
    features = FeatureStream(None, low, axis, inner, None, at_once, print)
    whole = local_detail(low)[0].permute(1, 2, 3, 0)[inner].movedim(axis, 0)
    torch.testing.assert_close(torch.cat(list(features.local_detail())), whole)


def test_two_passes_give_the_mean_of_their_errors() -> None:
    array, model = _tissue(LOW), _model(LOCAL)
    once = Engine(model=model, device="cpu", precision="float32", passes=1)
    turned = np.flip(_errors(once, np.ascontiguousarray(np.flip(array))))
    both = _errors(replace(once, passes=2), array)
    np.testing.assert_allclose(both, (_errors(once, array) + turned) / 2, rtol=3e-3)


def test_flat_background_has_the_smallest_error() -> None:
    array = np.zeros(LOW, dtype=np.float32)
    array[6:10, 6:10, 6:10] = _tissue((4, 4, 4)) + 100.0
    errors = _errors(Engine(model=_model(LOCAL), device="cpu"), array)
    np.testing.assert_allclose(errors[:4], SMALLEST_ERROR, rtol=1e-3)
    assert errors[16:20, 12:16, 22:28].min() > 2 * SMALLEST_ERROR


def test_a_model_without_a_head_is_refused() -> None:
    model = replace(_model(LOCAL), expected_error=None)
    with pytest.raises(InputError, match="gives no expected error"):
        Engine(model=model, device="cpu").upsample_with_error(_tissue(LOW), FINE)


def _upsampled(volume: Volume, path: Path, **choices: Any) -> Upsampled:
    request = Upsampling.of(
        model=path, device="cpu", precision="float32", expected_error=True, **choices
    )
    return upsample_with_error(volume, request)


def test_errors_are_in_the_units_of_the_intensities(cortex: Volume, error_model_path: Path) -> None:
    once = _upsampled(cortex, error_model_path, scale=(1, 1, 2)).error_volume()
    tenfold = replace(cortex, array=10 * cortex.array)
    scaled = _upsampled(tenfold, error_model_path, scale=(1, 1, 2)).error_volume()
    assert once is not None and scaled is not None
    assert once.pixel_type == "float32"
    np.testing.assert_allclose(scaled.array, 10 * once.array, rtol=3e-3)


def test_a_part_has_the_errors_of_the_whole_however_it_is_stored(
    cortex: Volume, error_model_path: Path
) -> None:
    whole = _upsampled(cortex, error_model_path, scale=(1, 1, 2)).error_volume()
    assert whole is not None
    roi = roi_between(whole.grid, [(10, 12, 4), (25, 30, 12)])
    part = _upsampled(cortex, error_model_path, scale=(1, 1, 2), roi=roi).error_volume()
    assert part is not None
    np.testing.assert_allclose(part.array, cut_out(whole, roi).array, rtol=3e-3)


def test_what_the_network_did_not_see_adds_to_the_error(
    cortex: Volume, error_model_path: Path
) -> None:
    array = cortex.array.copy()
    array[10, 20, 20] = 50 * array.max()
    array[:, :6] = -1000
    made = _upsampled(replace(cortex, array=array), error_model_path, scale=2)
    error = made.error_volume()
    assert error is not None
    np.testing.assert_array_equal(error.array[:, :9], 0.0)
    np.testing.assert_array_equal(made.volume.array[:, :9], -1000)
    spike = error.array[20:22, 40:42, 40:42]
    assert spike.min() > 5 * cortex.array.max()


def test_values_that_are_kept_have_the_error_of_their_noise(
    cortex: Volume, error_model_path: Path
) -> None:
    error = _upsampled(cortex, error_model_path, scale=1).error_volume()
    assert error is not None
    span = Normalisation.of(cortex.array).span
    expected = 0.798 * estimate_noise(cortex.array) * span
    np.testing.assert_allclose(error.array, expected, rtol=1e-2)


def test_the_summary_counts_tissue_alone() -> None:
    intensities = np.array([0.0, 0.05, 0.5, 0.6, 0.7, 1.0], dtype=np.float32).reshape(1, 2, 3)
    shares = np.array([9.0, 9.0, 0.01, 0.02, 0.03, 0.06], dtype=np.float16).reshape(1, 2, 3)
    errors = ErrorMap(shares, Normalisation(0.0, 1.0))
    summary = errors.summary(intensities)
    assert summary is not None
    assert summary.sentence == (
        "Expected error: median 2.5 % of the range; 25 % of the tissue voxels above 5 %."
    )
    assert errors.summary(np.zeros_like(intensities)) is None
    assert "less than 1 % of" in ErrorSummary(0.01, 0.001).sentence


def test_only_a_model_with_a_head_takes_the_request(
    seeded_model_path: Path, error_model_path: Path
) -> None:
    with pytest.raises(InputError, match="gives no expected error"):
        Upsampling.of(scale=2, model=seeded_model_path, expected_error=True)
    request = Upsampling.of(scale=2, model=error_model_path, expected_error=True)
    assert Upsampling.from_arguments(request.arguments()) == request
    assert not Upsampling.of(scale=2, method="cubic", expected_error=True).expected_error
    assert load_model(error_model_path).expected_error is not None
