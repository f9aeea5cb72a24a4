"""Tiles cover the box once, stay within memory and hold what they need."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ArSSRLib.networks.catalogue import model_info
from ArSSRLib.networks.spec import EncoderSpec
from ArSSRLib.upsampling.plan import (
    ENCODER_BYTES,
    Geometry,
    geometry_of,
    halved,
    plan_tiles,
    stream_bytes,
    tiles_for,
)

side = st.integers(1, 60)


@settings(max_examples=60)
@given(
    low=st.tuples(side, side, side),
    scale=st.tuples(*[st.floats(1.0, 5.0)] * 3),
    reach=st.integers(0, 9),
    largest=st.integers(300, 4000),
    stream=st.integers(0, 2),
)
def test_tiles_cover_every_target_voxel_once(
    low: tuple[int, int, int],
    scale: tuple[float, float, float],
    reach: int,
    largest: int,
    stream: int,
) -> None:
    target = tuple(max(1, round(n * s)) for n, s in zip(low, scale, strict=True))
    geometry = Geometry(low, target, reach, stream)  # type: ignore[arg-type]
    hits = np.zeros(target, dtype=np.uint8)
    for tile in plan_tiles(geometry, tuple((0, n) for n in target), largest):  # type: ignore[arg-type]
        hits[tuple(slice(a, b) for a, b in tile.target)] += 1
        for (a, b), (c, d), n in zip(tile.lookup, tile.encode, low, strict=True):
            assert 0 <= c <= a < b <= d <= n
            assert a - c == min(reach, a) and d - b == min(reach, n - b)
    assert (hits == 1).all()


@settings(max_examples=40)
@example(low=(56, 116, 117), scale=2.34375, reach=0, stream=0)
@given(
    low=st.tuples(*[st.integers(20, 120)] * 3),
    scale=st.floats(1.0, 4.0),
    reach=st.integers(0, 8),
    stream=st.integers(0, 2),
)
def test_planes_stay_within_the_budget(
    low: tuple[int, int, int], scale: float, reach: int, stream: int
) -> None:
    target = tuple(round(n * scale) for n in low)
    geometry = Geometry(low, target, reach, stream)  # type: ignore[arg-type]
    largest = 40**2
    tiles = plan_tiles(geometry, tuple((0, n) for n in target), largest)  # type: ignore[arg-type]
    assert max(geometry.plane_voxels(tile) for tile in tiles) <= largest


@settings(max_examples=40)
@given(side=st.integers(16, 400), model=st.sampled_from(["default", "paper"]))
def test_more_memory_is_taken_only_where_tiles_would_be_mostly_margin(
    side: int, model: str
) -> None:
    spec = model_info(model).header.spec
    box = ((0, 2 * side),) * 3
    geometry = geometry_of((side,) * 3, (2 * side,) * 3, box, spec.encoder)
    tiles = tiles_for(spec, geometry, box)
    planes = [geometry.plane_voxels(tile) for tile in tiles]
    needed = stream_bytes(spec, max(planes), side)
    assert needed <= 4 * ENCODER_BYTES
    frugal = plan_tiles(geometry, box, int(min(planes) * ENCODER_BYTES / needed))
    if needed > ENCODER_BYTES:
        assert sum(t.encode_voxels for t in frugal) > 1.5 * side**3
    elif len(tiles) > 1:
        assert sum(t.encode_voxels for t in tiles) < 2 * side**3


def test_the_stream_runs_along_the_longest_side_of_what_is_computed() -> None:
    low, target, encoder = (30, 50, 40), (60, 100, 80), EncoderSpec("SRResNet", 8, 1, 2, 8, 8)
    whole = ((0, 60), (0, 100), (0, 80))
    assert geometry_of(low, target, whole, encoder).stream == 1
    thin = ((0, 60), (40, 44), (38, 42))
    assert geometry_of(low, target, thin, encoder).stream == 0


def test_a_tile_is_halved_across_the_stream() -> None:
    geometry = Geometry((20, 20, 20), (40, 40, 40), 3, stream=0)
    tile = geometry.tile(((0, 40), (0, 20), (0, 16)))
    parts = halved(tile, geometry)
    assert [part.target for part in parts] == [
        ((0, 40), (0, 10), (0, 16)),
        ((0, 40), (10, 20), (0, 16)),
    ]
    assert sum(part.target_voxels for part in parts) == math.prod((40, 20, 16))


def test_a_tile_of_small_planes_is_halved_along_the_stream() -> None:
    geometry = Geometry((20, 20, 20), (40, 40, 40), 3, stream=2)
    tile = geometry.tile(((0, 12), (0, 9), (0, 40)))
    assert [part.target[2] for part in halved(tile, geometry)] == [(0, 20), (20, 40)]


def test_the_smallest_tile_is_not_halved() -> None:
    geometry = Geometry((4, 4, 4), (8, 8, 8), 3)
    tile = geometry.tile(((0, 8), (0, 8), (0, 8)))
    assert halved(tile, geometry) == [tile]
