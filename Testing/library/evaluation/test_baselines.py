"""The baseline networks: their sizes, grids and slabs."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from ArSSRLib.errors import InputError
from ArSSRLib.networks import baselines
from ArSSRLib.networks.baseline_spec import BASELINES, BaselineName, BaselineSpec
from ArSSRLib.networks.baselines import Baseline, to_shape
from ArSSRLib.networks.build import build_network, spec_from_dict
from ArSSRLib.networks.spec import paper_spec
from ArSSRLib.resampling.interpolation import interpolate


@pytest.fixture(params=BASELINES)
def network(request: pytest.FixtureRequest) -> Baseline:
    return _built(request.param)


def _built(name: BaselineName) -> Baseline:
    torch.manual_seed(3)
    built = build_network(BaselineSpec(name))
    assert isinstance(built, Baseline)
    for _ in range(2):
        # A few batches give the batch normalisation a state worth keeping.
        built(torch.rand(2, 1, 6, 6, 6), torch.zeros(2, 5, 3), torch.full((2, 3), 0.5))
    return built.eval()


@pytest.fixture
def low(brain: np.ndarray) -> torch.Tensor:
    part = brain[30:40, 30:42, 30:41] / 255.0
    return torch.from_numpy(part)[None, None]


def _centres(shape: tuple[int, ...]) -> torch.Tensor:
    axes = [(2 * torch.arange(n) + 1.0) / n - 1.0 for n in shape]
    return torch.stack(torch.meshgrid(*axes, indexing="ij"), dim=-1).view(1, -1, 3)


def test_a_baseline_starts_from_cubic_interpolation(low: torch.Tensor) -> None:
    expected = interpolate(low[0, 0].numpy(), (25, 30, 22), "cubic")
    assert to_shape(low, (25, 30, 22))[0, 0].numpy() == pytest.approx(expected, abs=1e-5)


def test_training_and_use_see_the_same_network(network: Baseline, low: torch.Tensor) -> None:
    shape = (20, 24, 22)
    whole = network.on_grid(low, shape)
    points = network(low, _centres(shape), torch.full((1, 3), 0.5))
    assert points.view(shape).detach().numpy() == pytest.approx(whole.numpy(), abs=1e-5)


def test_slabs_leave_no_seam(
    network: Baseline, low: torch.Tensor, monkeypatch: pytest.MonkeyPatch
) -> None:
    shape = (45, 26, 24)
    whole = network.on_grid(low, shape)
    monkeypatch.setattr(baselines, "_SLAB_VOXELS", 16 * shape[1] * shape[2])
    assert network.on_grid(low, shape).numpy() == pytest.approx(whole.numpy(), abs=1e-5)


def test_empty_background_keeps_its_interpolation_and_saves_the_work(
    low: torch.Tensor,
) -> None:
    network = _built("SRCNN3D")
    padded = torch.nn.functional.pad(low + 0.01, (9, 9, 9, 9, 9, 9))
    shape = tuple(2 * n for n in padded.shape[2:])
    result = network.on_grid(padded, shape)
    corner = (slice(0, 14),) * 3
    assert torch.equal(result[corner], to_shape(padded, shape)[0, 0][corner])
    whole = network.network(to_shape(padded, shape))[0, 0].detach()
    middle = tuple(slice(18, n - 18) for n in shape)
    assert result[middle].numpy() == pytest.approx(whole[middle].numpy(), abs=1e-5)


def test_a_constant_volume_stays_constant(network: Baseline) -> None:
    flat = torch.full((1, 1, 5, 5, 5), 0.3)
    assert network.on_grid(flat, (10, 10, 10)).numpy() == pytest.approx(0.3, abs=1e-6)


def test_the_stated_reach_is_how_far_a_voxel_is_felt(network: Baseline) -> None:
    side = 51
    quiet = torch.rand(1, 1, side, 5, 5, generator=torch.Generator().manual_seed(1))
    loud = quiet.clone()
    loud[..., side // 2, 2, 2] += 50.0
    with torch.inference_mode():
        change = (network.network(loud) - network.network(quiet)).abs()[0, 0]
    felt = torch.nonzero(change.amax(dim=(1, 2)) > 0)[:, 0] - side // 2
    reach = baselines._REACH[network.spec.baseline]
    assert felt.max() <= reach and felt.min() >= -reach
    if network.spec.baseline != "ResCNN":  # whose last steps are too faint for float32
        assert felt.max() == reach


def test_the_stated_number_of_parameters_is_the_networks(network: Baseline) -> None:
    counted = sum(p.numel() for p in network.parameters())
    assert network.spec.parameters == counted


def test_weights_are_all_of_one_kind_as_a_model_file_needs(network: Baseline) -> None:
    assert all(value.is_floating_point() for value in network.state_dict().values())


def test_any_scale_has_its_grid(network: Baseline, low: torch.Tensor) -> None:
    cell = torch.full((1, 3), 0.4)
    assert network(low, torch.zeros(1, 7, 3), cell).shape == (1, 7)
    assert network.on_grid(low, (25, 30, 27)).shape == (25, 30, 27)


def test_a_specification_is_read_back_as_what_it_was() -> None:
    for name in BASELINES:
        spec = BaselineSpec(name)
        assert spec_from_dict(spec.to_dict()) == spec
    paper = paper_spec()
    assert spec_from_dict(paper.to_dict()) == paper


@pytest.mark.parametrize("values", [{"baseline": "VDSR"}, {"baseline": "DCSRN", "features": 3}])
def test_a_wrong_specification_is_refused(values: dict[str, object]) -> None:
    with pytest.raises(InputError, match=r"unknown|one entry|use one of"):
        spec_from_dict(values)
