"""An encoder as a torch module: LR volume (N, 1, k, j, i) to feature map (N, channels, k, j, i)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .encoder_parts import Chain, Conv, Dense, FusedBlocks, Part, Skip
from .encoders import EncoderSpec, encoder_structure
from .noise_level import NoiseConv3d, noise_terms


class Encoder(nn.Module):
    """The encoder that ``spec`` describes, with fresh weights.

    Attributes:
        structure: its parts, see :mod:`ArSSRLib.networks.encoder_parts`.

    Raises:
        InputError: an unknown encoder.
    """

    def __init__(self, spec: EncoderSpec) -> None:
        super().__init__()
        self.structure = encoder_structure(spec)
        for conv in self.structure.convolutions():
            self._add(conv, spec.noise_level)

    def forward(self, low: Tensor, noise: Tensor | None = None) -> Tensor:
        """The feature map (N, C, k, j, i) of LR volumes (N, 1, k, j, i).

        ``noise`` (N,) is the level of each volume, see ``networks.noise_level``; a network that
        does not take it ignores it.
        """
        return self._applied(self.structure, low, None if noise is None else noise_terms(noise))

    def layer(self, conv: Conv) -> nn.Conv3d:
        """The module that holds the weights of a convolution of :attr:`structure`."""
        module = self.get_submodule(conv.name)
        assert isinstance(module, nn.Conv3d)
        return module

    def _add(self, conv: Conv, noise_level: bool) -> None:
        """Makes the layer, and the modules that its dotted name asks for."""
        *path, name = conv.name.split(".")
        parent: nn.Module = self
        for child in path:
            if child not in dict(parent.named_children()):
                parent.add_module(child, nn.Module())
            parent = parent.get_submodule(child)
        kind = NoiseConv3d if noise_level else nn.Conv3d
        padding = conv.side // 2
        parent.add_module(name, kind(conv.inputs, conv.outputs, conv.side, padding=padding))

    def _applied(self, part: Part, x: Tensor, terms: Tensor | None) -> Tensor:
        match part:
            case Conv():
                layer = self.layer(part)
                y = layer(x, terms) if isinstance(layer, NoiseConv3d) else layer(x)
                return y.relu_() if part.relu else y
            case Chain():
                for inner in part.stages:
                    x = self._applied(inner, x, terms)
                return x
            case Skip():
                return self._applied(part.body, x, terms) + x
            case Dense():
                for dense in part.layers:
                    x = torch.cat([x, self._applied(dense, x, terms)], dim=1)
                return x
            case FusedBlocks():
                fused: list[Tensor] = []
                for block in part.blocks:
                    x = self._applied(block, x, terms)
                    fused.append(x)
                return self._applied(part.fuse, torch.cat(fused, dim=1), terms)
        raise TypeError(f"An encoder cannot contain a {type(part).__name__}.")
