"""Low-resolution simulation keeps the field of view and does what each kernel says."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ArSSRLib.choices import KERNELS, Kernel
from ArSSRLib.errors import InputError
from ArSSRLib.resampling.blur import Blur
from ArSSRLib.resampling.degradation import (
    axis_operator,
    paper_low_resolution,
    simulate_low_resolution,
)

BLURS = (
    *(Blur(kernel) for kernel in KERNELS),
    Blur("box", thickness=0.8),
    Blur("sinc", thickness=1.4),
    Blur("kspace", window="hamming"),
    Blur("kspace", window="fermi", band=0.75),
    Blur("kspace", window="partial-fourier"),
)
BLUR = pytest.mark.parametrize("blur", BLURS)


@BLUR
@pytest.mark.parametrize(("high", "low"), [(40, 20), (41, 17), (30, 12), (25, 25), (7, 1)])
def test_a_constant_stays_constant(blur: Blur, high: int, low: int) -> None:
    rows = axis_operator(blur, high, low)
    assert rows.shape == (low, high)
    np.testing.assert_allclose(rows.sum(axis=1), 1.0, atol=1e-5)


@BLUR
def test_some_rows_are_those_of_the_whole(blur: Blur) -> None:
    whole = axis_operator(blur, 50, 21)
    np.testing.assert_array_equal(axis_operator(blur, 50, 21, (4, 9)), whole[4:9])


@BLUR
@given(high=st.integers(12, 60), scale=st.floats(1.0, 4.0))
@example(high=50, scale=1.5)  # a voxel lies at the very end of the sinc profile
def test_simulation_commutes_with_a_flip(blur: Blur, high: int, scale: float) -> None:
    rows = axis_operator(blur, high, max(1, round(high / scale)))
    np.testing.assert_allclose(rows, rows[::-1, ::-1], atol=2e-5)


@BLUR
@pytest.mark.parametrize("scale", [2.0, 2.5, 3.2])
def test_a_blob_keeps_its_place_in_the_field_of_view(blur: Blur, scale: float) -> None:
    index = np.arange(80)
    profile = np.exp(-0.5 * ((index - 37.3) / 8.0) ** 2)
    low = round(80 / scale)
    blurred = axis_operator(blur, 80, low) @ profile
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
        np.testing.assert_allclose(
            axis_operator(Blur("kspace"), high, low) @ signal, expected, atol=1e-5
        )


def test_cubic_suppresses_what_the_coarse_grid_cannot_hold() -> None:
    index = np.arange(96)
    fine = np.cos(2 * np.pi * 0.4 * index)
    kept = axis_operator(Blur("cubic"), 96, 24) @ fine
    assert np.abs(kept[3:-3]).max() < 0.06


def test_every_axis_is_simulated_on_its_own() -> None:
    array = np.random.default_rng(1).normal(size=(12, 15, 18)).astype(np.float32)
    low = simulate_low_resolution(array, (12, 6, 9), Blur("gaussian"))
    step = np.einsum("aj,kji->kai", axis_operator(Blur("gaussian"), 15, 6), array)
    expected = np.einsum("bi,kai->kab", axis_operator(Blur("gaussian"), 18, 9), step)
    np.testing.assert_allclose(low, expected, atol=1e-5)


def test_the_papers_zoom_is_corner_aligned() -> None:
    array = np.arange(20, dtype=np.float32)[:, None, None] * np.ones((1, 20, 20), np.float32)
    low = paper_low_resolution(array, 2.0)
    assert low.shape == (10, 10, 10)
    assert low[0, 0, 0] == pytest.approx(0.0, abs=1e-3)
    assert low[-1, 0, 0] == pytest.approx(19.0, abs=1e-3)


def test_more_lr_than_hr_voxels_is_refused() -> None:
    with pytest.raises(InputError, match="scale above 1"):
        axis_operator(Blur("cubic"), 10, 11)


@pytest.mark.parametrize("kernel", ["gaussian", "box", "sinc"])
@pytest.mark.parametrize("thickness", [0.8, 1.0, 1.4])
def test_a_slice_profile_is_as_wide_as_it_says(kernel: Kernel, thickness: float) -> None:
    step = 40
    profile = axis_operator(Blur(kernel, thickness=thickness), 10 * step, 10)[5]
    above = np.flatnonzero(profile > 0.5 * profile.max())
    assert (above[-1] - above[0] + 1) / step == pytest.approx(thickness, rel=0.05)


def test_a_box_averages_the_voxels_inside_the_slice() -> None:
    np.testing.assert_allclose(
        axis_operator(Blur("box"), 6, 2), [[1 / 3] * 3 + [0] * 3, [0] * 3 + [1 / 3] * 3], atol=1e-6
    )


def _kept(blur: Blur, cycles: int) -> float:
    """Amplitude of a wave of so many cycles over 120 HR voxels, on 40 LR voxels."""
    wave = np.cos(2 * np.pi * cycles * (np.arange(120) + 0.5) / 120)
    low = axis_operator(blur, 120, 40) @ wave
    return float(np.abs(np.fft.rfft(low))[cycles] / 20)


def test_a_window_keeps_low_frequencies_and_damps_high_ones() -> None:
    for window in ("hamming", "fermi"):
        blur = Blur("kspace", window=window)
        assert _kept(blur, 2) > 0.95
        assert _kept(blur, 19) < 0.3
    assert _kept(Blur("kspace"), 19) == pytest.approx(1.0, abs=1e-4)


def test_partial_fourier_keeps_half_of_what_one_side_of_k_space_holds() -> None:
    blur = Blur("kspace", window="partial-fourier")
    assert _kept(blur, 9) == pytest.approx(1.0, abs=1e-4)
    assert _kept(blur, 15) == pytest.approx(0.5, abs=1e-4)


def test_zero_filling_leaves_the_highest_frequencies_empty() -> None:
    blur = Blur("kspace", band=0.5)
    assert _kept(blur, 9) == pytest.approx(1.0, abs=1e-4)
    assert _kept(blur, 12) < 1e-4


@pytest.mark.parametrize(
    ("entries", "named"),
    [
        ({"kernel": "magic"}, "magic"),
        ({"window": "glass"}, "glass"),
        ({"thickness": 0.05}, "0.05"),
        ({"thickness": float("nan")}, "nan"),
        ({"kernel": "kspace", "band": 1.5}, "1.5"),
        ({"kernel": "cubic", "thickness": 1.2}, "cubic has no slice thickness"),
        ({"kernel": "box", "band": 0.5}, "box has no window"),
    ],
)
def test_an_impossible_blur_is_refused_by_name(entries: dict[str, Any], named: str) -> None:
    with pytest.raises(InputError, match=named):
        Blur(**entries)
