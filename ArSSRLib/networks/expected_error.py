"""The expected error beside each intensity: a small head on the decoder's last hidden layer.

The head gives the scale of a Laplace distribution, which is the expected absolute error, as a share
of the intensity range. The network below it is not changed, so intensities are the same with and
without it.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from .spec import ExpectedErrorSpec

SMALLEST_ERROR = 5e-4
"""Smallest error that is stated, as a share of the intensity range. Background that is exactly
flat gets it."""
_LARGEST_LOGARITHM = 2.0
_LEVEL_UNIT = 0.03
_CONSTANTS = 7


@dataclass(frozen=True)
class Levels:
    """What is known of the noise of a volume, as shares of its intensity range.

    Attributes:
        told: level that the network was given, 0 for a network that does not take it.
        scan: level that the scan has. Where the network is told less, its result keeps noise, and
            the error, which is that against a volume without noise, is larger.
    """

    told: float = 0.0
    scan: float = 0.0


class ExpectedErrorHead(nn.Module):
    """One hidden layer from the decoder's activations to the expected error.

    What is the same for a whole run (scales, noise) adds to the bias of the hidden layer.

    Attributes:
        levels: noise of the volume that is computed next, see :meth:`at_noise`.
    """

    def __init__(self, spec: ExpectedErrorSpec, inputs: int) -> None:
        super().__init__()
        self.first = nn.Linear(inputs, spec.hidden)
        self.constants = nn.Linear(_CONSTANTS, spec.hidden, bias=False)
        self.last = nn.Linear(spec.hidden, 1)
        self.levels = Levels()

    def forward(self, hidden: Tensor, constants: Tensor) -> Tensor:
        """Expected absolute error (N, K), normalised intensity.

        Args:
            hidden: activations of the decoder's last hidden layer, (N, K, inputs).
            constants: see :func:`constants_of`, (N, ...).
        """
        first = (self.first(hidden) + self.constants(constants)[:, None]).relu()
        return error_of(self.last(first)[..., 0])

    def at_noise(self, levels: Levels) -> ExpectedErrorHead:
        """The head for a volume with this noise; it shares its weights."""
        other = copy.copy(self)
        other.levels = levels
        return other

    @torch.no_grad()
    def bias(self, factors: Sequence[float]) -> Tensor:
        """Bias (hidden,) of the first layer for a whole run.

        Args:
            factors: target voxels over LR voxels, along each axis.
        """
        cell = torch.tensor([[1.0 / factor for factor in factors]])
        told, scan = torch.tensor([self.levels.told]), torch.tensor([self.levels.scan])
        weight = self.constants.weight
        return self.first.bias + weight @ constants_of(cell, told, scan)[0].to(weight)


def constants_of(cell: Tensor, told: Tensor, scan: Tensor) -> Tensor:
    """What the head reads of a whole run, in any order of the axes, (N, constants).

    Args:
        cell: (N, 3), size of a target voxel in LR voxels.
        told: (N,), noise level that the network is given.
        scan: (N,), noise level of the LR volume.
    """
    scales = -cell.float().log().sort(dim=-1).values
    levels = torch.stack([told, scan], dim=-1).float() / _LEVEL_UNIT
    return torch.cat([scales, levels, levels.sqrt()], dim=-1)


def error_of(logarithm: Tensor) -> Tensor:
    """The expected error from what the last layer gives; never below ``SMALLEST_ERROR``."""
    return logarithm.clamp(max=_LARGEST_LOGARITHM).exp() + SMALLEST_ERROR


def laplace_loss(expected: Tensor, error: Tensor) -> Tensor:
    """Mean negative logarithm of the Laplace likelihood, a proper scoring rule.

    Args:
        expected: scale of the distribution.
        error: absolute error, of the same shape.
    """
    return (error / expected + expected.log()).mean() + math.log(2.0)
