"""Grain and edge strength of upsampled real scans, each against cubic interpolation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter, zoom

from ArSSRLib.errors import InputError
from ArSSRLib.evaluation.metrics.edges import edge_strength
from ArSSRLib.evaluation.metrics.grain import grain
from ArSSRLib.resampling.interpolation import interpolate
from ArSSRLib.sample import sample_path
from ArSSRLib.volumes.files.reading import read_volume

BOTH = [grain, edge_strength]


@pytest.fixture(scope="module")
def scan() -> np.ndarray:
    """The middle of a real head with the noise of its scanner."""
    return read_volume(sample_path("head")).array[26:54, 64:124, 50:110].astype(np.float64)


@pytest.fixture(scope="module")
def cubic(scan: np.ndarray) -> np.ndarray:
    return interpolate(scan, [2 * n for n in scan.shape], "cubic").astype(np.float64)


@pytest.mark.parametrize("metric", BOTH)
def test_cubic_interpolation_itself_is_1(metric, cubic: np.ndarray, scan: np.ndarray) -> None:
    assert metric(cubic, cubic, scan) == 1.0


def test_added_noise_raises_the_grain_and_hardly_the_edges(
    cubic: np.ndarray, scan: np.ndarray
) -> None:
    random = np.random.default_rng(3)
    values = [
        cubic + random.normal(0.0, share * float(np.percentile(scan, 98)), cubic.shape)
        for share in (0.01, 0.03)
    ]
    assert 1.0 < grain(values[0], cubic, scan) < grain(values[1], cubic, scan)
    assert edge_strength(values[1], cubic, scan) == pytest.approx(1.0, abs=0.02)


def test_blur_lowers_the_edges_and_the_grain(cubic: np.ndarray, scan: np.ndarray) -> None:
    blurred = [gaussian_filter(cubic, sigma) for sigma in (0.7, 1.5)]
    for metric in BOTH:
        strong, weak = (metric(volume, cubic, scan) for volume in reversed(blurred))
        assert strong < weak < 1.0


def test_sharpening_raises_the_edges(cubic: np.ndarray, scan: np.ndarray) -> None:
    sharpened = cubic + 0.5 * (cubic - gaussian_filter(cubic, 2.0))
    assert edge_strength(sharpened, cubic, scan) > 1.05


def test_denoising_lowers_the_grain_and_keeps_the_edges_better_than_blur(
    cubic: np.ndarray, scan: np.ndarray
) -> None:
    from skimage.restoration import denoise_tv_chambolle

    top = float(np.percentile(scan, 98))
    denoised = denoise_tv_chambolle(cubic / top, weight=0.02) * top
    blurred = gaussian_filter(cubic, 1.0)
    assert grain(denoised, cubic, scan) < 0.9
    assert edge_strength(denoised, cubic, scan) > edge_strength(blurred, cubic, scan)


@pytest.mark.parametrize("metric", BOTH)
def test_the_unit_of_intensities_and_their_offset_do_not_matter(
    metric, cubic: np.ndarray, scan: np.ndarray
) -> None:
    result = gaussian_filter(cubic, 0.8)
    changed = metric(7.0 * result - 50.0, 7.0 * cubic - 50.0, 7.0 * scan - 50.0)
    assert changed == pytest.approx(metric(result, cubic, scan), rel=1e-9)


@pytest.mark.parametrize("metric", BOTH)
def test_thick_slices_are_measured_in_voxels_of_the_scan(
    metric, cubic: np.ndarray, scan: np.ndarray
) -> None:
    thick = scan.reshape(14, 2, *scan.shape[1:]).mean(axis=1)
    fine = interpolate(thick, scan.shape, "cubic")
    assert metric(fine, fine, thick) == 1.0
    assert metric(gaussian_filter(fine, (1.5, 0.5, 0.5)), fine, thick) < 1.0


@pytest.mark.parametrize("metric", BOTH)
def test_a_volume_without_tissue_has_no_value(metric) -> None:
    empty = np.zeros((20, 20, 20))
    assert math.isnan(metric(zoom(empty, 2), zoom(empty, 2), empty))


@pytest.mark.parametrize("metric", BOTH)
def test_volumes_of_different_shape_are_refused(
    metric, cubic: np.ndarray, scan: np.ndarray
) -> None:
    with pytest.raises(InputError, match="resample one of them"):
        metric(cubic[1:], cubic, scan)
