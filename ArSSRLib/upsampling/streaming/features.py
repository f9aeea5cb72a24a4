"""The folded feature map of a tile, handed out plane by plane while the encoder streams."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from ...networks.expected_error import local_detail
from .folded_decoder import FoldedDecoder
from .rows import linear_rows
from .stream import Planes, Stage


class FeatureWindow:
    """The folded planes that are needed now, of a stream that hands each out once.

    Args:
        stream: planes (rows, columns, channels), a few at a time, in order.
    """

    def __init__(self, stream: Iterator[Tensor]) -> None:
        self._stream = stream
        self._window: Planes = None
        self._first = self._end = 0

    def planes(self, first: int, last: int) -> Tensor:
        """The planes ``first`` to ``last`` (exclusive); never backwards.

        Returns:
            (planes, rows, columns, channels), rows and columns being the other two axes in order.
        """
        while self._end < last:
            planes = next(self._stream)
            known = [] if self._window is None else [self._window[first - self._first :]]
            self._window = torch.cat([*known, planes]) if known else planes
            self._first = first if known else self._end
            self._end += planes.shape[0]
        assert self._window is not None
        return self._window[first - self._first : last - self._first]


@dataclass(frozen=True)
class FeatureStream:
    """Features of the LR voxels that a tile looks up; each plane is computed once, in order.

    It must not know its own iterator: that circle would keep a finished tile's planes in memory.

    Attributes:
        stage: the encoder as a stream.
        low: LR intensities (1, 1, k, j, i) of the region that is encoded.
        axis: array axis (0, 1 or 2) along which planes follow each other.
        inner: the lookup region inside ``low``, a slice for each axis.
        decoder: its first layers are applied to the planes.
        at_once: planes that enter the encoder at a time.
        pushed: called with the number of planes that went in.
    """

    stage: Stage
    low: Tensor
    axis: int
    inner: tuple[slice, slice, slice]
    decoder: FoldedDecoder
    at_once: int
    pushed: Callable[[int], None]

    def __iter__(self) -> Iterator[Tensor]:
        """The planes (planes, rows, columns, channels) of the lookup region, as they get ready."""
        along = self.inner[self.axis]
        made = 0
        for planes in self._encoded():
            count = planes.shape[self.axis + 2]
            start, stop = max(along.start - made, 0), min(along.stop - made, count)
            if start < stop:
                yield self._folded(planes.narrow(self.axis + 2, start, stop - start))
            made += count
            if made >= along.stop:
                return

    def local_detail(self) -> Iterator[Tensor]:
        """What a head for the expected error reads of the scan, for the planes of the region.

        A few planes (planes, rows, columns, LOCALS) at a time: computed at once, the detail and
        what it is made of would take ten times the memory of the scan.
        """
        dim, along = self.axis + 2, self.inner[self.axis]
        for first in range(along.start, along.stop, self.at_once):
            last = min(first + self.at_once, along.stop)
            # One more plane on each side, where there is one: the detail reads its neighbours.
            begin, end = max(0, first - 1), min(last + 1, self.low.shape[dim])
            detail = local_detail(self.low.narrow(dim, begin, end - begin))
            yield self._as_rows(detail.narrow(dim, first - begin, last - first))

    def _encoded(self) -> Iterator[Tensor]:
        for part in self.low.split(self.at_once, self.axis + 2):
            planes = self.stage.push(part)
            self.pushed(part.shape[self.axis + 2])
            if planes is not None:
                yield planes
        yield from self.stage.finish()

    def _folded(self, planes: Tensor) -> Tensor:
        """(1, channels, k, j, i) to (planes, rows, columns, channels after folding)."""
        features = self._as_rows(planes)
        rows = features.reshape(-1, features.shape[-1]).to(self.decoder.dtype)
        return linear_rows(rows, self.decoder.project, None).view(*features.shape[:3], -1)

    def _as_rows(self, planes: Tensor) -> Tensor:
        """(1, channels, k, j, i) to the lookup region's (planes, rows, columns, channels)."""
        crop = list(self.inner)
        crop[self.axis] = slice(None)
        return planes[0].permute(1, 2, 3, 0)[tuple(crop)].movedim(self.axis, 0)
