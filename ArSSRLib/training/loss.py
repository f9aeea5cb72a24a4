"""The losses by name, and the precision that products are computed in."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from ..upsampling.hardware.precision import multiplies_bfloat16
from .log import say

_SMALL_ERROR = 1e-4
"""Squared error below which patches count less under the loss ``log_l2``: 1 % of the range."""


def loss_of(name: str, values: Tensor, target: Tensor) -> Tensor:
    """The mean loss of a batch.

    Args:
        name: ``l1`` (the paper's), ``l2``, ``charbonnier`` or ``log_l2``, which weights patches by
            the inverse of their error.
        values, target: predicted and true intensities, (N, K).
    """
    match name:
        case "l2":
            return F.mse_loss(values, target)
        case "charbonnier":
            return ((values - target) ** 2 + 1e-6).sqrt().mean()
        case "log_l2":
            error = (values - target).square().mean(dim=1)
            return (error + _SMALL_ERROR).log().mean()
        case _:
            return F.l1_loss(values, target)


def half_precision(name: str, device: torch.device) -> torch.dtype | None:
    """The type that products are computed in, or None for float32.

    On a CPU that does not multiply bfloat16 ``mixed`` is float32 too, and says so.

    Args:
        name: ``auto``, ``float32`` or ``mixed``; see ``TrainerOptions``.
        device: where the network is trained.
    """
    if name == "float32" or (name == "auto" and device.type != "cuda"):
        return None
    if device.type == "cpu" and not multiplies_bfloat16():
        say("This CPU does not multiply bfloat16 in hardware: training computes in float32.")
        return None
    # Float16 needs a scaled loss, which only CUDA's scaler gives; bfloat16 has float32's range.
    return torch.float16 if device.type == "cuda" else torch.bfloat16
