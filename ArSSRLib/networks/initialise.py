"""First weights of a network that is trained from scratch."""

from __future__ import annotations

import torch
from torch import nn

from .arssr import ArSSR

_BRANCH_SCALE = 0.1


@torch.no_grad()
def initialise(network: ArSSR, name: str) -> None:
    """Draws the weights from torch's global generator.

    Args:
        network: changed in place.
        name: ``torch`` keeps PyTorch's own draw, as the published code does; ``kaiming`` keeps
            the signal's size through the ReLUs (He 2015) and starts residual branches small, so
            that a deep network begins close to the identity.
    """
    if name == "kaiming":
        for module in network.modules():
            if isinstance(module, nn.Conv3d | nn.Linear):
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
        for block in network.encoder.structure.residual_blocks():
            *_, last = block.convolutions()
            network.encoder.layer(last).weight.mul_(_BRANCH_SCALE)
    if network.spec.residual != "none":
        network.start_as_interpolation()
