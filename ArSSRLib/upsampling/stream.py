"""The encoders as a stream of planes: the same numbers as at once, with a few planes in memory.

A volume enters plane by plane along one axis and its feature map leaves the same way, later by as
many planes as the encoder reaches. Every layer keeps only the planes its kernel still needs, so
that memory depends on a plane's size alone and nothing along the axis is computed twice.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..networks.encoders import RDN, DenseBlock, ResCNN, ResidualBlock, SRResNet

Planes = Tensor | None
"""Consecutive planes (1, channels, k, j, i) along the stream's axis; None for no plane."""


class Stage(Protocol):
    """A part of an encoder."""

    def push(self, planes: Planes) -> Planes:
        """Takes the next planes; returns those of the result that are now complete."""

    def finish(self) -> Planes:
        """To be called after the last plane; returns the rest of the result."""


def encoder_stream(encoder: nn.Module, axis: int, layout: torch.memory_format) -> Stage:
    """``encoder`` as a stream along array axis ``axis`` (0 for k, 1 for j, 2 for i).

    Args:
        encoder: one of :mod:`ArSSRLib.networks.encoders`.
        axis: the axis along which planes follow each other.
        layout: the memory order in which planes are kept.
    """
    parts = _Parts(axis + 2, layout)
    match encoder:
        case SRResNet():
            blocks = map(parts.residual, encoder.blocks)
            body: Stage = parts.chain(*blocks, parts.conv(encoder.smooth))
            if encoder.long_skip:
                body = parts.skip(body)
            return parts.chain(parts.conv(encoder.entry), body, parts.conv(encoder.out))
        case ResCNN():
            blocks = map(parts.residual, encoder.blocks)
            entry, out = parts.conv(encoder.entry, relu=True), parts.conv(encoder.out)
            return parts.skip(parts.chain(entry, *blocks, out))
        case RDN():
            fused = _FusedBlocks(
                [parts.dense(block) for block in encoder.blocks], encoder.fuse, parts.queue
            )
            body = parts.chain(parts.conv(encoder.entry), fused, parts.conv(encoder.smooth))
            shallow, out = parts.conv(encoder.shallow), parts.conv(encoder.out)
            return parts.chain(shallow, parts.skip(body), out)
    raise TypeError(f"{type(encoder).__name__} has no stream.")


class _Parts:
    """Makes the stages of one stream: they share its dimension and memory order."""

    def __init__(self, dim: int, layout: torch.memory_format) -> None:
        self._dim, self._layout = dim, layout

    def queue(self) -> _Queue:
        return _Queue(self._dim, self._layout)

    def conv(self, layer: nn.Conv3d, relu: bool = False) -> _Convolution:
        return _Convolution(layer, relu, self._dim, self._layout)

    def chain(self, *stages: Stage) -> _Chain:
        return _Chain(stages, self._dim)

    def skip(self, inner: Stage) -> _Skip:
        return _Skip(inner, self.queue())

    def residual(self, block: nn.Module) -> _Skip:
        assert isinstance(block, ResidualBlock)
        last = len(block) - 1
        layers = [
            self.conv(layer, relu=n < last or block.last_relu)  # type: ignore[arg-type]
            for n, layer in enumerate(block)
        ]
        return self.skip(self.chain(*layers))

    def dense(self, block: nn.Module) -> _Skip:
        assert isinstance(block, DenseBlock)
        grow = [_Growing(layer, True, self._dim, self._layout) for layer in block.layers]  # type: ignore[arg-type]
        return self.skip(self.chain(*grow, _Pointwise(block.fuse)))


class _Queue:
    """Planes that wait, first in, first out."""

    def __init__(self, dim: int, layout: torch.memory_format) -> None:
        self.dim, self._layout = dim, layout
        self._planes: Planes = None

    def add(self, planes: Planes) -> None:
        if planes is not None:
            self._planes = _joined([self._planes, planes], self.dim)

    def take(self, count: int) -> Tensor:
        assert self._planes is not None
        taken = self._planes.narrow(self.dim, 0, count)
        left = self._planes.shape[self.dim] - count
        # A copy: a view would keep all the planes in memory.
        kept = self._planes.narrow(self.dim, count, left).clone(memory_format=self._layout)
        self._planes = kept if left else None
        return taken


class _Convolution:
    """A 3×3×3 convolution with zero padding, and optionally a ReLU."""

    def __init__(self, layer: nn.Conv3d, relu: bool, dim: int, layout: torch.memory_format) -> None:
        self._layer, self._relu, self._dim, self._layout = layer, relu, dim, layout
        self._padding = tuple(0 if axis + 2 == dim else 1 for axis in range(3))
        self._last: Planes = None

    def push(self, planes: Planes) -> Planes:
        if planes is None:
            return None
        if self._last is None:
            self._last = torch.zeros_like(planes.narrow(self._dim, 0, 1))
        known = torch.cat([self._last, planes], self._dim)
        count = known.shape[self._dim] - 2
        if count < 1:
            self._last = known
            return None
        self._last = known.narrow(self._dim, count, 2).clone(memory_format=self._layout)
        result = _convolved(known, self._layer.weight, self._layer.bias, self._padding)
        return self._result(known, result.relu_() if self._relu else result)

    def finish(self) -> Planes:
        if self._last is None:
            return None
        return self.push(torch.zeros_like(self._last.narrow(self._dim, 0, 1)))

    def _result(self, known: Tensor, result: Tensor) -> Tensor:
        return result


def _convolved(
    planes: Tensor, weight: Tensor, bias: Tensor | None, padding: Sequence[int] = (0, 0, 0)
) -> Tensor:
    """A convolution, on a CPU by oneDNN.

    Left to itself torch takes a convolution many times slower where few planes of few channels
    come at once, as in an encoder's first layer, and spends a sixth of all the time there.
    """
    on_cpu = planes.device.type == "cpu" and planes.dtype == torch.float32
    if on_cpu and torch.backends.mkldnn.is_available():
        once = [1, 1, 1]
        return torch.mkldnn_convolution(  # type: ignore[no-any-return, attr-defined]
            planes, weight, bias, padding, once, once, 1
        )
    return F.conv3d(planes, weight, bias, padding=tuple(padding))


class _Growing(_Convolution):
    """A layer of a dense block: its result joins the channels it was computed from."""

    def _result(self, known: Tensor, result: Tensor) -> Tensor:
        centre = known.narrow(self._dim, 1, result.shape[self._dim])
        return torch.cat([centre, result], dim=1)


class _Pointwise:
    """A 1×1×1 convolution: nothing waits."""

    def __init__(self, layer: nn.Conv3d) -> None:
        self._layer = layer

    def push(self, planes: Planes) -> Planes:
        if planes is None:
            return None
        return _convolved(planes, self._layer.weight, self._layer.bias)

    def finish(self) -> Planes:
        return None


class _Chain:
    """Stages one after another."""

    def __init__(self, stages: Sequence[Stage], dim: int) -> None:
        self._stages, self._dim = list(stages), dim

    def push(self, planes: Planes) -> Planes:
        return self._through(planes, 0)

    def finish(self) -> Planes:
        rest = [self._through(s.finish(), n + 1) for n, s in enumerate(self._stages)]
        return _joined(rest, self._dim)

    def _through(self, planes: Planes, first: int) -> Planes:
        for stage in self._stages[first:]:
            planes = stage.push(planes)
        return planes


class _Skip:
    """What enters is added to what leaves."""

    def __init__(self, inner: Stage, waiting: _Queue) -> None:
        self._inner, self._waiting = inner, waiting

    def push(self, planes: Planes) -> Planes:
        self._waiting.add(planes)
        return self._added(self._inner.push(planes))

    def finish(self) -> Planes:
        return self._added(self._inner.finish())

    def _added(self, planes: Planes) -> Planes:
        if planes is None:
            return None
        return planes + self._waiting.take(planes.shape[self._waiting.dim])


class _FusedBlocks:
    """Blocks whose results are all fused by one 1×1×1 layer (RDN's global feature fusion).

    That layer is linear in each block's result, so a running sum goes along from block to block
    and no block's result has to wait for the last block's.
    """

    def __init__(
        self, blocks: Sequence[Stage], fuse: nn.Conv3d, queue: Callable[[], _Queue]
    ) -> None:
        self._blocks = list(blocks)
        self._weights = fuse.weight.chunk(len(self._blocks), dim=1)
        self._bias = fuse.bias
        self._sums = [queue() for _ in self._blocks]

    def push(self, planes: Planes) -> Planes:
        return self._through(planes, None, 0)

    def finish(self) -> Planes:
        rest = []
        for n, block in enumerate(self._blocks):
            planes, total = self._summed(block.finish(), n)
            rest.append(self._through(planes, total, n + 1))
        return _joined(rest, self._sums[0].dim)

    def _through(self, planes: Planes, total: Planes, first: int) -> Planes:
        for n in range(first, len(self._blocks)):
            self._sums[n].add(total)
            planes, total = self._summed(self._blocks[n].push(planes), n)
        return total

    def _summed(self, planes: Planes, n: int) -> tuple[Planes, Planes]:
        """A block's result, and the sum over the blocks so far for the same planes."""
        if planes is None:
            return None, None
        total = _convolved(planes, self._weights[n], self._bias if n == 0 else None)
        if n > 0:
            total += self._sums[n].take(planes.shape[self._sums[n].dim])
        return planes, total


def _joined(pieces: Sequence[Planes], dim: int) -> Planes:
    present = [piece for piece in pieces if piece is not None]
    if len(present) < 2:
        return present[0] if present else None
    return torch.cat(present, dim)
