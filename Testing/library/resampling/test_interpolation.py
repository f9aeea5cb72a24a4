"""Interpolation is exact, places voxels rightly and treats the border sanely."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import ndimage

from ArSSRLib.errors import InputError
from ArSSRLib.resampling.interpolation import INTERPOLATIONS, axis_operator, interpolate

SHAPES = st.tuples(*[st.integers(1, 9)] * 3)
# SciPy's spline filter is exact to float32 only from about this many samples on.
WIDE_SHAPES = st.tuples(*[st.integers(14, 18)] * 3)
TARGETS = st.tuples(*[st.integers(1, 21)] * 3)


def _positions(stored: tuple[int, ...], target: tuple[int, ...]) -> list[np.ndarray]:
    return [(np.arange(m) + 0.5) * n / m - 0.5 for n, m in zip(stored, target, strict=True)]


@pytest.mark.parametrize(("method", "order"), [("linear", 1), ("cubic", 3)])
@given(shape=WIDE_SHAPES, target=TARGETS, seed=st.integers(0, 100))
def test_it_agrees_with_scipys_splines(
    method: str, order: int, shape: tuple[int, ...], target: tuple[int, ...], seed: int
) -> None:
    array = np.random.default_rng(seed).normal(size=shape).astype(np.float32)
    expected = ndimage.map_coordinates(
        array.astype(np.float64),
        np.meshgrid(*_positions(shape, target), indexing="ij"),
        order=order,
        mode="reflect",
    )
    np.testing.assert_allclose(interpolate(array, target, method), expected, atol=2e-6)


@pytest.mark.parametrize("zoom", [(2, 2, 2), (1, 1.5, 3), (2.5, 0.5, 4)])
def test_cubic_is_scipys_zoom_in_grid_mode(zoom: tuple[float, float, float]) -> None:
    array = np.random.default_rng(1).normal(size=(24, 16, 18)).astype(np.float32)
    expected = ndimage.zoom(array.astype(np.float64), zoom, order=3, mode="reflect", grid_mode=True)
    np.testing.assert_allclose(interpolate(array, expected.shape, "cubic"), expected, atol=2e-6)


def test_only_matrices_of_ordinary_volumes_are_kept() -> None:
    assert axis_operator("linear", 256, 512) is axis_operator("linear", 256, 512)
    large = weakref.ref(axis_operator("linear", 1024, 2048))
    gc.collect()
    assert large() is None


@given(shape=SHAPES, target=TARGETS, seed=st.integers(0, 100))
def test_nearest_takes_a_nearest_voxel(
    shape: tuple[int, ...], target: tuple[int, ...], seed: int
) -> None:
    array = np.random.default_rng(seed).normal(size=shape).astype(np.float32)
    result = interpolate(array, target, "nearest")
    index = [np.clip(np.rint(p + 1e-9), 0, n - 1).astype(int)
             for p, n in zip(_positions(shape, target), shape, strict=True)]  # fmt: skip
    tied = np.zeros(target, dtype=bool)
    for axis, position in enumerate(_positions(shape, target)):
        ties = np.isclose(position % 1, 0.5)
        tied |= np.expand_dims(ties, [n for n in range(3) if n != axis])
    np.testing.assert_array_equal(result[~tied], array[np.ix_(*index)][~tied])


@pytest.mark.parametrize("method", INTERPOLATIONS)
@given(shape=SHAPES, target=TARGETS, axis=st.integers(0, 2), seed=st.integers(0, 100))
def test_flipping_before_or_after_is_the_same(
    method: str, shape: tuple[int, ...], target: tuple[int, ...], axis: int, seed: int
) -> None:
    # Between two voxels, in the very middle, there is no nearest one.
    assume(not (method == "nearest" and shape[axis] % 2 == 0 and target[axis] % 2 == 1))
    array = np.random.default_rng(seed).normal(size=shape).astype(np.float32)
    flipped = interpolate(np.flip(array, axis), target, method)
    np.testing.assert_allclose(
        flipped, np.flip(interpolate(array, target, method), axis), atol=1e-5
    )


@pytest.mark.parametrize("method", INTERPOLATIONS)
def test_a_constant_stays_constant_up_to_the_border(method: str) -> None:
    result = interpolate(np.full((4, 5, 6), 137.5, np.float32), (9, 16, 13), method)
    np.testing.assert_allclose(result, 137.5, rtol=1e-6)


@pytest.mark.parametrize("method", INTERPOLATIONS)
def test_the_same_size_gives_the_same_values(method: str) -> None:
    array = np.random.default_rng(0).normal(size=(7, 8, 9)).astype(np.float32)
    np.testing.assert_allclose(interpolate(array, array.shape, method), array, atol=1e-6)


@pytest.mark.parametrize("method", INTERPOLATIONS)
def test_a_box_holds_the_values_of_the_whole(method: str) -> None:
    array = np.random.default_rng(0).normal(size=(40, 9, 11)).astype(np.float32)
    whole = interpolate(array, (101, 20, 17), method)
    part = interpolate(array, (101, 20, 17), method, ((33, 5, 0), (50, 9, 17)))
    np.testing.assert_allclose(part, whole[33:83, 5:14], atol=1e-6)


def test_progress_runs_to_the_end_and_may_cancel() -> None:
    array = np.zeros((64, 5, 6), np.float32)
    seen: list[float] = []
    interpolate(array, (128, 10, 12), "cubic", progress=seen.append)
    assert seen == sorted(seen)
    assert len(seen) > 1
    assert seen[-1] == 1.0

    def cancel(done: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interpolate(array, (128, 10, 12), "cubic", progress=cancel)


def test_an_unknown_method_is_refused_by_name() -> None:
    with pytest.raises(InputError, match="'sinc'"):
        interpolate(np.zeros((3, 3, 3), np.float32), (6, 6, 6), "sinc")  # type: ignore[arg-type]
