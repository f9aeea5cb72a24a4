"""The decoder rearranged for a regular grid: same numbers, far less work.

A linear layer and interpolation commute, so every layer that reads the feature vector directly is
applied to the feature map, once an LR voxel, before interpolation instead of once a target voxel
after it. The coordinates are separable on a grid: each axis adds its own bias.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ...networks.arssr import ArSSR
from ...networks.expected_error import ExpectedErrorHead
from .rows import AxisLookup, linear_rows

Layer = tuple[Tensor, Tensor]


class FoldedDecoder:
    """The decoder of ``network`` after folding.

    Features, hidden layers and their interpolation are of the type ``dtype``; what the last layer
    sums and intensities are float32. With the paper's skip the feature vector is read twice, by the
    first layer and again (through the residual connection) by the first layer of the second half;
    both are folded.

    Attributes:
        outputs: numbers for a voxel: the intensity, and the expected error with a head for it.
    """

    def __init__(
        self,
        network: ArSSR,
        device: torch.device,
        dtype: torch.dtype,
        head: FoldedHead | None,
    ) -> None:
        self.dtype = dtype
        self._head = head
        self.outputs = 1 if head is None else 2
        decoder = network.decoder
        self.skip = decoder.skip
        self.last_relu = decoder.last_relu
        self.local = network.spec.coordinates == "local"
        channels = network.spec.encoder.channels
        first, second = _layers(decoder.first, device), _layers(decoder.second, device)
        readers = [first[0], second[0]] if self.skip else [second[0]]
        weight = torch.cat([layer[0] for layer in readers])
        self.width = readers[0][0].shape[0]
        self.project = weight[:, :channels].contiguous().to(dtype)
        self._coordinates = weight[:, channels:]
        self._bias = torch.cat([layer[1] for layer in readers])
        self._first = [(w.to(dtype), b.to(dtype)) for w, b in first[1:]]
        self._second = [(w.to(dtype), b.to(dtype)) for w, b in second[1:-1]]
        # None where the first layer, which is folded, is the last one too.
        self._last = second[-1] if len(second) > 1 else None
        self._joint = second[0][0].to(dtype)

    def bias_along(self, axis: int, lookup: AxisLookup, cell: float) -> Tensor:
        """What the coordinate along ``axis`` adds before the first ReLU, (targets, channels).

        ``cell`` is the target voxel's size along the axis, in LR voxels. The constant part of the
        bias comes with axis 0.
        """
        if self.local:
            rows = (2.0 * lookup.offset)[:, None] * self._coordinates[:, axis]
            rows = rows + cell * self._coordinates[:, 3 + axis]
        else:
            rows = lookup.absolute[:, None] * self._coordinates[:, axis]
        return rows + self._bias if axis == 0 else rows

    def finish(self, rows: Tensor, local: Tensor | None) -> tuple[Tensor, ...]:
        """From interpolated rows to intensities, and with a head to logarithms of expected errors.

        Args:
            rows: interpolated features, (N, channels after folding). They are overwritten.
            local: what the head reads of the scan, (N, LOCALS); None without a head.

        Returns:
            ``outputs`` tensors (N,), float32.
        """
        if self.skip:
            hidden = rows[:, : self.width].relu()
            for weight, bias in self._first:
                hidden = linear_rows(hidden, weight, bias).relu_()
            hidden = linear_rows(hidden, self._joint, None)
            hidden += rows[:, self.width :]
        else:
            hidden = rows
        if self._last is not None:
            hidden = hidden.relu_()
            for weight, bias in self._second:
                hidden = linear_rows(hidden, weight, bias).relu_()
        result = hidden if self._last is None else F.linear(hidden.float(), *self._last)
        values = result[:, 0].float()
        if self.last_relu:
            values = values.relu_()
        if self._head is None or local is None:
            return (values,)
        return values, self._head(hidden, local)


class FoldedHead:
    """The head for the expected error, for one run: its constant inputs are part of a bias.

    Args:
        head: of the model, at the noise of the volume.
        factors: target voxels over LR voxels, along each axis.
        device: where it computes.
        dtype: of the decoder's hidden layers.
    """

    def __init__(
        self,
        head: ExpectedErrorHead,
        factors: Sequence[float],
        device: torch.device,
        dtype: torch.dtype,
    ) -> None:
        bias = head.bias(factors)
        self._first = head.first.weight.to(device, dtype), bias.to(device, dtype)
        self._local = head.local.weight.to(device)
        self._last = head.last.weight.to(device), head.last.bias.to(device)

    def __call__(self, hidden: Tensor, local: Tensor) -> Tensor:
        """Logarithms of the expected errors, before the smallest is added, (N,), float32.

        Args:
            hidden: the decoder's last hidden layer, (N, width).
            local: interpolated :func:`ArSSRLib.networks.expected_error.local_detail`, (N, LOCALS).
        """
        first = linear_rows(hidden, *self._first).float()
        first.addmm_(local, self._local.T).relu_()
        return F.linear(first, *self._last)[:, 0]


def _layers(modules: nn.ModuleList, device: torch.device) -> list[Layer]:
    """Weights (outputs, inputs) and biases of fully connected layers, on the device."""
    return [(m.weight.to(device), m.bias.to(device)) for m in modules if isinstance(m, nn.Linear)]
