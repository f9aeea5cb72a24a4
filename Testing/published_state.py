"""State dicts with the keys that the authors of ArSSR publish, and random weights."""

from __future__ import annotations

import torch
from torch import Tensor

Weights = dict[str, Tensor]


def add_conv(weights: Weights, key: str, inputs: int, outputs: int, side: int = 3) -> None:
    """Adds a convolution of ``side`` voxels along each axis."""
    weights[f"{key}.weight"] = torch.randn(outputs, inputs, side, side, side) / (
        (inputs * side**3) ** 0.5
    )
    weights[f"{key}.bias"] = torch.randn(outputs) * 0.05


def with_decoder(weights: Weights) -> Weights:
    """An encoder's weights and those of the decoder."""
    widths = {"one": [131, 256, 256, 256, 131], "two": [131, 256, 256, 256, 1]}
    for stage, sizes in widths.items():
        for n, (inputs, outputs) in enumerate(zip(sizes, sizes[1:], strict=False)):
            key = f"decoder.stage_{stage}.{2 * n}"
            weights[f"{key}.weight"] = torch.randn(outputs, inputs) * (2.0 / inputs) ** 0.5
            weights[f"{key}.bias"] = torch.randn(outputs) * 0.1
    # High enough that the last ReLU does not make every value zero.
    weights["decoder.stage_two.6.bias"] += 2.0
    return weights


def published_rescnn() -> Weights:
    """The ResCNN of the paper with its decoder."""
    weights: Weights = {}
    add_conv(weights, "encoder.conv_start.0", 1, 64)
    for block in (1, 2, 3):
        for layer in range(0, 12, 2):
            add_conv(weights, f"encoder.block{block}.{layer}", 64, 64)
    add_conv(weights, "encoder.conv_end.0", 64, 128)
    return with_decoder(weights)
