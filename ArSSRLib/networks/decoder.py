"""The decoder: feature vector and coordinate in, intensity out (paper §III-D, Fig. 3)."""

from __future__ import annotations

import itertools

from torch import Tensor, nn

from .spec import DecoderSpec


class Decoder(nn.Module):
    """A fully connected network with a ReLU after each layer, optionally with the paper's skip.

    With ``skip`` the first half of the layers ends at the input's own width and the input is
    added to it before the second half.
    """

    def __init__(self, inputs: int, spec: DecoderSpec) -> None:
        super().__init__()
        self.skip = spec.skip
        self.last_relu = spec.last_relu
        self.first, self.second = map(_layers, spec.widths(inputs))

    def forward(self, x: Tensor) -> Tensor:
        """(..., inputs) to (..., 1)."""
        return self.last(self.hidden(x))

    def hidden(self, x: Tensor) -> Tensor:
        """(..., inputs) to the activations of the last hidden layer, (..., width)."""
        if self.skip:
            start = x
            for layer in self.first:
                x = layer(x).relu()
            x = x + start
        for layer in self.second[:-1]:
            x = layer(x).relu()
        return x

    def last(self, hidden: Tensor) -> Tensor:
        """From those activations to (..., 1)."""
        x: Tensor = self.second[-1](hidden)
        return x.relu() if self.last_relu else x


def _layers(widths: list[int]) -> nn.ModuleList:
    return nn.ModuleList(nn.Linear(a, b) for a, b in itertools.pairwise(widths))
