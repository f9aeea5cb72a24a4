"""A network that takes the noise level is, for one level, a plain network of the same numbers."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from ArSSRLib.errors import InputError
from ArSSRLib.networks.arssr import ArSSR
from ArSSRLib.networks.noise_level import NoiseConv3d, at_noise_level, noise_terms
from ArSSRLib.networks.spec import DecoderSpec, EncoderSpec, NetworkSpec

SPEC = NetworkSpec(
    EncoderSpec("SRResNet", 8, 2, 2, 8, 8, long_skip=True, noise_level=True),
    DecoderSpec(16, 3, False, False),
    "local",
)


def _network(responds: bool) -> ArSSR:
    torch.manual_seed(0)
    network = ArSSR(SPEC).eval()
    for module in network.modules():
        if isinstance(module, NoiseConv3d) and responds:
            torch.nn.init.normal_(module.noise_bias)
    return network


def _values(network: ArSSR, noise: torch.Tensor | None = None) -> torch.Tensor:
    torch.manual_seed(1)
    low, coordinates = torch.rand(2, 1, 5, 6, 7), 2 * torch.rand(2, 20, 3) - 1
    return network(low, coordinates, torch.full((2, 3), 0.5), noise)


@pytest.mark.parametrize("level", [0.0, 0.004, 0.03, 0.2])
def test_at_one_level_a_plain_network_computes_the_same(level: float) -> None:
    network = _network(responds=True)
    plain = at_noise_level(network, level)
    assert not plain.spec.encoder.noise_level
    torch.testing.assert_close(
        _values(plain), _values(network, torch.full((2,), level)), atol=1e-5, rtol=1e-5
    )


def test_each_volume_of_a_batch_has_its_own_level() -> None:
    network = _network(responds=True)
    together = _values(network, torch.tensor([0.01, 0.05]))
    torch.testing.assert_close(together[0], _values(network, torch.full((2,), 0.01))[0])
    torch.testing.assert_close(together[1], _values(network, torch.full((2,), 0.05))[1])
    assert not torch.allclose(_values(network), together)


def test_a_new_network_ignores_the_level() -> None:
    network = _network(responds=False)
    torch.testing.assert_close(_values(network, torch.full((2,), 0.05)), _values(network))


def test_without_a_level_it_is_zero() -> None:
    network = _network(responds=True)
    torch.testing.assert_close(_values(network), _values(network, torch.zeros(2)))
    assert noise_terms(torch.zeros(3)).abs().max() == 0


def test_a_network_without_the_input_is_left_as_it_is() -> None:
    plain = ArSSR(replace(SPEC, encoder=replace(SPEC.encoder, noise_level=False)))
    assert at_noise_level(plain, 0.03) is plain


def test_folding_leaves_the_network_unchanged() -> None:
    network = _network(responds=True)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    at_noise_level(network, 0.05)
    for name, value in network.state_dict().items():
        torch.testing.assert_close(value, before[name], atol=0, rtol=0)


@pytest.mark.parametrize("level", [-0.01, float("nan"), float("inf")])
def test_an_impossible_level_is_refused(level: float) -> None:
    with pytest.raises(InputError, match=str(level)):
        at_noise_level(_network(responds=False), level)


@pytest.mark.parametrize("encoder", ["RDN", "ResCNN"])
def test_every_encoder_can_take_the_level(encoder: str) -> None:
    spec = replace(SPEC, encoder=replace(SPEC.encoder, name=encoder))
    network = ArSSR(spec).eval()
    for module in network.modules():
        if isinstance(module, NoiseConv3d):
            torch.nn.init.normal_(module.noise_bias, std=0.1)
    plain = at_noise_level(network, 0.03)
    torch.testing.assert_close(
        _values(plain), _values(network, torch.full((2,), 0.03)), atol=1e-5, rtol=1e-4
    )
    assert spec.parameters == sum(p.numel() for p in network.parameters())


def test_the_spec_counts_the_parameters() -> None:
    assert SPEC.parameters == sum(p.numel() for p in _network(False).parameters())
