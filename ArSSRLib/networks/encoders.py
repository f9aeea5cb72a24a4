"""Convolutional encoders: LR volume (N, 1, k, j, i) to feature map (N, channels, k, j, i).

All are residual networks of 3×3×3 convolutions with zero padding and no upscaling layer
(paper §III-C and §IV-F).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import torch
from torch import Tensor, nn

from .noise_level import NoiseConv3d, noise_terms
from .spec import EncoderSpec


def conv3(inputs: int, outputs: int) -> nn.Conv3d:
    """3×3×3 convolution that keeps the size."""
    return nn.Conv3d(inputs, outputs, kernel_size=3, padding=1)


def conv1(inputs: int, outputs: int) -> nn.Conv3d:
    """1×1×1 convolution."""
    return nn.Conv3d(inputs, outputs, kernel_size=1)


class DenseBlock(nn.Module):
    """Residual dense block: each layer sees all earlier ones; a 1×1×1 layer fuses them."""

    def __init__(self, features: int, growth: int, layers: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(conv3(features + growth * n, growth) for n in range(layers))
        self.fuse = conv1(features + growth * layers, features)

    def forward(self, x: Tensor) -> Tensor:
        known = x
        for layer in self.layers:
            known = torch.cat([known, layer(known).relu_()], dim=1)
        return x + self.fuse(known)


class RDN(nn.Module):
    """Residual dense network (Zhang 2018) in 3-D: the paper's encoder (§III-C)."""

    def __init__(self, spec: EncoderSpec) -> None:
        super().__init__()
        self.shallow = conv3(1, spec.features)
        self.entry = conv3(spec.features, spec.features)
        self.blocks = nn.ModuleList(
            DenseBlock(spec.features, spec.growth, spec.layers) for _ in range(spec.blocks)
        )
        self.fuse = conv1(spec.features * spec.blocks, spec.features)
        self.smooth = conv3(spec.features, spec.features)
        self.out = conv3(spec.features, spec.channels)

    def forward(self, x: Tensor) -> Tensor:
        shallow = self.shallow(x)
        x = self.entry(shallow)
        fused: list[Tensor] = []
        for block in self.blocks:
            x = block(x)
            fused.append(x)
        return self.out(self.smooth(self.fuse(torch.cat(fused, dim=1))) + shallow)


class ResidualBlock(nn.ModuleList):
    """Convolutions with ReLUs between them, and the block's input added at the end.

    ``last_relu`` puts a ReLU after the last convolution too, before the addition.
    """

    def __init__(self, layers: Iterable[nn.Conv3d], last_relu: bool) -> None:
        super().__init__(layers)
        self.last_relu = last_relu

    def forward(self, x: Tensor, terms: Tensor | None = None) -> Tensor:
        inner = x
        for n, layer in enumerate(self):
            inner = _convolved(layer, inner, terms)
            if n < len(self) - 1 or self.last_relu:
                inner = inner.relu_()
        return inner + x


class ResCNN(nn.Module):
    """Residual CNN (Du 2019) as the paper uses it: blocks of convolutions, and input to output."""

    def __init__(self, spec: EncoderSpec) -> None:
        super().__init__()
        self.entry = conv3(1, spec.features)
        self.blocks = nn.Sequential(
            *(ResidualBlock(_convolutions(spec, conv3), True) for _ in range(spec.blocks))
        )
        self.out = conv3(spec.features, spec.channels)

    def forward(self, x: Tensor) -> Tensor:
        return self.out(self.blocks(self.entry(x).relu_())) + x


class SRResNet(nn.Module):
    """SRResNet (Ledig 2017) without batch normalisation and upscaling, as the paper uses it."""

    def __init__(self, spec: EncoderSpec) -> None:
        super().__init__()
        conv = NoiseConv3d if spec.noise_level else conv3
        self.entry = conv(1, spec.features)
        self.blocks = nn.Sequential(
            *(ResidualBlock(_convolutions(spec, conv), False) for _ in range(spec.blocks))
        )
        self.smooth = conv(spec.features, spec.features)
        self.out = conv(spec.features, spec.channels)
        self.long_skip = spec.long_skip

    def forward(self, x: Tensor, noise: Tensor | None = None) -> Tensor:
        """``noise`` (N,) is the level of each volume, see ``networks.noise_level``."""
        terms = None if noise is None else noise_terms(noise)
        x = entry = _convolved(self.entry, x, terms)
        for block in self.blocks:
            x = block(x, terms)
        x = _convolved(self.smooth, x, terms)
        return _convolved(self.out, x + entry if self.long_skip else x, terms)


def _convolutions(spec: EncoderSpec, make: Callable[[int, int], nn.Conv3d]) -> Iterator[nn.Conv3d]:
    """Those of one residual block."""
    return (make(spec.features, spec.features) for _ in range(spec.layers))


def _convolved(layer: nn.Module, x: Tensor, terms: Tensor | None) -> Tensor:
    return layer(x, terms) if isinstance(layer, NoiseConv3d) else layer(x)
