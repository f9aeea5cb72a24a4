"""The upsampling engine: encode each tile as a stream of planes, decode what comes, write it.

Memory is bounded by a tile's plane. Tiles leave no seam: each encodes its neighbourhood as far as
the encoder reaches, and positions are counted in the whole volume.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor

from ..errors import EnvironmentFault, InputError
from ..intensity import Normalisation
from .device import (
    choose_device,
    denormals_flushed,
    memory_format,
    place,
    release_memory,
)
from .features import FeatureStream
from .folded import FoldedDecoder
from .plan import (
    Geometry,
    Shape,
    Spans,
    Tile,
    geometry_of,
    halved,
    largest_plane,
    plan_tiles,
    planes_at_once,
)
from .progress import ProgressCallback, ProgressClock
from .rows import AxisLookup
from .stream import encoder_stream

if TYPE_CHECKING:
    from ..checkpoint import Model

FloatArray = npt.NDArray[np.float32]
Box = tuple[Shape, Shape]

_log = logging.getLogger(__name__)

_CHUNK_BYTES = {"cpu": 4 * 2**20, "cuda": 512 * 2**20, "mps": 128 * 2**20}
"""Size of the interpolated rows decoded at a time: on a CPU they should stay in its cache."""
_SLAB_BYTES = 8 * 2**20
"""Size of the intensities that are computed before they are written to the result."""
_FLAT_RADIUS = 2
_FLAT_RANGE = 1e-3
"""Where all intensities within 2 voxels agree to 1/1000 of the range there is nothing to sharpen:
interpolation is kept, so that empty background stays exactly empty."""


def upsample_array(
    array: npt.NDArray[np.generic],
    target_shape: Shape,
    model: Model,
    *,
    device: str = "auto",
    box: Box | None = None,
    progress: ProgressCallback | None = None,
    plane_voxels: int | None = None,
    fast: bool = False,
) -> FloatArray:
    """Upsamples intensities to ``target_shape`` over the same field of view (paper §III-B).

    Args:
        array: finite LR intensities, shape (k, j, i), any scale.
        target_shape: shape (k, j, i) of the whole upsampled volume.
        model: the network.
        device: ``auto``, ``cpu``, ``cuda`` or ``mps``.
        box: start and size, in target voxels (k, j, i), of the part to compute; None for all.
        progress: called at least once a tile; it cancels by raising ``Cancelled``.
        plane_voxels: LR voxels that a tile's plane may have; None for what memory allows.
        fast: one pass, also where the model asks for the mean with a mirrored one.

    Returns:
        float32 intensities on the input's scale, of ``target_shape`` or of the box's size.

    Raises:
        InputError: not a 3-D array, or a box outside the target. Finite values are the caller's
            duty; reading a volume and the Python API check them.
        EnvironmentFault: not enough memory for even the smallest tile.
    """
    low_shape = _checked_shape(array)
    start, size = box or ((0, 0, 0), target_shape)
    if any(a < 0 or n < 1 or a + n > m for a, n, m in zip(start, size, target_shape, strict=True)):
        raise InputError(f"The box {box} is not inside the upsampled volume of {target_shape}.")
    spans = cast(Spans, tuple((a, a + n) for a, n in zip(start, size, strict=True)))
    normalisation = Normalisation.of(array)
    geometry = geometry_of(low_shape, target_shape, spans, model.header.spec.encoder)
    largest = plane_voxels or largest_plane(model.header.spec)
    output = np.zeros(size, dtype=np.float32)
    passes = [_Pass(array, spans, output)]
    if model.header.mirrored and not fast:
        passes.append(passes[0].mirrored(target_shape))
    clock = ProgressClock(progress, float(len(passes) * math.prod(size)))
    share = np.float32(1.0 / len(passes))
    worker = _Worker(array, normalisation, geometry, model, choose_device(device))
    with torch.inference_mode(), denormals_flushed():
        clock.advance("encoding", 0.0)
        for part in passes:
            worker.array = part.array
            for tile in plan_tiles(geometry, part.spans, largest):
                for place, values in worker.compute(tile, clock):
                    part.add(place, normalisation.restore(values) * share)
                release_memory(worker.device)
    return output


@dataclass(frozen=True)
class _Pass:
    """One way through the network: the volume as it is, or mirrored through its centre.

    Attributes:
        array: LR intensities (k, j, i).
        spans: target voxels to compute, counted in this pass's direction.
        output: their intensities are added to this, in this pass's direction.
    """

    array: npt.NDArray[np.generic]
    spans: Spans
    output: FloatArray

    def mirrored(self, target_shape: Shape) -> _Pass:
        """The same volume, box and output seen from the opposite corner."""
        spans = tuple((m - b, m - a) for (a, b), m in zip(self.spans, target_shape, strict=True))
        return _Pass(np.flip(self.array), cast(Spans, spans), np.flip(self.output))

    def add(self, place: Spans, values: FloatArray) -> None:
        box = zip(place, self.spans, strict=True)
        self.output[tuple(slice(a - s, b - s) for (a, b), (s, _) in box)] += values


@dataclass
class _Worker:
    """Computes tiles on one device; moves to smaller tiles, then to the CPU, without memory."""

    array: npt.NDArray[np.generic]
    normalisation: Normalisation
    geometry: Geometry
    model: Model
    device: torch.device

    def __post_init__(self) -> None:
        # Planes that are larger ran out of memory once; that is not tried again.
        self.largest = math.inf
        try:
            self._move_to(self.device)
        except RuntimeError as error:
            if self.device.type == "cpu" or not _is_out_of_memory(error):
                raise
            self._move_to_cpu()

    def _move_to(self, device: torch.device) -> None:
        self.device = device
        place(self.model.network, device)
        self.decoder = FoldedDecoder(self.model.network, device)
        self.faded = self.model.header.spec.outside == "zeros"

    def compute(self, tile: Tile, clock: ProgressClock) -> Iterator[tuple[Spans, FloatArray]]:
        """The normalised intensities of a tile, slab by slab with the target voxels of each.

        Short of memory it goes on with smaller tiles behind what was handed out.
        """
        parts = halved(tile, self.geometry)
        if self.geometry.plane_voxels(tile) > max(self.largest, self._plane_of(parts)):
            # One of this size did not fit before.
            for part in parts:
                yield from self.compute(part, clock)
            return
        done, reached = clock.done, tile.target[self.geometry.stream][0]
        try:
            for place, values in self._compute(tile, clock):
                yield place, values
                reached = place[self.geometry.stream][1]
            return
        except NotImplementedError as error:
            # Apple's MPS still lacks some 3-D operations in some torch versions.
            if self.device.type == "cpu":
                raise
            _log.warning("%s lacks an operation (%s): continuing on the CPU.", self.device, error)
            self._move_to(torch.device("cpu"))
            parts = [self._behind(tile, reached)]
        except (RuntimeError, MemoryError) as error:
            if not _is_out_of_memory(error):
                raise
            parts = self._smaller(self._behind(tile, reached))
        clock.done = done + tile.target_voxels - sum(part.target_voxels for part in parts)
        for part in parts:
            yield from self.compute(part, clock)

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
            raise EnvironmentFault(
                "There is not enough memory for even a small tile; close other programs, or "
                "choose a smaller region or scale."
            )
        self._move_to_cpu()
        return [tile]

    def _plane_of(self, tiles: Sequence[Tile]) -> int:
        """LR voxels of the largest plane."""
        return max(self.geometry.plane_voxels(tile) for tile in tiles)

    def _move_to_cpu(self) -> None:
        _log.warning("Out of memory on %s: continuing on the CPU.", self.device.type)
        self._move_to(torch.device("cpu"))

    def _compute(self, tile: Tile, clock: ProgressClock) -> Iterator[tuple[Spans, FloatArray]]:
        low = self._low(tile.encode)
        lookups = self._lookups(tile.target, tile.encode)
        busy = self._busy(low)
        inner = _busy_targets(busy, lookups)
        planes = self._intensities(tile, inner, low, clock) if inner else iter(())
        if inner is None:
            clock.advance("encoding", tile.target_voxels)
        axis = self.geometry.stream
        for slab in _slabs(tile.target_shape, axis):
            parts = list(lookups)
            parts[axis] = _part(lookups[axis], slab)
            values, sharpened = low, busy
            # The slab's axis first: it leaves the least for the others.
            for n in (axis, *self.geometry.across):
                values = parts[n].along(values, n)
                sharpened = sharpened.index_select(n, parts[n].nearest)
            if inner is not None:
                self._sharpen(values, sharpened, slab, inner, planes)
            spans = list(tile.target)
            first = spans[axis][0]
            spans[axis] = (first + slab.start, first + slab.stop)
            yield cast(Spans, tuple(spans)), values.cpu().numpy()

    def _sharpen(
        self,
        values: Tensor,
        busy: Tensor,
        slab: slice,
        inner: Spans,
        planes: Iterator[Tensor],
    ) -> None:
        """Puts the network's intensities into a slab of interpolated ones where it is busy."""
        axis = self.geometry.stream
        residual = self.model.header.spec.residual == "trilinear"
        place: list[slice | int] = [slice(*span) for span in inner]
        for number in range(max(slab.start, inner[axis][0]), min(slab.stop, inner[axis][1])):
            place[axis] = number - slab.start
            interpolated = values[tuple(place)]
            network = next(planes)
            if residual:
                network = network + interpolated
            values[tuple(place)] = torch.where(busy[tuple(place)], network, interpolated)

    def _intensities(
        self, tile: Tile, inner: Spans, low: Tensor, clock: ProgressClock
    ) -> Iterator[Tensor]:
        """The network's planes (rows, columns) of the box ``inner`` of a tile, in order."""
        spans = ((a + s, a + e) for (a, _), (s, e) in zip(tile.target, inner, strict=True))
        part = self.geometry.tile(cast(Spans, tuple(spans)))
        work = 0.25 * tile.target_voxels / part.encode_shape[self.geometry.stream]

        def pushed(count: int) -> None:
            if self.device.type == "cpu":
                # Else the heap grows with every chunk: planes of all sizes come and go.
                release_memory(self.device)
            clock.advance("encoding", work * count)

        features = self._features(part, low, tile.encode, pushed)
        yield from self._decode(part, features, clock, 0.75 * tile.target_voxels)

    def _low(self, spans: Spans) -> Tensor:
        """Normalised LR intensities of a region, on the device."""
        region = self.array[tuple(slice(a, b) for a, b in spans)]
        normalised = np.ascontiguousarray(self.normalisation.apply(region))
        return torch.from_numpy(normalised).to(self.device)

    def _lookups(self, target: Spans, known: Spans) -> list[AxisLookup]:
        return [
            AxisLookup.of(span, first, n, m, self.device)
            for span, (first, _), n, m in zip(
                target, known, self.geometry.low, self.geometry.target, strict=True
            )
        ]

    def _busy(self, low: Tensor) -> Tensor:
        """LR voxels whose neighbourhood is not flat, (k, j, i) bool."""
        if self.model.header.spec.residual == "none":
            # There is no interpolation to keep: the network alone defines the values.
            return torch.ones_like(low, dtype=torch.bool)
        return _local_range(low) > _FLAT_RANGE

    def _features(
        self, tile: Tile, low: Tensor, known: Spans, pushed: Callable[[int], None]
    ) -> FeatureStream:
        """Folded features of the tile's lookup region, from LR intensities of the box ``known``."""
        layout = memory_format(self.device)
        region = low[_within(tile.encode, known)][None, None].contiguous(memory_format=layout)
        axis = self.geometry.stream
        return FeatureStream(
            encoder_stream(self.model.network.encoder, axis, layout),
            region,
            axis,
            _within(tile.lookup, tile.encode),
            self.decoder,
            planes_at_once(self.model.header.spec, self.geometry.plane_voxels(tile)),
            pushed,
        )

    def _precision(self):  # type: ignore[no-untyped-def]
        """Half precision on CUDA, whose tensor cores need it; float32 elsewhere."""
        if self.device.type == "cuda":
            return torch.autocast("cuda", torch.float16)
        return nullcontext()

    def _decode(
        self, tile: Tile, features: FeatureStream, clock: ProgressClock, work: float
    ) -> Iterator[Tensor]:
        """The tile's planes of target voxels (rows, columns), before any residual."""
        lookups = self._lookups(tile.target, tile.lookup)
        axis, (down, right) = self.geometry.stream, self.geometry.across
        along, rows, columns = lookups[axis], lookups[down], lookups[right]
        biases = [
            self.decoder.bias_along(n, lookup, self.geometry.low[n] / self.geometry.target[n])
            for n, lookup in enumerate(lookups)
        ]
        below, above = along.low.tolist(), along.high.tolist()
        for number in range(len(below)):
            here = slice(number, number + 1)
            with self._precision():
                pair = features.planes(below[number], above[number] + 1)
            level = _part(along, here).between(pair[0], pair[-1], self.faded)
            plane = self._plane(
                level, rows, columns, biases[axis][here], biases[down], biases[right]
            )
            clock.advance("decoding", work / len(below))
            yield plane

    def _plane(
        self,
        level: Tensor,
        rows: AxisLookup,
        columns: AxisLookup,
        bias: Tensor,
        row_bias: Tensor,
        column_bias: Tensor,
    ) -> Tensor:
        """Intensities (rows, columns) of a plane, from its features (LR rows, LR columns, C)."""
        height, width = len(rows.weight), len(columns.weight)
        values = torch.empty(height, width, device=self.device)
        kind = level.dtype
        bias, row_bias, column_bias = bias.to(kind), row_bias.to(kind), column_bias.to(kind)
        if not self.faded:
            # Interpolation weights add up to 1, so a bias may pass through it: cheaper here.
            level = level + bias
        at_once = _rows_at_once(self.device.type, width, level.shape[-1])
        for start in range(0, height, at_once):
            j = slice(start, min(height, start + at_once))
            lines = _part(rows, j).along(level, 0, self.faded)
            if not self.faded:
                lines += row_bias[j, None]
            points = columns.along(lines, 1, self.faded)
            if self.faded:
                points += (bias + row_bias[j])[:, None]
            points += column_bias
            flat = points.view(-1, points.shape[-1])
            values[j] = self.decoder.finish(flat).view(-1, width)
        return values


def _is_out_of_memory(error: Exception) -> bool:
    """Whether an error says that memory ran out; the CPU's allocator has no class of its own."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    text = str(error).lower()
    return "out of memory" in text or "can't allocate memory" in text or "bad_alloc" in text


def _local_range(low: Tensor) -> Tensor:
    """Largest minus smallest intensity within ``_FLAT_RADIUS`` voxels of each voxel."""
    both = torch.stack([low, -low])[:, None]
    for axis in range(3):
        kernel, padding = [1, 1, 1], [0, 0, 0]
        kernel[axis], padding[axis] = 2 * _FLAT_RADIUS + 1, _FLAT_RADIUS
        both = F.max_pool3d(both, kernel, stride=1, padding=padding)
    return both[0, 0] + both[1, 0]


def _part(lookup: AxisLookup, span: slice) -> AxisLookup:
    return AxisLookup(*(getattr(lookup, name)[span] for name in AxisLookup.__annotations__))


def _rows_at_once(device: str, columns: int, channels: int) -> int:
    """Lines of target voxels whose interpolated features fit the chunk; a multiple of 16."""
    lines = _CHUNK_BYTES[device] // (4 * columns * channels)
    return max(16, lines // 16 * 16)


def _within(inner: Spans, outer: Spans) -> tuple[slice, slice, slice]:
    """A box as slices of an array that begins where ``outer`` does."""
    k, j, i = (slice(a - o, b - o) for (a, b), (o, _) in zip(inner, outer, strict=True))
    return k, j, i


def _slabs(shape: Shape, axis: int) -> Iterator[slice]:
    """Consecutive target planes along ``axis`` whose intensities fit the slab."""
    planes = shape[axis]
    plane_bytes = 4 * int(np.prod(shape)) // planes
    at_once = max(1, _SLAB_BYTES // plane_bytes)
    for start in range(0, planes, at_once):
        yield slice(start, min(planes, start + at_once))


def _busy_targets(busy: Tensor, lookups: list[AxisLookup]) -> Spans | None:
    """The box of target voxels whose nearest LR voxel is busy, or None where there is none."""
    seen = busy
    for axis, lookup in enumerate(lookups):
        first, last = int(lookup.nearest[0]), int(lookup.nearest[-1])
        seen = seen.narrow(axis, first, last - first + 1)
    spans = []
    for axis, lookup in enumerate(lookups):
        others = [n for n in range(3) if n != axis]
        profile = seen.any(others[1]).any(others[0])
        used = torch.nonzero(profile[lookup.nearest - lookup.nearest[0]])[:, 0]
        if not len(used):
            return None
        spans.append((int(used[0]), int(used[-1]) + 1))
    return cast(Spans, tuple(spans))


def _checked_shape(array: npt.NDArray[np.generic]) -> Shape:
    if array.ndim != 3:
        raise InputError(f"The array has shape {array.shape}; give three axes (k, j, i).")
    return cast(Shape, array.shape)
