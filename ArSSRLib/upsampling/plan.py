"""The plan of a run: which tiles, how large, so that memory is bounded by a tile.

A tile runs through the whole volume along one axis, the stream's: the encoder takes it plane by
plane. Across, it is as wide as memory allows.

Axis order is the array's (k, j, i). Target voxel ``t`` of ``m`` lies at LR position
``(t + 0.5) · n/m - 0.5`` along an axis of ``n`` LR voxels: the same field of view.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

from ..networks.encoders import EncoderSpec, encoder_structure
from ..networks.spec import NetworkSpec

Shape = tuple[int, int, int]
Span = tuple[int, int]
Spans = tuple[Span, Span, Span]

ENCODER_BYTES = 480 * 2**20
"""Memory that the planes inside the encoder should take at most, in bytes."""
_LARGER_BUDGETS = (1, 2, 4)
"""Times that memory, for networks whose reach makes tiles within it mostly margin."""
_MOST_ENCODING = 1.6
"""Encoded voxels over those of one large tile from which more memory is the lesser evil."""
FEWEST_PLANES = 4
MOST_PLANES = 8
"""Planes that enter the encoder at a time: few are slow, many need memory."""
SMALLEST_SIDE = 8
"""Target voxels below which a tile is not halved any more."""
_MOST_PARTS = 64


@dataclass(frozen=True)
class Tile:
    """A box of target voxels and what must be known of the LR volume to compute it.

    Attributes:
        target: first and one-past-last target voxel along (k, j, i).
        lookup: LR voxels whose features are interpolated.
        encode: LR voxels that are encoded: ``lookup`` and the encoder's reach, inside the volume.
    """

    target: Spans
    lookup: Spans
    encode: Spans

    @property
    def target_shape(self) -> Shape:
        """Target voxels along (k, j, i)."""
        return _lengths(self.target)

    @property
    def encode_shape(self) -> Shape:
        """LR voxels that are encoded, along (k, j, i)."""
        return _lengths(self.encode)

    @property
    def encode_voxels(self) -> int:
        """LR voxels that are encoded."""
        return math.prod(self.encode_shape)

    @property
    def target_voxels(self) -> int:
        """Target voxels."""
        return math.prod(self.target_shape)


@dataclass(frozen=True)
class Geometry:
    """LR shape, target shape, the encoder's reach and the stream's axis: enough for any tile."""

    low: Shape
    target: Shape
    reach: int
    stream: int = 0

    @property
    def across(self) -> tuple[int, int]:
        """The two axes of a plane."""
        first, second = (axis for axis in range(3) if axis != self.stream)
        return first, second

    def plane_voxels(self, tile: Tile) -> int:
        """LR voxels of one plane that is encoded."""
        return math.prod(tile.encode_shape[axis] for axis in self.across)

    def tile(self, target: Spans) -> Tile:
        """The tile that computes the box ``target``."""
        lookup = cast(
            Spans,
            tuple(
                _lookup_span(span, n, m)
                for span, n, m in zip(target, self.low, self.target, strict=True)
            ),
        )
        encode = cast(
            Spans,
            tuple(
                (max(0, a - self.reach), min(n, b + self.reach))
                for (a, b), n in zip(lookup, self.low, strict=True)
            ),
        )
        return Tile(target, lookup, encode)


def geometry_of(low: Shape, target: Shape, box: Spans, encoder: EncoderSpec) -> Geometry:
    """The geometry that streams along the axis in which ``box`` reaches through most LR voxels."""
    reach = encoder_structure(encoder).reach
    lengths = Geometry(low, target, reach).tile(box).encode_shape
    return Geometry(low, target, reach, stream=max(range(3), key=lambda axis: lengths[axis]))


def tiles_for(
    spec: NetworkSpec, geometry: Geometry, box: Spans, largest: int | None = None
) -> list[Tile]:
    """The tiles that compute ``box`` within the memory that suits the network.

    Args:
        spec: the network's.
        geometry: shapes, reach and the stream's axis.
        box: target voxels to compute.
        largest: LR voxels that a tile's plane may have; None for what suits.
    """
    if largest is not None:
        return plan_tiles(geometry, box, largest)
    tiles = [geometry.tile(box)]
    most = _MOST_ENCODING * tiles[0].encode_voxels
    for times in _LARGER_BUDGETS:
        tiles = plan_tiles(geometry, box, largest_plane(spec, times * ENCODER_BYTES))
        if sum(tile.encode_voxels for tile in tiles) <= most:
            break
    return tiles


def plan_tiles(geometry: Geometry, box: Spans, largest: int) -> list[Tile]:
    """Splits ``box`` across the stream into the tiles that encode the fewest voxels in all.

    Args:
        geometry: shapes, reach and the stream's axis.
        box: target voxels to compute.
        largest: LR voxels that a tile's plane may have (halo included).
    """
    choices = [_axis_choices(geometry, box, axis) for axis in geometry.across]
    best: tuple[float, list[int]] | None = None
    for combination in itertools.product(*choices):
        plane = math.prod(c.encoded for c in combination)
        parts = math.prod(c.parts for c in combination)
        if plane <= largest and (best is None or plane * parts < best[0]):
            best = (plane * parts, [c.parts for c in combination])
    counts = [1, 1, 1]
    for axis, parts in zip(
        geometry.across, best[1] if best else [c[-1].parts for c in choices], strict=True
    ):
        counts[axis] = parts
    spans = [list(_split(span, n)) for span, n in zip(box, counts, strict=True)]
    return [geometry.tile(cast(Spans, target)) for target in itertools.product(*spans)]


def halved(tile: Tile, geometry: Geometry) -> list[Tile]:
    """The two halves of a tile, the tile alone when it is too small.

    It is cut along the longer side of its planes, whose size decides the memory; only when those
    are small, along the stream.
    """
    lengths = tile.target_shape
    side = max(geometry.across, key=lambda axis: lengths[axis])
    if lengths[side] < 2 * SMALLEST_SIDE:
        side = geometry.stream
    if lengths[side] < 2 * SMALLEST_SIDE:
        return [tile]
    halves = []
    for part in _split(tile.target[side], 2):
        spans = list(tile.target)
        spans[side] = part
        halves.append(geometry.tile(cast(Spans, tuple(spans))))
    return halves


def working_channels(spec: NetworkSpec) -> int:
    """Channels in memory at once for each voxel of the planes on their way through."""
    folded = spec.decoder.width * (2 if spec.decoder.skip else 1)
    return 6 * encoder_structure(spec.encoder).widest + spec.encoder.channels + folded


def largest_plane(spec: NetworkSpec, budget: int) -> int:
    """LR voxels that a tile's plane may have within ``budget`` bytes."""
    channels = encoder_structure(spec.encoder).waiting_channels + FEWEST_PLANES * working_channels(
        spec
    )
    return max(SMALLEST_SIDE**2, budget // (4 * channels))


def planes_at_once(spec: NetworkSpec, plane_voxels: int) -> int:
    """Planes that may enter the encoder at a time within its memory."""
    left = ENCODER_BYTES // (4 * plane_voxels) - encoder_structure(spec.encoder).waiting_channels
    return min(MOST_PLANES, max(FEWEST_PLANES, left // working_channels(spec)))


def stream_bytes(spec: NetworkSpec, plane_voxels: int, planes: int) -> int:
    """Memory of the encoder's stream, in bytes (float32), for a volume of ``planes`` planes."""
    at_once = min(planes, planes_at_once(spec, plane_voxels))
    channels = encoder_structure(spec.encoder).waiting_channels + at_once * working_channels(spec)
    return 4 * plane_voxels * channels


@dataclass(frozen=True)
class _AxisChoice:
    parts: int
    encoded: int


def _axis_choices(geometry: Geometry, box: Spans, axis: int) -> list[_AxisChoice]:
    length = box[axis][1] - box[axis][0]
    most = max(1, min(_MOST_PARTS, length // SMALLEST_SIDE))
    choices: list[_AxisChoice] = []
    for parts in range(1, most + 1):
        encoded = max(_encode_length(geometry, axis, span) for span in _split(box[axis], parts))
        if not choices or encoded < choices[-1].encoded:
            choices.append(_AxisChoice(parts, encoded))
    return choices


def _encode_length(geometry: Geometry, axis: int, span: Span) -> int:
    """LR voxels that the target voxels of ``span`` make one tile encode along an axis."""
    low, high = _lookup_span(span, geometry.low[axis], geometry.target[axis])
    return min(geometry.low[axis], high + geometry.reach) - max(0, low - geometry.reach)


def _split(span: Span, parts: int) -> Iterator[Span]:
    start, stop = span
    edges = [start + (stop - start) * n // parts for n in range(parts + 1)]
    return zip(edges[:-1], edges[1:], strict=True)


def _lookup_span(span: Span, low: int, target: int) -> Span:
    """LR voxels on either side of the target voxels of ``span``.

    A target voxel beyond the outermost LR voxel centre lies between the two outermost ones too, see
    :class:`ArSSRLib.upsampling.streaming.rows.AxisLookup`.
    """
    innermost = max(0, low - 2)
    first = math.floor((span[0] + 0.5) * low / target - 0.5)
    last = math.floor((span[1] - 0.5) * low / target - 0.5)
    return min(max(0, first), innermost), min(low, min(max(0, last), innermost) + 2)


def _lengths(spans: Spans) -> Shape:
    return cast(Shape, tuple(b - a for a, b in spans))
