"""Computes a tile even if memory runs out: in smaller tiles, in single precision, on the CPU.

What has been computed when a tile fails is kept.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterator, Sequence
from typing import cast

import torch

from ...errors import InputError, NotEnoughMemory
from ...running.memory import is_out_of_memory
from ...volumes.array_types import Array, FloatArray
from ..hardware.device import release_memory
from ..hardware.precision import precision_after_moving
from ..plan import Geometry, Spans, Tile, halved
from ..progress import ProgressClock
from .tiles import NotFinite, TileComputer

_log = logging.getLogger(__name__)


class FallbackComputer:
    """Computes tiles on one device, in smaller ones or on the CPU where it lacks the memory.

    It computes in half precision where that is asked for, as long as no value is too large for it.

    Args:
        make_computer: makes what computes tiles on a device, in a type of number.
        geometry: of the tiles.
        device: where to begin.
        dtype: type of number to begin with.
    """

    def __init__(
        self,
        make_computer: Callable[[torch.device, torch.dtype], TileComputer],
        geometry: Geometry,
        device: torch.device,
        dtype: torch.dtype,
    ) -> None:
        self.make_computer, self.geometry = make_computer, geometry
        self.device = device
        # Planes that are larger ran out of memory once; that is not tried again.
        self.largest = math.inf
        self.dtype = dtype
        try:
            self._move_to(device)
        except RuntimeError as error:
            if device.type == "cpu" or not is_out_of_memory(error):
                raise
            self._move_to_cpu()

    def compute(
        self, array: Array, tile: Tile, clock: ProgressClock
    ) -> Iterator[tuple[Spans, FloatArray]]:
        """What a tile's target voxels get, see :meth:`TileComputer.compute`.

        If memory runs out, it continues with smaller tiles after those delivered.

        Raises:
            NotEnoughMemory: even the smallest tile does not fit.
            InputError: the model's values are not finite.
        """
        parts = halved(tile, self.geometry)
        if self.geometry.plane_voxels(tile) > max(self.largest, self._plane_of(parts)):
            # One of this size did not fit before.
            for part in parts:
                yield from self.compute(array, part, clock)
            return
        done, reached = clock.done, tile.target[self.geometry.stream][0]
        try:
            for place, values in self.tiles.compute(array, tile, clock):
                yield place, values
                reached = place[self.geometry.stream][1]
            return
        except (RuntimeError, MemoryError, NotFinite) as error:
            if not self._has_remedy(error):
                raise
            # Its traceback would keep what the tile has used in memory.
            failure = error.with_traceback(None)
        parts = self._instead_of(self._behind(tile, reached), failure)
        clock.done = done + tile.target_voxels - sum(part.target_voxels for part in parts)
        for part in parts:
            yield from self.compute(array, part, clock)

    def _has_remedy(self, error: Exception) -> bool:
        known = isinstance(error, NotFinite) or self._lacks_operation(error)
        return known or is_out_of_memory(error)

    def _lacks_operation(self, error: Exception) -> bool:
        """Apple's MPS still lacks some 3-D operations in some torch versions."""
        return isinstance(error, NotImplementedError) and self.device.type != "cpu"

    def _instead_of(self, rest: Tile, error: Exception) -> list[Tile]:
        """What to try after an error instead of the rest of a tile."""
        if isinstance(error, NotFinite):
            self._compute_in_single_precision(error)
            return [rest]
        if not self._lacks_operation(error):
            return self._smaller(rest)
        _log.warning("%s lacks an operation (%s): continuing on the CPU.", self.device, error)
        self._move_to(torch.device("cpu"))
        return [rest]

    def _compute_in_single_precision(self, error: NotFinite) -> None:
        if self.dtype == torch.float32:
            raise InputError(f"{error}: its file is damaged or it was trained badly; use another.")
        _log.warning("Values too large for half precision: continuing in single precision.")
        self.dtype = torch.float32
        self._move_to(self.device)

    def _behind(self, tile: Tile, reached: int) -> Tile:
        """What is left of a tile behind the target plane ``reached`` along the stream."""
        spans = list(tile.target)
        spans[self.geometry.stream] = (reached, spans[self.geometry.stream][1])
        return self.geometry.tile(cast(Spans, tuple(spans)))

    def _smaller(self, tile: Tile) -> list[Tile]:
        """What to try when memory ran out: halves, or the same tile on the CPU."""
        release_memory(self.device)
        parts = halved(tile, self.geometry)
        if len(parts) > 1:
            _log.warning("Short of memory on %s: working in smaller tiles.", self.device.type)
            self.largest = self._plane_of(parts)
            return parts
        if self.device.type == "cpu":
            raise NotEnoughMemory("There is not enough memory for even a small tile")
        self._move_to_cpu()
        return [tile]

    def _plane_of(self, tiles: Sequence[Tile]) -> int:
        """LR voxels of the largest plane."""
        return max(self.geometry.plane_voxels(tile) for tile in tiles)

    def _move_to_cpu(self) -> None:
        _log.warning("Out of memory on %s: continuing on the CPU.", self.device.type)
        self._move_to(torch.device("cpu"))

    def _move_to(self, device: torch.device) -> None:
        self.device = device
        self.dtype = precision_after_moving(self.dtype, device)
        self.tiles = self.make_computer(device, self.dtype)
