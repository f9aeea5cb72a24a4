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
import torch.nn.functional as F
from torch import Tensor, nn

from .spec import ExpectedErrorSpec

SMALLEST_ERROR = 5e-4
"""Smallest error that is stated, as a share of the intensity range. Background that is exactly
flat gets it."""
_LARGEST_LOGARITHM = 2.0
_LEVEL_UNIT = 0.03
_CONSTANTS = 7
LOCALS = 2
"""What :func:`local_detail` gives for a voxel."""
_FLATTEST = 3e-3
_LIFT = 6.0
"""Added to logarithms of at least ``_FLATTEST``, so that they are small positive numbers."""


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

    It also reads how much the scan changes around a voxel, which the decoder need not know. What is
    the same for a whole run (scales, noise) adds to the bias of the hidden layer.

    Attributes:
        levels: noise of the volume that is computed next, see :meth:`at_noise`.
    """

    def __init__(self, spec: ExpectedErrorSpec, inputs: int) -> None:
        super().__init__()
        self.first = nn.Linear(inputs, spec.hidden)
        self.constants = nn.Linear(_CONSTANTS, spec.hidden, bias=False)
        self.local = nn.Linear(LOCALS, spec.hidden, bias=False)
        self.last = nn.Linear(spec.hidden, 1)
        self.levels = Levels()

    def forward(self, hidden: Tensor, constants: Tensor, local: Tensor) -> Tensor:
        """Expected absolute error (N, K), normalised intensity.

        Args:
            hidden: activations of the decoder's last hidden layer, (N, K, inputs).
            constants: see :func:`constants_of`, (N, ...).
            local: :func:`local_detail`, interpolated at the same points, (N, K, LOCALS).
        """
        first = self.first(hidden) + self.constants(constants)[:, None] + self.local(local)
        return error_of(self.last(first.relu())[..., 0])

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


def local_detail(low: Tensor) -> Tensor:
    """How much a scan changes around each of its voxels, (N, LOCALS, k, j, i).

    The logarithms of the gradient's length, in intensity per voxel, and of the standard deviation
    of the 27 voxels around.

    Args:
        low: normalised intensities (N, 1, k, j, i).
    """
    steps = [
        torch.gradient(low, dim=axis)[0] if low.shape[axis] > 1 else torch.zeros_like(low)
        for axis in (2, 3, 4)
    ]
    slope = (steps[0].square() + steps[1].square() + steps[2].square()).sqrt()

    around = F.pad(low, (1,) * 6, mode="replicate")
    mean, of_squares = (F.avg_pool3d(x, 3, stride=1) for x in (around, around.square()))
    spread = (of_squares - mean.square()).clamp(min=0.0).sqrt()
    return (torch.cat([slope, spread], dim=1) + _FLATTEST).log() + _LIFT


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
