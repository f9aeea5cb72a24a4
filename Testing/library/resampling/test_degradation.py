"""Low-resolution simulation keeps the field of view and does what each kernel says."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ArSSRLib.choices import KERNELS
from ArSSRLib.errors import InputError
from ArSSRLib.resampling.degradation import (
    axis_operator,
    paper_low_resolution,
    simulate_low_resolution,
)

KERNEL = pytest.mark.parametrize("kernel", KERNELS)


@KERNEL
@pytest.mark.parametrize(("high", "low"), [(40, 20), (41, 17), (30, 12), (25, 25), (7, 1)])
def test_a_constant_stays_constant(kernel: str, high: int, low: int) -> None:
    rows = axis_operator(kernel, high, low)  # type: ignore[arg-type]
    assert rows.shape == (low, high)
    np.testing.assert_allclose(rows.sum(axis=1), 1.0, atol=1e-5)


@KERNEL
def test_some_rows_are_those_of_the_whole(kernel: str) -> None:
    whole = axis_operator(kernel, 50, 21)  # type: ignore[arg-type]
    np.testing.assert_array_equal(axis_operator(kernel, 50, 21, (4, 9)), whole[4:9])  # type: ignore[arg-type]


@KERNEL
@given(high=st.integers(12, 60), scale=st.floats(1.0, 4.0))
def test_simulation_commutes_with_a_flip(kernel: str, high: int, scale: float) -> None:
    rows = axis_operator(kernel, high, max(1, round(high / scale)))  # type: ignore[arg-type]
    np.testing.assert_allclose(rows, rows[::-1, ::-1], atol=2e-5)


@KERNEL
@pytest.mark.parametrize("scale", [2.0, 2.5, 3.2])
def test_a_blob_keeps_its_place_in_the_field_of_view(kernel: str, scale: float) -> None:
    index = np.arange(80)
    profile = np.exp(-0.5 * ((index - 37.3) / 8.0) ** 2)
    low = round(80 / scale)
    blurred = axis_operator(kernel, 80, low) @ profile  # type: ignore[arg-type]
    centres = (np.arange(low) + 0.5) * 80 / low - 0.5
    assert abs((blurred * centres).sum() / blurred.sum() - 37.3) < 0.02


def test_kspace_is_a_truncated_fourier_transform() -> None:
    rng = np.random.default_rng(0)
    for high, low in ((32, 16), (33, 15), (30, 12)):
        signal = rng.normal(size=high)
        spectrum = np.fft.rfft(signal) / high
        centres = (np.arange(low) + 0.5) * high / low - 0.5
        expected = np.full(low, spectrum[0].real)
        for frequency in range(1, low // 2 + 1):
            wave = spectrum[frequency] * np.exp(2j * np.pi * frequency * centres / high)
            expected += (1.0 if 2 * frequency == low else 2.0) * wave.real
        np.testing.assert_allclose(axis_operator("kspace", high, low) @ signal, expected, atol=1e-5)


def test_cubic_suppresses_what_the_coarse_grid_cannot_hold() -> None:
    index = np.arange(96)
    fine = np.cos(2 * np.pi * 0.4 * index)
    kept = axis_operator("cubic", 96, 24) @ fine
    assert np.abs(kept[3:-3]).max() < 0.06


def test_every_axis_is_simulated_on_its_own() -> None:
    array = np.random.default_rng(1).normal(size=(12, 15, 18)).astype(np.float32)
    low = simulate_low_resolution(array, (12, 6, 9), "gaussian")
    step = np.einsum("aj,kji->kai", axis_operator("gaussian", 15, 6), array)
    expected = np.einsum("bi,kai->kab", axis_operator("gaussian", 18, 9), step)
    np.testing.assert_allclose(low, expected, atol=1e-5)


def test_the_papers_zoom_is_corner_aligned() -> None:
    array = np.arange(20, dtype=np.float32)[:, None, None] * np.ones((1, 20, 20), np.float32)
    low = paper_low_resolution(array, 2.0)
    assert low.shape == (10, 10, 10)
    assert low[0, 0, 0] == pytest.approx(0.0, abs=1e-3)
    assert low[-1, 0, 0] == pytest.approx(19.0, abs=1e-3)


def test_more_lr_than_hr_voxels_is_refused() -> None:
    with pytest.raises(InputError, match="scale above 1"):
        axis_operator("cubic", 10, 11)
