"""The noise level as an input of a network: a bias that depends on it in every convolution.

The level is the standard deviation of the input's noise in normalised intensities. Within one
volume it is one number, so the biases that depend on it can be added to the plain ones before
anything is computed (:func:`at_noise_level`): a network that takes the level costs as much as one
that does not. FFDNet (Zhang 2018) and DRUNet (Zhang 2021) give the level as an image instead.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from .encoder_parts import NOISE_TERMS

if TYPE_CHECKING:
    from .arssr import ArSSR

_UNIT = 0.03
"""Noise level at which all terms are 1: a common one of real scans."""
_PLAIN, _NOISE = ".bias", ".noise_bias"


def noise_terms(levels: Tensor) -> Tensor:
    """What the biases are linear in: the level, its square root and its square.

    Args:
        levels: (N,) standard deviations in normalised intensities, 0 or more.

    Returns:
        (N, NOISE_TERMS); zeros for a level of 0.
    """
    level = levels.float() / _UNIT
    return torch.stack([level, level.sqrt(), level.square()], dim=-1)


class NoiseConv3d(nn.Conv3d):
    """3-D convolution whose bias depends on the noise level.

    A new one ignores the level: its ``noise_bias``, shape (outputs, NOISE_TERMS), is zero.
    """

    def __init__(self, inputs: int, outputs: int, kernel_size: int = 3, padding: int = 1) -> None:
        super().__init__(inputs, outputs, kernel_size, padding=padding)
        self.noise_bias = nn.Parameter(torch.zeros(outputs, NOISE_TERMS))

    def forward(self, x: Tensor, terms: Tensor | None = None) -> Tensor:
        """``terms`` are those of :func:`noise_terms`; None stands for a level of 0."""
        y = super().forward(x)
        if terms is None:
            return y
        return y + (terms @ self.noise_bias.T).to(y.dtype)[:, :, None, None, None]


@torch.no_grad()
def at_noise_level(network: ArSSR, level: float) -> ArSSR:
    """The network for inputs of one noise level: plain convolutions, the same numbers.

    Args:
        network: with or without the level as an input; it is not changed, but weights that do not
            depend on the level are shared.
        level: standard deviation of the input's noise, normalised intensity.

    Raises:
        InputError: a level that is negative or not finite.
    """
    from ..errors import InputError
    from .arssr import ArSSR

    if not 0.0 <= level < float("inf"):
        raise InputError(f"The noise level {level} is not possible; give 0 or a positive number.")
    spec = network.spec
    if not spec.encoder.noise_level:
        return network
    with torch.device("meta"):
        plain = ArSSR(replace(spec, encoder=replace(spec.encoder, noise_level=False)))
    terms = noise_terms(torch.tensor([level]))[0]
    plain.load_state_dict(_folded(network.state_dict(), terms), assign=True)
    return plain.train(network.training).requires_grad_(False)


def _folded(weights: Mapping[str, Tensor], terms: Tensor) -> dict[str, Tensor]:
    folded = {name: value for name, value in weights.items() if not name.endswith(_NOISE)}
    for name, value in weights.items():
        if name.endswith(_NOISE):
            bias = name.removesuffix(_NOISE) + _PLAIN
            folded[bias] = weights[bias] + value @ terms.to(value)
    return folded
