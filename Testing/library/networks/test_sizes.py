"""The networks have exactly the paper's sizes, and their specs count without building them."""

from __future__ import annotations

import pytest
import torch
from small_models import small_network

from ArSSRLib.errors import InputError
from ArSSRLib.networks.arssr import ArSSR, initialise
from ArSSRLib.networks.spec import DecoderSpec, EncoderSpec, NetworkSpec, paper_spec


@pytest.mark.parametrize(
    ("encoder", "parameters"),
    [("RDN", 5_918_784), ("ResCNN", 2_214_912), ("SRResNet", 4_317_376)],
)
def test_paper_networks_have_the_papers_number_of_parameters(encoder: str, parameters: int) -> None:
    network = ArSSR(paper_spec(encoder))
    assert sum(p.numel() for p in network.encoder.parameters()) == parameters
    assert sum(p.numel() for p in network.decoder.parameters()) == 364_676
    assert network.spec.parameters == parameters + 364_676


@pytest.mark.parametrize(
    "spec",
    [
        NetworkSpec(EncoderSpec("RDN", 8, 3, 4, 6, 12), DecoderSpec(16, 6), "local", "trilinear"),
        NetworkSpec(EncoderSpec("ResCNN", 8, 2, 3, 6, 12), DecoderSpec(16, 3, False, False)),
        NetworkSpec(EncoderSpec("SRResNet", 8, 2, 2, 6, 12), DecoderSpec(16, 4, False), "local"),
    ],
)
def test_a_spec_counts_the_parameters_of_the_network_it_builds(spec: NetworkSpec) -> None:
    assert spec.parameters == sum(p.numel() for p in ArSSR(spec).parameters())


def test_a_spec_survives_its_dictionary() -> None:
    spec = NetworkSpec(EncoderSpec("RDN", 8, 3, 4, 6, 12), DecoderSpec(16, 6), "local", "trilinear")
    assert NetworkSpec.from_dict(spec.to_dict()) == spec


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"encoder": {"name": 3}}, "name"),
        ({"encoder": {"features": 0}}, "features"),
        ({"encoder": {"features": True}}, "features"),
        ({"encoder": {"wings": 2}}, "wings"),
        ({"decoder": []}, "decoder"),
        ({"coordinates": "polar"}, "polar"),
        ({"upscaling": 2}, "upscaling"),
    ],
)
def test_a_wrong_spec_is_refused_by_name(values: dict[str, object], named: str) -> None:
    with pytest.raises(InputError, match=named):
        NetworkSpec.from_dict(values)


def test_a_residual_network_starts_as_trilinear_interpolation() -> None:
    low = torch.rand(1, 1, 5, 6, 7)
    network = small_network()
    initialise(network, "kaiming")
    values = network.on_grid(low, (10, 12, 14))
    expected = torch.nn.functional.interpolate(
        low, scale_factor=2, mode="trilinear", align_corners=False
    )[0, 0]
    torch.testing.assert_close(values, expected, atol=1e-6, rtol=0)


def test_local_coordinates_make_the_network_shift_equivariant() -> None:
    torch.manual_seed(0)
    spec = NetworkSpec(
        EncoderSpec("ResCNN", 8, 1, 2, 8, 8), DecoderSpec(16, 4, False, False), "local"
    )
    network = ArSSR(spec)
    volume = torch.rand(1, 1, 24, 24, 24)
    reach = 2 + 2 + 1
    whole = network.on_grid(volume, (60, 60, 60))
    part = network.on_grid(volume[:, :, 4:, 4:, 4:], (50, 50, 50))
    inner = slice(round(2.5 * reach) + 1, None)
    torch.testing.assert_close(
        part[inner, inner, inner], whole[10:, 10:, 10:][inner, inner, inner], atol=1e-5, rtol=0
    )
