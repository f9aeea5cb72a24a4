"""The estimated noise is the noise that was added, on real volumes."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from ArSSRLib.resampling.degradation import simulate_low_resolution
from ArSSRLib.resampling.noise import unit_noise
from ArSSRLib.sample import Sample, sample_path
from ArSSRLib.volumes.array_types import FloatArray
from ArSSRLib.volumes.files.reading import read_volume
from ArSSRLib.volumes.intensity import Normalisation
from ArSSRLib.volumes.noise import estimate_noise


@pytest.fixture(scope="module", params=["brain", "head"])
def scan(request: pytest.FixtureRequest) -> FloatArray:
    sample: Sample = request.param
    array = read_volume(sample_path(sample)).array
    return Normalisation.of(array).apply(array)


def _noisier(scan: FloatArray, level: float) -> FloatArray:
    noise = unit_noise(np.random.default_rng(0), scan.shape)
    return np.where(scan > 0, scan + np.float32(level) * noise, scan)


@pytest.mark.parametrize("level", [0.02, 0.03, 0.05])
def test_added_noise_adds_to_that_of_the_scan(scan: FloatArray, level: float) -> None:
    own = estimate_noise(scan)
    assert 0.005 < own < 0.04
    noisier = _noisier(scan, level)
    # The range of the intensities becomes a little larger with the noise.
    expected = np.hypot(own, level) / Normalisation.of(noisier).span
    assert estimate_noise(noisier) == pytest.approx(expected, rel=0.12)


def test_a_smooth_scan_has_hardly_any_noise(scan: FloatArray) -> None:
    smooth = gaussian_filter(scan, 2.0)
    assert estimate_noise(smooth) < 0.005
    noisier = _noisier(smooth, 0.03)
    expected = 0.03 / Normalisation.of(noisier).span
    # Without anatomy the flattest blocks are flatter than where there is some.
    assert estimate_noise(noisier) == pytest.approx(expected, rel=0.15)


def test_a_coarse_volume_without_noise_is_not_taken_for_a_noisy_one(scan: FloatArray) -> None:
    coarse = simulate_low_resolution(scan, [n // 2 for n in scan.shape])
    assert estimate_noise(coarse) < 0.016


def test_the_scale_of_the_intensities_does_not_matter(scan: FloatArray) -> None:
    assert estimate_noise(1000 * scan) == pytest.approx(estimate_noise(scan), rel=1e-3)


@pytest.mark.parametrize("shape", [(30, 30, 3), (8, 8, 8)])
def test_too_little_to_judge_by_counts_as_no_noise(shape: tuple[int, int, int]) -> None:
    assert estimate_noise(np.random.default_rng(0).normal(1.0, 0.1, shape)) == 0.0
    assert estimate_noise(np.zeros(shape)) == 0.0
