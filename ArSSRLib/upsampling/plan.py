"""The plan of a run: which tiles, how large, so that memory is bounded by a tile.

Axis order is the array's (k, j, i). Target voxel ``t`` of ``m`` lies at LR position
``(t + 0.5) · n/m - 0.5`` along an axis of ``n`` LR voxels: the same field of view.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

from ..networks.spec import EncoderSpec, NetworkSpec

Shape = tuple[int, int, int]
Span = tuple[int, int]
Spans = tuple[Span, Span, Span]

ENCODER_BYTES = 700 * 2**20
"""Memory that the feature maps of one tile may take, in bytes."""
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
    def encode_voxels(self) -> int:
        """LR voxels that are encoded."""
        return math.prod(_lengths(self.encode))

    @property
    def target_voxels(self) -> int:
        """Target voxels."""
        return math.prod(self.target_shape)


@dataclass(frozen=True)
class Geometry:
    """LR shape, target shape and the encoder's reach: enough to make any tile."""

    low: Shape
    target: Shape
    reach: int

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


def plan_tiles(geometry: Geometry, box: Spans, largest: int) -> list[Tile]:
    """Splits ``box`` into the tiles that encode the fewest voxels in all.

    Args:
        geometry: shapes and reach.
        box: target voxels to compute.
        largest: LR voxels that one tile may encode (halo included).
    """
    choices = [_axis_choices(geometry, box, axis) for axis in range(3)]
    best: tuple[float, tuple[int, int, int]] | None = None
    for combination in itertools.product(*choices):
        region = math.prod(c.encoded for c in combination)
        parts = math.prod(c.parts for c in combination)
        if region <= largest and (best is None or region * parts < best[0]):
            best = (region * parts, cast(Shape, tuple(c.parts for c in combination)))
    counts = best[1] if best else cast(Shape, tuple(c[-1].parts for c in choices))
    spans = [list(_split(span, n)) for span, n in zip(box, counts, strict=True)]
    return [geometry.tile(cast(Spans, target)) for target in itertools.product(*spans)]


def halved(tile: Tile, geometry: Geometry) -> list[Tile]:
    """The two halves of a tile along its longest side; the tile alone when it is too small."""
    side = max(range(3), key=lambda axis: tile.target_shape[axis])
    if tile.target_shape[side] < 2 * SMALLEST_SIDE:
        return [tile]
    halves = []
    for part in _split(tile.target[side], 2):
        spans = list(tile.target)
        spans[side] = part
        halves.append(geometry.tile(cast(Spans, tuple(spans))))
    return halves


def encoder_reach(spec: EncoderSpec) -> int:
    """Voxels away that an input voxel can still change a feature: the halo of a tile."""
    ends = {"RDN": 4, "ResCNN": 2, "SRResNet": 3}
    return ends[spec.name] + spec.blocks * spec.layers


def encoder_bytes_per_voxel(spec: EncoderSpec) -> int:
    """Peak memory of the encoder for each LR voxel, in bytes (float32)."""
    if spec.name == "RDN":
        dense = spec.features + spec.growth * spec.layers
        return 4 * (spec.features * (spec.blocks + 2) + 2 * dense + spec.growth)
    return 4 * (3 * spec.features + max(spec.channels, spec.features))


def largest_tile(spec: NetworkSpec, budget: int = ENCODER_BYTES) -> int:
    """LR voxels that one tile may encode within ``budget`` bytes."""
    return max(4096, budget // encoder_bytes_per_voxel(spec.encoder))


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
    """LR voxels on either side of the target voxels of ``span``."""
    first = math.floor((span[0] + 0.5) * low / target - 0.5)
    last = math.floor((span[1] - 0.5) * low / target - 0.5) + 1
    return max(0, first), min(low, last + 1)


def _lengths(spans: Spans) -> Shape:
    return cast(Shape, tuple(b - a for a, b in spans))
