"""The engine gives the plain forward pass, without seams, within a box, and can be cancelled."""

from __future__ import annotations

import weakref
from dataclasses import replace

import numpy as np
import pytest
import torch
from small_models import LOCAL, PAPER_LIKE

from ArSSRLib.errors import Cancelled, EnvironmentFault, InputError
from ArSSRLib.networks.arssr import ArSSR
from ArSSRLib.networks.model_file import Model, ModelHeader
from ArSSRLib.networks.spec import DecoderSpec, EncoderSpec, NetworkSpec
from ArSSRLib.resampling.interpolation import ArrayBox
from ArSSRLib.upsampling import engine
from ArSSRLib.upsampling.engine import Engine
from ArSSRLib.upsampling.progress import Progress
from ArSSRLib.upsampling.streaming import fallback, tiles
from ArSSRLib.upsampling.streaming.planes import PlaneDecoder
from ArSSRLib.upsampling.streaming.tiles import TileComputer
from ArSSRLib.volumes.intensity import Normalisation

pytestmark = pytest.mark.usefixtures("single_precision")
LOCAL_SKIP = NetworkSpec(
    EncoderSpec("ResCNN", 8, 1, 2, 8, 16), DecoderSpec(32, 6, True, False), "local"
)
SPECS = pytest.mark.parametrize("spec", [LOCAL, PAPER_LIKE, LOCAL_SKIP])


def _model(spec: NetworkSpec) -> Model:
    """A network whose every weight matters: nothing is zero, as after training."""
    torch.manual_seed(4)
    network = ArSSR(spec).eval().requires_grad_(False)
    for parameter in network.parameters():
        if parameter.dim() == 1:
            parameter.normal_(std=0.1)
    network.decoder.second[-1].weight.normal_(std=0.1)
    return Model(network, ModelHeader(spec), "test")


def _tissue(shape: tuple[int, int, int]) -> np.ndarray:
    """Intensities that vary everywhere, on a scanner's scale and below zero too."""
    rng = np.random.default_rng(5)
    return (rng.gamma(2.0, 150.0, size=shape) - 40.0).astype(np.float32)


@SPECS
@pytest.mark.parametrize(
    ("low", "shape"),
    [((11, 13, 12), (27, 26, 41)), ((15, 9, 8), (31, 30, 9)), ((6, 7, 14), (13, 8, 50))],
    ids=["along j", "along k", "along i"],
)
def test_the_engine_gives_the_plain_forward_pass(
    spec: NetworkSpec, low: tuple[int, int, int], shape: tuple[int, int, int]
) -> None:
    array = _tissue(low)
    model = _model(spec)
    line = Normalisation.of(array)
    plain = model.network.on_grid(torch.from_numpy(line.apply(array))[None, None], shape)
    result = Engine(model=model, device="cpu").upsample(array, shape)
    np.testing.assert_allclose(
        (result - line.offset) / line.span, plain.numpy(), atol=1e-5 * float(plain.abs().max())
    )


@SPECS
def test_tiles_leave_no_seam(spec: NetworkSpec) -> None:
    array, shape = _tissue((20, 24, 22)), (50, 53, 61)
    model = _model(spec)
    whole = Engine(model=model, device="cpu").upsample(array, shape)
    tiled = Engine(model=model, device="cpu", plane_voxels=14**2).upsample(array, shape)
    assert np.abs(whole - tiled).max() < 1e-4 * np.ptp(whole)


@SPECS
def test_a_box_is_that_part_of_the_whole(spec: NetworkSpec) -> None:
    array, shape = _tissue((14, 15, 16)), (28, 45, 40)
    model = _model(spec)
    whole = Engine(model=model, device="cpu").upsample(array, shape)
    part = Engine(model=model, device="cpu").upsample(array, shape, box=((3, 20, 7), (9, 11, 30)))
    np.testing.assert_allclose(part, whole[3:12, 20:31, 7:37], atol=1e-5 * float(np.ptp(whole)))


@pytest.mark.parametrize("plane", [None, 14**2], ids=["whole", "tiles"])
@pytest.mark.parametrize("box", [None, ((3, 20, 7), (9, 11, 30))], ids=["all", "box"])
def test_a_mirrored_model_gives_the_mean_with_the_mirrored_volume(
    plane: int | None, box: ArrayBox | None
) -> None:
    array, shape, model = _tissue((20, 19, 22)), (50, 45, 61), _model(LOCAL)
    once = Engine(model=model, device="cpu").upsample(array, shape)
    turned = np.flip(Engine(model=model, device="cpu").upsample(np.flip(array), shape))
    start, size = box or ((0, 0, 0), shape)
    place = tuple(slice(a, a + n) for a, n in zip(start, size, strict=True))
    expected = ((once + turned) / 2)[place]
    assert np.abs(once - turned).max() > 1e-2 * np.ptp(once)

    model.header = replace(model.header, mirrored=True)
    both = Engine(model=model, device="cpu", plane_voxels=plane).upsample(array, shape, box=box)
    np.testing.assert_allclose(both, expected, atol=1e-4 * float(np.ptp(once)))
    fast = Engine(model=model, device="cpu", passes=1).upsample(array, shape)
    np.testing.assert_array_equal(fast, once)


def test_empty_background_stays_exactly_empty() -> None:
    array = np.zeros((20, 20, 20), dtype=np.float32)
    array[8:12, 8:12, 8:12] = _tissue((4, 4, 4)) + 100.0
    result = Engine(model=_model(LOCAL), device="cpu").upsample(array, (40, 40, 40))
    assert not result[:8].any() and not result[:, :, -8:].any()
    assert result[20, 20, 20] != 0


def test_a_constant_volume_stays_constant() -> None:
    array = np.full((6, 7, 8), -123.5, dtype=np.float32)
    reports: list[Progress] = []
    result = Engine(model=_model(LOCAL), device="cpu").upsample(
        array, (12, 14, 16), progress=reports.append
    )
    np.testing.assert_array_equal(result, np.float32(-123.5))
    assert reports[-1].fraction == pytest.approx(1.0)


def test_progress_rises_to_one_at_least_once_a_tile() -> None:
    reports: list[Progress] = []
    Engine(model=_model(LOCAL), device="cpu", plane_voxels=16**2).upsample(
        _tissue((20, 20, 20)), (40, 40, 40), progress=reports.append
    )
    fractions = [report.fraction for report in reports]
    assert fractions == sorted(fractions)
    assert fractions[-1] == pytest.approx(1.0)
    assert {report.stage for report in reports} == {"encoding", "decoding"}


def test_raising_from_the_callback_cancels() -> None:
    calls = 0

    def cancel(report: Progress) -> None:
        nonlocal calls
        calls += 1
        if report.fraction > 0.3:
            raise Cancelled

    with pytest.raises(Cancelled):
        Engine(model=_model(LOCAL)).upsample(_tissue((20, 20, 20)), (40, 40, 40), progress=cancel)
    assert calls > 1


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."),
        MemoryError(),
        RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED"),
    ],
    ids=str,
)
def test_out_of_memory_is_met_with_smaller_tiles(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    array, shape, model = _tissue((16, 16, 16)), (64, 64, 64), _model(LOCAL)
    expected = Engine(model=model, device="cpu").upsample(array, shape)
    original = TileComputer._features
    refused: list[int] = []

    def features(self, tile, low, known, pushed):  # type: ignore[no-untyped-def]
        if tile.target_voxels > 20_000:
            refused.append(tile.target_voxels)
            raise error
        return original(self, tile, low, known, pushed)

    monkeypatch.setattr(TileComputer, "_features", features)
    result = Engine(model=model, device="cpu").upsample(array, shape)
    assert refused
    np.testing.assert_allclose(result, expected, atol=1e-5 * float(np.ptp(expected)))


def test_what_a_failed_tile_held_is_free_before_memory_is_given_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    array, shape, model = _tissue((16, 16, 16)), (64, 64, 64), _model(LOCAL)
    original = TileComputer._features
    held: list[weakref.ref[torch.Tensor]] = []
    freed: list[bool] = []

    def features(self, tile, low, known, pushed):  # type: ignore[no-untyped-def]
        if not held:
            planes = torch.zeros(10)
            held.append(weakref.ref(planes))
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return original(self, tile, low, known, pushed)

    def release(device: torch.device) -> None:
        freed.append(held[0]() is None)

    monkeypatch.setattr(TileComputer, "_features", features)
    monkeypatch.setattr(fallback, "release_memory", release)
    Engine(model=model, device="cpu").upsample(array, shape)
    assert freed == [True]


def test_what_did_not_fit_once_is_not_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    array, shape, model = _tissue((10, 44, 48)), (10, 66, 72), _model(LOCAL)
    model.header = replace(model.header, mirrored=True)
    expected = Engine(model=model, device="cpu").upsample(array, shape)
    original = TileComputer._features
    refused: list[tuple[int, ...]] = []

    def features(self, tile, low, known, pushed):  # type: ignore[no-untyped-def]
        if self.geometry.plane_voxels(tile) > 380:
            refused.append(tile.encode_shape)
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return original(self, tile, low, known, pushed)

    monkeypatch.setattr(TileComputer, "_features", features)
    result = Engine(model=model, device="cpu", plane_voxels=440).upsample(array, shape)
    assert len(refused) == 1, "the first of two tiles, in the first of two passes"
    np.testing.assert_allclose(result, expected, atol=1e-5 * float(np.ptp(expected)))


@pytest.mark.parametrize("mirrored", [False, True])
def test_memory_that_runs_out_midway_leaves_no_seam_and_adds_nothing_twice(
    monkeypatch: pytest.MonkeyPatch, mirrored: bool
) -> None:
    array, shape, model = _tissue((16, 17, 15)), (40, 43, 39), _model(LOCAL)
    model.header = replace(model.header, mirrored=mirrored)
    reports: list[Progress] = []
    expected = Engine(model=model, device="cpu").upsample(array, shape)
    original = PlaneDecoder._plane
    computed = 0

    def plane(self, *arguments):  # type: ignore[no-untyped-def]
        nonlocal computed
        computed += 1
        if computed in (25, 40, 110):
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return original(self, *arguments)

    monkeypatch.setattr(tiles, "_SLAB_BYTES", 4 * 40 * 43 * 3)
    monkeypatch.setattr(PlaneDecoder, "_plane", plane)
    result = Engine(model=model, device="cpu").upsample(array, shape, progress=reports.append)
    assert computed > 40
    fractions = [report.fraction for report in reports]
    assert fractions == sorted(fractions)
    np.testing.assert_allclose(result, expected, atol=1e-5 * float(np.ptp(expected)))
    assert reports[-1].fraction == pytest.approx(1.0)


def test_a_model_whose_values_are_not_finite_is_refused() -> None:
    model = _model(LOCAL)
    model.network.encoder.out.weight.mul_(1e30)
    model.network.decoder.second[0].weight.mul_(1e30)
    with pytest.raises(InputError, match="test gives values that are not finite"):
        Engine(model=model, device="cpu").upsample(_tissue((8, 8, 8)), (16, 16, 16))


def test_without_memory_for_the_smallest_tile_there_is_an_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def features(self, tile, low, known, pushed):  # type: ignore[no-untyped-def]
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory")

    monkeypatch.setattr(TileComputer, "_features", features)
    with pytest.raises(EnvironmentFault, match="memory"):
        Engine(model=_model(LOCAL), device="cpu").upsample(_tissue((8, 8, 8)), (16, 16, 16))


def test_a_graphics_device_without_memory_hands_over_to_the_cpu(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The seam: a device that is not a CPU (``meta`` here) always runs out of memory."""
    array, shape, model = _tissue((8, 8, 8)), (16, 16, 16), _model(LOCAL)
    expected = Engine(model=model, device="cpu").upsample(array, shape)
    moves: list[str] = []

    class Full:
        def __init__(self, *arguments: object) -> None:
            pass

        def compute(self, *arguments: object) -> None:
            raise torch.OutOfMemoryError("CUDA out of memory.")

    def computer(*arguments):  # type: ignore[no-untyped-def]
        moves.append(arguments[2].type)
        return (TileComputer if moves[-1] == "cpu" else Full)(*arguments)

    monkeypatch.setattr(engine, "TileComputer", computer)
    monkeypatch.setattr(engine, "choose_device", lambda name: torch.device("meta"))
    result = Engine(model=model, device="auto").upsample(array, shape)
    assert moves == ["meta", "cpu"]
    assert "continuing on the CPU" in caplog.text
    np.testing.assert_allclose(result, expected, atol=1e-5 * float(np.ptp(expected)))


def test_a_graphics_device_that_is_full_already_hands_over_to_the_cpu(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Not even the weights fit; ``meta`` stands for the device."""
    array, shape, model = _tissue((8, 8, 8)), (16, 16, 16), _model(LOCAL)
    expected = Engine(model=model, device="cpu").upsample(array, shape)
    original = tiles.place

    def place(network: ArSSR, device: torch.device) -> None:
        if device.type != "cpu":
            raise torch.OutOfMemoryError("CUDA out of memory.")
        original(network, device)

    monkeypatch.setattr(tiles, "place", place)
    monkeypatch.setattr(engine, "choose_device", lambda name: torch.device("meta"))
    result = Engine(model=model, device="auto").upsample(array, shape)
    assert "continuing on the CPU" in caplog.text
    np.testing.assert_array_equal(result, expected)


@pytest.mark.parametrize("factor", [1e-38, 3e34])
def test_a_range_that_float32_cannot_compute_with_is_refused(factor: float) -> None:
    array = _tissue((8, 8, 8)) * np.float32(factor)
    with pytest.raises(InputError, match="scale them to a range"):
        Engine(model=_model(LOCAL), device="cpu").upsample(array, (16, 16, 16))
