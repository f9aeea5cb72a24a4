"""Local phase coherence sharpness index: how well phases agree across fine scales."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from .metric import Metric, Window, check_volume, register
from .slices import mean_over_slices, to_8_bit_range

SCALES = (1.0, 1.5, 2.0)
ORIENTATIONS = 8
FINEST_WAVELENGTH_PIXELS = 4.0
BANDWIDTH = 0.75
ANGULAR_OVERLAP = 1.5
LOW_PASS_RADIUS, LOW_PASS_ORDER = 0.45, 15
STABILISER = 2.0
RANK_DECAY = 1e-4
LEAST_SIDE_PIXELS = 16


def lpc_si(image: np.ndarray, window: Window | None = None) -> float:
    """Local phase coherence sharpness index (Hassen 2013); 0 is blurred, 1 is sharp.

    Args:
        image: ``array[k, j, i]``.
        window: the intensities mapped to 0 and 255 before measuring; default the volume's own
            minimum and maximum. Give the same window for every method that is compared.

    The mean over the slices of three orientations (paper, section IV-A.2). Slices of one single
    intensity and slices with a side under 16 pixels are left out. NaN if no slice is left.

    Raises:
        InputError: the image is not a finite 3-D volume.
    """
    return mean_over_slices(to_8_bit_range(check_volume(image), window), lpc_si_of_slice)


def lpc_si_of_slice(picture: NDArray[np.float64]) -> float:
    """Local phase coherence sharpness index of one picture (rows, columns) on a 0..255 scale.

    NaN for a picture with a side under 16 pixels. With the parameters of Hassen 2013 (section
    III-D: 8 orientations, scales 1, 3/2 and 2, C = 2, decay 1e-4). Agrees with the authors' release
    run in GNU Octave 7.3 to a relative 1e-12 on real 8-bit slices.
    """
    if min(picture.shape) < LEAST_SIDE_PIXELS:
        return math.nan
    border = math.floor(min(picture.shape) / 16 + 0.5)
    inner = (slice(border, -border), slice(border, -border))
    return _ranked_mean(_coherence_map(picture, inner)[inner].ravel())


def _coherence_map(picture: NDArray[np.float64], inner: tuple[slice, slice]) -> NDArray[np.float64]:
    """Phase coherence at each pixel, weighted over orientations by their energy (equation 33)."""
    from scipy.fft import fft2, ifft2

    spectrum = fft2(picture)
    weights = _phase_weights()
    weighted = np.zeros(picture.shape)
    total = np.zeros(picture.shape)
    for filters in _filter_bank(picture.shape):
        responses = [ifft2(spectrum * band) for band in filters]
        magnitude = np.abs(responses[0])
        energy = np.maximum(0.0, magnitude - _noise_level(magnitude[inner]))
        # Few pixels are above the noise; only there the (costly) phase counts.
        strong = energy > 0.0
        phase = sum(w * np.angle(c[strong]) for w, c in zip(weights, responses, strict=True))
        weighted[strong] += np.maximum(0.0, np.cos(phase)) * energy[strong]
        total += energy
    return weighted / (total + STABILISER)


def _noise_level(magnitude: NDArray[np.float64]) -> float:
    """Mean plus two standard deviations: only what is above it counts as a feature."""
    return float(magnitude.mean() + 2.0 * magnitude.std(ddof=1))


def _ranked_mean(values: NDArray[np.float64]) -> float:
    """Mean in which the k-th largest value weighs exp(-k / ((K - 1) 1e-4)) (equations 34, 35)."""
    decay = RANK_DECAY * (values.size - 1)
    # Beyond this rank a weight is under 1e-17 of the first and cannot change the mean.
    kept = min(values.size, math.ceil(40 * decay) + 1)
    largest = np.sort(np.partition(values, values.size - kept)[values.size - kept :])[::-1]
    weights = np.exp(-np.arange(kept) / decay)
    return float(np.sum(weights * largest) / np.sum(weights))


def _phase_weights() -> tuple[float, float, float]:
    """Weights that cancel the phase of a sharp feature over three scales (equation 25)."""
    fine, middle, coarse = SCALES
    return (
        1.0,
        middle / fine * (coarse - fine) / (middle - coarse),
        coarse / fine * (middle - fine) / (coarse - middle),
    )


@lru_cache(maxsize=4)
def _filter_bank(shape: tuple[int, int]) -> list[list[NDArray[np.float64]]]:
    """Log-Gabor filters over the discrete spectrum, ``[orientation][scale]``."""
    x, y = np.meshgrid(_frequencies(shape[1]), _frequencies(shape[0]))
    radius = np.hypot(x, y)
    direction = np.arctan2(-y, x)
    low_pass = 1.0 / (1.0 + (radius / LOW_PASS_RADIUS) ** (2 * LOW_PASS_ORDER))
    radius[0, 0] = 1.0
    rings = []
    for scale in SCALES:
        octaves = np.log(radius * FINEST_WAVELENGTH_PIXELS * scale) / math.log(BANDWIDTH)
        ring = np.exp(-0.5 * np.square(octaves)) * low_pass
        ring[0, 0] = 0.0
        rings.append(ring)
    spread = math.pi / ORIENTATIONS / ANGULAR_OVERLAP
    bank = []
    for index in range(ORIENTATIONS):
        turn = direction - index * math.pi / ORIENTATIONS
        turn = np.arctan2(np.sin(turn), np.cos(turn))
        fan = np.exp(-0.5 * np.square(turn / spread))
        bank.append([ring * fan for ring in rings])
    return bank


def _frequencies(count: int) -> NDArray[np.float64]:
    """Frequencies in cycles per pixel, in the order of the transform.

    An odd count is divided by one less, as the published filters do, so that the outermost
    frequency is exactly one half.
    """
    return np.fft.fftfreq(count, 1.0 / count) / (count - count % 2)


register(
    Metric(
        "lpc_si",
        "LPC-SI",
        lambda inputs: lpc_si(inputs.result, inputs.window),
        help="coherence of local phase, without a reference (Hassen 2013)",
        higher_is_better=True,
        needs="result",
        measured_on=("simulated", "real"),
        least_side=LEAST_SIDE_PIXELS,
        position=50,
    )
)
