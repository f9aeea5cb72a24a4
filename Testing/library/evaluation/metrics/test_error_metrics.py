"""PSNR, SSIM, NMSE and HFEN against their definitions, on a real brain."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import ndimage

from ArSSRLib.errors import InputError
from ArSSRLib.evaluation.metrics import METRICS, MetricInputs
from ArSSRLib.evaluation.metrics.hfen import hfen
from ArSSRLib.evaluation.metrics.lpips import lpips
from ArSSRLib.evaluation.metrics.nmse import nmse
from ArSSRLib.evaluation.metrics.psnr import psnr
from ArSSRLib.evaluation.metrics.ssim import ssim

WITH_MASK = [psnr, ssim, nmse, hfen]


def test_psnr_uses_the_range_of_the_reference(brain: np.ndarray, noisy_brain: np.ndarray) -> None:
    error = np.mean((noisy_brain.astype(float) - brain) ** 2)
    peak = float(brain.max() - brain.min())
    assert psnr(noisy_brain, brain) == pytest.approx(10 * math.log10(peak**2 / error))
    assert psnr(noisy_brain * 3 + 50, brain * 3 + 50) == pytest.approx(psnr(noisy_brain, brain))
    assert psnr(brain, brain) == math.inf


def test_ssim_of_one_window_follows_its_formula(brain: np.ndarray, noisy_brain: np.ndarray) -> None:
    box = (slice(30, 37),) * 3
    x, y = noisy_brain[box].astype(float), brain[box].astype(float)
    c1, c2 = ((k * np.ptp(y)) ** 2 for k in (0.01, 0.03))
    covariance = np.cov(x.ravel(), y.ravel())
    expected = (
        (2 * x.mean() * y.mean() + c1)
        * (2 * covariance[0, 1] + c2)
        / ((x.mean() ** 2 + y.mean() ** 2 + c1) * (covariance[0, 0] + covariance[1, 1] + c2))
    )
    assert ssim(x, y) == pytest.approx(expected, rel=1e-9)


def test_ssim_refuses_a_volume_smaller_than_its_window(brain: np.ndarray) -> None:
    with pytest.raises(InputError, match="at least 7 voxels"):
        ssim(brain[:6], brain[:6])


def test_nmse_is_the_share_of_energy_that_is_wrong(brain: np.ndarray) -> None:
    assert nmse(brain * 1.1, brain) == pytest.approx(0.01, rel=1e-4)
    assert nmse(np.zeros_like(brain), brain) == 1.0


def test_hfen_matches_an_explicit_15_cubed_kernel(
    brain: np.ndarray, noisy_brain: np.ndarray
) -> None:
    box = (slice(20, 50),) * 3
    x, y = noisy_brain[box].astype(float), brain[box].astype(float)
    axis = np.arange(-7, 8)
    bell = np.exp(-0.5 * (axis / 1.5) ** 2)
    bell /= bell.sum()
    bend = (axis**2 / 1.5**4 - 1 / 1.5**2) * bell
    kernel = sum(
        np.einsum("a,b,c->abc", *[bend if a == n else bell for a in range(3)]) for n in range(3)
    )
    filtered = [ndimage.convolve(v, kernel, mode="reflect") for v in (x - y, y)]
    expected = np.linalg.norm(filtered[0]) / np.linalg.norm(filtered[1])
    assert hfen(x, y) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("name", ["psnr", "ssim", "nmse", "hfen"])
def test_more_noise_scores_worse_in_the_stated_direction(
    name: str, brain: np.ndarray, noisy_brain: np.ndarray
) -> None:
    metric = METRICS[name]
    noisier = brain + 3 * (noisy_brain - brain)
    better, worse = (
        metric.function(MetricInputs(v, reference=brain)) for v in (noisy_brain, noisier)
    )
    assert (better > worse) == metric.higher_is_better


@pytest.mark.parametrize("metric", WITH_MASK)
def test_a_mask_limits_the_comparison_to_its_voxels(metric, brain: np.ndarray) -> None:
    damaged = brain.copy()
    damaged[:15] += 100
    clean = np.zeros(brain.shape, dtype=bool)
    clean[40:] = True
    assert metric(damaged, brain, clean) == pytest.approx(metric(brain, brain, clean), abs=1e-9)
    assert metric(damaged, brain) != pytest.approx(metric(brain, brain), abs=1e-4)


@pytest.mark.parametrize("metric", [*WITH_MASK, lpips])
def test_volumes_of_different_shape_are_refused(metric, brain: np.ndarray) -> None:
    with pytest.raises(InputError, match="resample one of them"):
        metric(brain[1:], brain)


@pytest.mark.parametrize("metric", WITH_MASK)
def test_an_empty_mask_is_refused(metric, brain: np.ndarray) -> None:
    with pytest.raises(InputError, match="mask is empty"):
        metric(brain, brain, np.zeros(brain.shape, dtype=bool))


@pytest.mark.parametrize("metric", [psnr, ssim, hfen, lpips])
def test_a_reference_without_contrast_is_refused(metric, brain: np.ndarray) -> None:
    with pytest.raises(InputError, match="some contrast"):
        metric(brain, np.full_like(brain, 5))


def test_headings_point_to_the_better_value() -> None:
    assert METRICS["psnr"].heading == "PSNR (dB) ↑"
    assert METRICS["lpips"].heading == "LPIPS ↓"
