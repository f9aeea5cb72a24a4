"""Half precision: chosen where it is fast, as good as float32, without seams, with a way back."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from small_models import PAPER_LIKE

from ArSSRLib.errors import InputError
from ArSSRLib.networks.arssr import ArSSR
from ArSSRLib.networks.catalogue import load_model
from ArSSRLib.networks.encoder import Encoder
from ArSSRLib.networks.model_file import Model, ModelHeader
from ArSSRLib.networks.spec import EncoderSpec
from ArSSRLib.resampling.interpolation import ArrayBox, interpolate
from ArSSRLib.sample import sample_path
from ArSSRLib.upsampling.engine import Engine
from ArSSRLib.upsampling.hardware import precision
from ArSSRLib.upsampling.hardware.precision import choose_precision, in_precision
from ArSSRLib.upsampling.streaming import rows, stream
from ArSSRLib.upsampling.streaming.stream import encoder_stream
from ArSSRLib.volumes.files.reading import read_volume

CPU, CUDA, MPS = (torch.device(name) for name in ("cpu", "cuda", "mps"))
TOLERANCE = 2e-3
"""Of the intensity range: how far results in half precision may lie from each other where they are
computed in other tiles or along another axis, and from float32 at single voxels."""


@pytest.fixture(scope="module")
def model() -> Model:
    return load_model("default")


@pytest.fixture(scope="module")
def sharp() -> np.ndarray:
    """A piece of the sample with cortex, small enough for processors without bfloat16."""
    array = read_volume(sample_path()).array
    k, j, i = (n // 2 for n in array.shape)
    return array[k - 20 : k + 20, j - 22 : j + 22, i - 24 : i + 24].astype(np.float32)


@pytest.fixture(scope="module")
def low(sharp: np.ndarray) -> np.ndarray:
    return interpolate(sharp, [n // 2 for n in sharp.shape], "linear")


@pytest.mark.parametrize(
    ("name", "device", "has_bfloat16", "expected"),
    [
        ("auto", CPU, True, torch.bfloat16),
        ("auto", CPU, False, torch.float32),
        ("auto", CUDA, False, torch.float16),
        ("auto", MPS, True, torch.float32),
        ("float32", CUDA, True, torch.float32),
        ("bfloat16", CPU, False, torch.bfloat16),
        ("bfloat16", CUDA, False, torch.bfloat16),
    ],
)
def test_half_precision_is_chosen_where_it_is_fast(
    name: str,
    device: torch.device,
    has_bfloat16: bool,
    expected: torch.dtype,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(precision, "multiplies_bfloat16", lambda: has_bfloat16)
    assert choose_precision(name, device) == expected


@pytest.mark.parametrize(
    ("name", "device"), [("float16", CPU), ("bfloat16", MPS), ("float16", MPS), ("double", CPU)]
)
def test_what_a_device_cannot_do_is_refused(name: str, device: torch.device) -> None:
    with pytest.raises(InputError, match=rf"precision '?{name}'? .*; choose"):
        choose_precision(name, device)


@pytest.mark.parametrize(
    ("wanted", "device", "expected"),
    [
        (torch.float16, CPU, torch.float32),
        (torch.bfloat16, CPU, torch.bfloat16),
        (torch.float32, CPU, torch.float32),
        (torch.float16, CUDA, torch.float16),
    ],
)
def test_on_another_device_half_precision_is_kept_where_it_is_possible(
    wanted: torch.dtype,
    device: torch.device,
    expected: torch.dtype,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(precision, "multiplies_bfloat16", lambda: False)
    assert precision.precision_after_moving(wanted, device) == expected


def test_bfloat16_is_as_close_to_the_truth_as_float32(
    model: Model, sharp: np.ndarray, low: np.ndarray
) -> None:
    single, half = (
        Engine(model=model, device="cpu", precision=name, passes=1).upsample(low, sharp.shape)
        for name in ("float32", "bfloat16")
    )
    span = np.ptp(sharp)
    difference = (half - single) / span
    assert 0 < np.sqrt(np.mean(difference**2)) < 5e-4
    assert np.abs(difference).max() < 5 * TOLERANCE
    psnr = [-10 * np.log10(np.mean(((values - sharp) / span) ** 2)) for values in (single, half)]
    assert psnr[1] > psnr[0] - 0.01


def test_tiles_and_regions_leave_no_seam_in_half_precision(
    model: Model, sharp: np.ndarray, low: np.ndarray
) -> None:
    def upsampled(box: ArrayBox | None = None, plane_voxels: int | None = None) -> np.ndarray:
        engine = Engine(model=model, device="cpu", precision="bfloat16", plane_voxels=plane_voxels)
        return engine.upsample(low, sharp.shape, box)

    whole = upsampled()
    allowed = TOLERANCE * np.ptp(whole)
    assert np.abs(upsampled(plane_voxels=20**2) - whole).max() < allowed
    part = upsampled(box=((8, 10, 5), (9, 25, 30)))
    assert np.abs(part - whole[8:17, 10:35, 5:35]).max() < allowed


@pytest.mark.parametrize("name", ["SRResNet", "ResCNN", "RDN"])
def test_a_stream_adds_up_in_float32(name: str) -> None:
    torch.manual_seed(0)
    encoder = Encoder(EncoderSpec(name, 16, 3, 2, 16, 16, long_skip=True)).eval()
    half = in_precision(encoder, torch.bfloat16)
    kinds = {
        conv.inputs > 1: half.layer(conv).weight.dtype for conv in half.structure.convolutions()
    }
    assert kinds == {True: torch.bfloat16, False: torch.float32}
    assert {p.dtype for p in encoder.parameters()} == {torch.float32}
    low = torch.rand(1, 1, 9, 8, 7)
    stages = encoder_stream(half, 0, torch.channels_last_3d)
    with torch.inference_mode():
        pieces = [stages.push(low), *stages.finish()]
        streamed = torch.cat([piece for piece in pieces if piece is not None], 2)
        expected = encoder(low)
    # One rounding to 8 bits in each convolution of a branch; sums in bfloat16 would add more.
    assert float((streamed - expected).abs().max()) < 0.02 * float(expected.abs().max())


def test_without_bfloat16_in_onednn_products_are_computed_in_float32(
    model: Model, sharp: np.ndarray, low: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = Engine(model=model, device="cpu", precision="bfloat16", passes=1)
    before = engine.upsample(low, sharp.shape)
    for module in (rows, stream):
        monkeypatch.setattr(module, "products_in_float32", lambda dtype, _: dtype == torch.bfloat16)
    imitated = engine.upsample(low, sharp.shape)
    assert np.abs(imitated - before).max() < 5 * TOLERANCE * np.ptp(sharp)


def test_float32_uses_the_network_itself() -> None:
    encoder = Encoder(EncoderSpec("SRResNet", 4, 1, 1, 4, 4))
    assert in_precision(encoder, torch.float32) is encoder


def test_values_too_large_for_half_precision_are_computed_in_single_precision(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A CPU that may compute in float16 stands for CUDA."""
    monkeypatch.setitem(precision._POSSIBLE, "cpu", (torch.float32, torch.float16))
    torch.manual_seed(4)
    network = ArSSR(PAPER_LIKE).eval().requires_grad_(False)
    network.decoder.second[-1].bias.fill_(0.5)
    # Its features are small enough for float32 and too large for float16.
    encoder = network.encoder
    encoder.layer(list(encoder.structure.convolutions())[-1]).weight.mul_(1e7)
    network.decoder.first[0].weight.mul_(1e-7)
    network.decoder.second[0].weight.mul_(1e-7)
    loud = Model(network, ModelHeader(PAPER_LIKE), "loud")
    array = np.random.default_rng(5).gamma(2.0, 150.0, size=(10, 11, 12)).astype(np.float32)
    expected = Engine(model=loud, device="cpu", precision="float32").upsample(array, (20, 22, 24))
    result = Engine(model=loud, device="cpu", precision="float16").upsample(array, (20, 22, 24))
    assert np.ptp(expected) > 0
    assert "single precision" in caplog.text
    np.testing.assert_array_equal(result, expected)
