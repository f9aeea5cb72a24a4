"""The encoders as a stream of planes: the same numbers as at once, with a few planes in memory.

A volume enters plane by plane along one axis and its feature map leaves the same way, later by as
many planes as the encoder reaches. Every layer keeps only the planes its kernel still needs, so
that memory depends on a plane's size alone and nothing along the axis is computed twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ...networks.encoder import Encoder
from ...networks.encoder_parts import Chain, Conv, Dense, FusedBlocks, Part, Skip
from ..hardware.precision import products_in_float32

_ONEDNN_TYPES = (torch.float32, torch.bfloat16)

Planes = Tensor | None
"""Consecutive planes (1, channels, k, j, i) along the stream's axis; None for no plane."""


class Stage(Protocol):
    """A part of an encoder."""

    def push(self, planes: Planes) -> Planes:
        """Takes the next planes; returns those of the result that are now complete."""

    def finish(self) -> Iterator[Tensor]:
        """To be called after the last plane: the rest of the result, a few planes at a time."""


def encoder_stream(encoder: Encoder, axis: int, layout: torch.memory_format) -> Stage:
    """``encoder`` as a stream along array axis ``axis`` (0 for k, 1 for j, 2 for i).

    Args:
        encoder: its biases count as they are; fold a noise level into them first.
        axis: the axis along which planes follow each other.
        layout: the memory order in which planes are kept.
    """
    return _Stages(encoder, axis + 2, layout).of(encoder.structure)


@dataclass(frozen=True)
class _Stages:
    """Makes the stages of one stream: they share its weights, dimension and memory order."""

    encoder: Encoder
    dim: int
    layout: torch.memory_format

    def of(self, part: Part) -> Stage:
        match part:
            case Conv(side=1):
                return _Pointwise(self.encoder.layer(part), part.relu)
            case Conv():
                return self._convolution(part)
            case Chain():
                return _Chain([self.of(stage) for stage in part.stages], self.dim)
            case Skip(Chain(stages)) if all(isinstance(stage, Conv) for stage in stages):
                inner = [self.of(stage) for stage in stages]
                return _Skip(_Chain(inner, self.dim, whole=True), self._queue())
            case Skip():
                return _Skip(self.of(part.body), self._queue())
            case Dense():
                layers = [self.encoder.layer(layer) for layer in part.layers]
                return _DenseLayers(layers, self.dim, self.layout)
            case FusedBlocks():
                blocks = [self.of(block) for block in part.blocks]
                return _FusedBlocks(blocks, self.encoder.layer(part.fuse), self._queue)
        raise TypeError(f"An encoder's stream cannot contain a {type(part).__name__}.")

    def _convolution(self, part: Conv) -> _Convolution:
        return _Convolution(self.encoder.layer(part), part.relu, self.dim, self.layout)

    def _queue(self) -> _Queue:
        return _Queue(self.dim, self.layout)


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


class _Window:
    """The planes that a 3×3×3 kernel still needs, in front of those that come next."""

    def __init__(self, dim: int, layout: torch.memory_format, dtype: torch.dtype) -> None:
        self.dim, self._layout, self._dtype = dim, layout, dtype
        self._last: Planes = None

    def known(self, *pieces: Tensor) -> Planes:
        """The planes that a convolution can take now: two more than it completes.

        Args:
            pieces: the next planes; several tensors hold their channels one after another.
        """
        known = self._in_front_of(pieces)
        count = known.shape[self.dim]
        # A copy: a view would keep all the planes in memory.
        kept = min(2, count)
        self._last = known.narrow(self.dim, count - kept, kept).clone(memory_format=self._layout)
        return known if count > 2 else None

    def border(self) -> Planes:
        """The plane of zeros behind the last one; None when no plane ever came."""
        return None if self._last is None else torch.zeros_like(self._last.narrow(self.dim, 0, 1))

    def _in_front_of(self, pieces: Sequence[Tensor]) -> Tensor:
        """All planes in one new tensor: what was computed is copied once, wherever it goes."""
        shape = list(pieces[0].shape)
        shape[1] = sum(piece.shape[1] for piece in pieces)
        kept = 1 if self._last is None else self._last.shape[self.dim]
        arriving = shape[self.dim]
        shape[self.dim] = kept + arriving
        like = pieces[0]
        known = torch.empty(
            shape, dtype=self._dtype, device=like.device, memory_format=self._layout
        )
        before = known.narrow(self.dim, 0, kept)
        if self._last is None:
            before.zero_()
        else:
            before.copy_(self._last)
        after, first = known.narrow(self.dim, kept, arriving), 0
        for piece in pieces:
            after.narrow(1, first, piece.shape[1]).copy_(piece)
            first += piece.shape[1]
        return known


class _Convolution:
    """A 3×3×3 convolution with zero padding, and optionally a ReLU."""

    def __init__(self, layer: nn.Conv3d, relu: bool, dim: int, layout: torch.memory_format) -> None:
        self._layer, self._relu = layer, relu
        self._window = _Window(dim, layout, layer.weight.dtype)

    def push(self, planes: Planes) -> Planes:
        known = None if planes is None else self._window.known(planes)
        if known is None:
            return None
        return _filtered(known, self._layer, self._relu, self._window.dim)

    def finish(self) -> Iterator[Tensor]:
        rest = self.push(self._window.border())
        if rest is not None:
            yield rest


class _DenseLayers:
    """The layers of a dense block: each one's result joins the channels it was computed from."""

    def __init__(self, layers: Sequence[nn.Conv3d], dim: int, layout: torch.memory_format) -> None:
        self._layers = list(layers)
        self._windows = [_Window(dim, layout, layer.weight.dtype) for layer in self._layers]
        self._dim, self._layout = dim, layout

    def push(self, planes: Planes) -> Planes:
        return None if planes is None else self._through((planes,), 0)

    def finish(self) -> Iterator[Tensor]:
        pieces = []
        for n, window in enumerate(self._windows):
            border = window.border()
            pieces.append(None if border is None else self._through((border,), n))
        rest = _joined(pieces, self._dim)
        if rest is not None:
            yield rest

    def _through(self, pieces: tuple[Tensor, ...], first: int) -> Planes:
        for layer, window in zip(self._layers[first:], self._windows[first:], strict=True):
            known = window.known(*pieces)
            if known is None:
                return None
            result = _filtered(known, layer, True, self._dim)
            pieces = known.narrow(self._dim, 1, result.shape[self._dim]), result
        return torch.cat(pieces, dim=1)


def _filtered(known: Tensor, layer: nn.Conv3d, relu: bool, dim: int) -> Tensor:
    """The planes that ``known`` completes: all but its first and last."""
    padding = [0 if axis + 2 == dim else 1 for axis in range(3)]
    result = _convolved(known, layer.weight, layer.bias, padding)
    return result.relu_() if relu else result


def _convolved(
    planes: Tensor, weight: Tensor, bias: Tensor | None, padding: Sequence[int] = (0, 0, 0)
) -> Tensor:
    """A convolution, on a CPU by oneDNN.

    Left to itself torch takes a convolution many times slower where few planes of few channels
    come at once, as in an encoder's first layer, and spends a sixth of all the time there.
    """
    planes = planes.to(weight.dtype)
    if products_in_float32(weight.dtype, planes.device.type):
        exact = None if bias is None else bias.float()
        return _convolved(planes.float(), weight.float(), exact, padding).to(weight.dtype)
    on_cpu = planes.device.type == "cpu" and planes.dtype in _ONEDNN_TYPES
    # Not part of torch's documented interface: without it the numbers are the same, only later.
    by_onednn = getattr(torch, "mkldnn_convolution", None)
    if on_cpu and by_onednn is not None and torch.backends.mkldnn.is_available():
        once = [1, 1, 1]
        return by_onednn(planes, weight, bias, padding, once, once, 1)  # type: ignore[no-any-return]
    return F.conv3d(planes, weight, bias, padding=tuple(padding))


class _Pointwise:
    """A 1×1×1 convolution, and optionally a ReLU: nothing waits."""

    def __init__(self, layer: nn.Conv3d, relu: bool) -> None:
        self._layer, self._relu = layer, relu

    def push(self, planes: Planes) -> Planes:
        if planes is None:
            return None
        result = _convolved(planes, self._layer.weight, self._layer.bias)
        return result.relu_() if self._relu else result

    def finish(self) -> Iterator[Tensor]:
        return iter(())


class _Chain:
    """Stages one after another.

    Args:
        stages: in order.
        dim: along which planes follow each other.
        whole: whether the rest leaves in one piece, which is faster. The rest of a whole encoder is
            as many planes as it reaches: in one piece it would set the peak of memory.
    """

    def __init__(self, stages: Sequence[Stage], dim: int, whole: bool = False) -> None:
        self._stages, self._dim, self._whole = list(stages), dim, whole

    def push(self, planes: Planes) -> Planes:
        return self._through(planes, 0)

    def finish(self) -> Iterator[Tensor]:
        pieces = self._pieces()
        if not self._whole:
            return pieces
        rest = _joined(list(pieces), self._dim)
        return iter(() if rest is None else (rest,))

    def _pieces(self) -> Iterator[Tensor]:
        for n, stage in enumerate(self._stages):
            for planes in stage.finish():
                rest = self._through(planes, n + 1)
                if rest is not None:
                    yield rest

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
        result = self._inner.push(planes)
        return None if result is None else self._added(result)

    def finish(self) -> Iterator[Tensor]:
        return map(self._added, self._inner.finish())

    def _added(self, planes: Tensor) -> Tensor:
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

    def finish(self) -> Iterator[Tensor]:
        for n, block in enumerate(self._blocks):
            for piece in block.finish():
                planes, total = self._summed(piece, n)
                rest = self._through(planes, total, n + 1)
                if rest is not None:
                    yield rest

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
