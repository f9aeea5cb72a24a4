"""Fits the expected error and its intervals to simulated scans, upsampled as in use."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ...networks.expected_error import SMALLEST_ERROR
from ...networks.model_file import Model
from ...networks.spec import ExpectedErrorSpec
from ...resampling.degradation import simulate_low_resolution
from ...upsampling.expected_error import TISSUE
from ...upsampling.refined_error import Evidence, evidence_of
from ...upsampling.request import Upsampling
from ...upsampling.run import upsample_with_error
from ...upsampling.scales import Scales
from ...volumes.array_types import FloatArray
from ...volumes.grid import Grid, size_triple
from ...volumes.volume import Volume
from ..recipe import Recipe
from ..validation import central_crop
from ..variation.blurs import BlurSampler
from ..volumes import TrainingVolume
from .scan_noise import ScanNoise

_MOST_VOXELS = 30_000
_LARGEST_POWERS = {
    "power": 5.0,
    "slope_power": 2.0,
    "axes_power": 2.0,
    "anisotropy_power": 2.0,
    "size_power": 2.0,
}
"""Of the entries of the evidence, in the same order."""
_LEAST_SPREAD = 0.1
"""Standard deviation of a logarithm below which its power cannot be told from the factor."""


@dataclass(frozen=True)
class SimulatedScan:
    """Some tissue voxels of one upsampled scan, whose truth is known.

    Attributes:
        name: of the volume.
        evidence: what the expected error is made of.
        error: true absolute error, as a share of the intensity range.
    """

    name: str
    evidence: Evidence
    error: FloatArray

    def width(self, spec: ExpectedErrorSpec, share: float) -> float:
        """The multiple of the expected error that holds this share of the true errors."""
        return float(np.quantile(self._ratios(spec), share))

    def coverage(self, spec: ExpectedErrorSpec, multiple: float) -> float:
        """The share of the voxels whose error is at most so many expected errors."""
        return float(np.mean(self._ratios(spec) <= multiple))

    def terms(self) -> FloatArray:
        """What the logarithm of the expected error is a sum of [term, voxel], in float64."""
        size = self.error.size
        terms = [np.broadcast_to(term, size) for term in (1.0, *self.evidence)]
        return np.stack(terms).astype(np.float64)

    def _ratios(self, spec: ExpectedErrorSpec) -> FloatArray:
        return self.error / np.maximum(self.evidence.error(spec), np.float32(SMALLEST_ERROR))


def fitted(spec: ExpectedErrorSpec, scans: Sequence[SimulatedScan]) -> ExpectedErrorSpec:
    """The description of a head with the power law that makes these errors most likely.

    The likelihood is that of the Laplace distribution; all scans count the same. What hardly varies
    over the scans, such as the voxel size of one scanner, keeps its power.
    """
    from scipy.optimize import minimize

    terms = np.concatenate([scan.terms() for scan in scans], axis=1)
    error = np.concatenate([scan.error for scan in scans]).astype(np.float64)
    sizes = [scan.error.size for scan in scans]
    weight = np.repeat([1.0 / (len(scans) * size) for size in sizes], sizes)

    def loss(x: FloatArray) -> tuple[float, FloatArray]:
        logarithm = x @ terms
        ratio = error * np.exp(-logarithm)
        return float(weight @ (ratio + logarithm)), terms @ (weight * (1.0 - ratio))

    start, bounds = [0.0], [(-5.0, 5.0)]
    for (name, most), term in zip(_LARGEST_POWERS.items(), terms[1:], strict=True):
        now = getattr(spec, name)
        start.append(now)
        bounds.append((0.0, most) if term.std() >= _LEAST_SPREAD else (now, now))
    found = minimize(loss, np.array(start), jac=True, method="L-BFGS-B", bounds=bounds).x.tolist()
    powers = dict(zip(_LARGEST_POWERS, found[1:], strict=True))
    return replace(spec, factor=math.exp(found[0]), **powers)


def calibrated(spec: ExpectedErrorSpec, scans: Sequence[SimulatedScan]) -> ExpectedErrorSpec:
    """The description of a head with the interval widths that fit these scans on average.

    Volumes count the same, however many scans there are of each.
    """
    sizes = Counter(scan.name for scan in scans)
    weights = [1.0 / sizes[scan.name] for scan in scans]
    narrow, wide = (
        float(
            np.exp(np.average([np.log(scan.width(spec, share)) for scan in scans], weights=weights))
        )
        for share in (0.68, 0.95)
    )
    return replace(spec, interval_68=narrow, interval_95=wide)


def simulated_scans(
    model: Model, volumes: Sequence[TrainingVolume], recipe: Recipe, own: ScanNoise
) -> Iterator[SimulatedScan]:
    """Simulates scans of central crops, one after another, and upsamples them as in use.

    A crop has the intensity range and the noise of its whole volume, as a region of a scan has.

    Args:
        model: with a head whose errors are not refined.
        volumes: drawn by their weights, as for training.
        recipe: its kernels, ``expected_error`` entries and seed count.
        own: noise of the volumes themselves.
    """
    head = recipe.expected_error
    blurs = BlurSampler(recipe.kernels, recipe.blur)
    weights = np.array([volume.weight for volume in volumes])
    for number in range(head.calibration_cases):
        rng = np.random.default_rng([recipe.seed, number])
        volume = volumes[rng.choice(len(volumes), p=weights / weights.sum())]
        high = central_crop(volume.normalisation.apply(volume.array), head.calibration_crop)
        scales = _scales(rng, number, volume, recipe)
        shape = [max(1, round(n / s)) for n, s in zip(high.shape, scales, strict=True)]
        low = simulate_low_resolution(high, shape, blurs.draw(rng)[0])
        noise = float(rng.choice(head.calibration_noise))
        low = low + np.float32(noise) * rng.standard_normal(low.shape, dtype=np.float32)
        level = float(np.hypot(noise, own.at(volume.name, float(np.prod(scales) ** (1.0 / 3.0)))))
        grid = Grid(size_triple(high.shape[::-1]), volume.spacing)
        evidence, error = _upsampled(model, low, Volume(high, grid), level, head.smoothing)
        tissue = np.flatnonzero(high > TISSUE)
        tissue = tissue[:: tissue.size // _MOST_VOXELS + 1]
        if tissue.size:
            yield SimulatedScan(volume.name, evidence.at(tissue), error.ravel()[tissue])


def _scales(
    rng: np.random.Generator, number: int, volume: TrainingVolume, recipe: Recipe
) -> tuple[float, float, float]:
    """In turn: the same scale along the axes that may become coarser, or along one of them."""
    scales = [1.0, 1.0, 1.0]
    scale = float(rng.choice(recipe.expected_error.calibration_scales))
    turn, of_one = divmod(number, 2)
    axes = [volume.axes[turn % len(volume.axes)]] if of_one else volume.axes
    for axis in axes:
        scales[axis] = scale
    return scales[0], scales[1], scales[2]


def _upsampled(
    model: Model, low: FloatArray, high: Volume, level: float, smoothing: float
) -> tuple[Evidence, FloatArray]:
    """Evidence and true absolute error of all voxels of one simulated scan."""
    coarse = high.grid.resized(size_triple(low.shape[::-1]))
    request = Upsampling.of(
        model=model,
        device="cpu",
        expected_error=True,
        intensity_range=(0.0, 1.0),
        noise_level=level if model.header.spec.encoder.noise_level else None,
    )
    made = upsample_with_error(Volume(low, coarse), request, target=high.grid, model=model)
    assert made.errors is not None
    result = made.volume.array
    factors = tuple(m / n for m, n in zip(high.array.shape, low.shape, strict=True))
    scales = Scales(factors, high.grid.spacing[::-1])
    evidence = evidence_of(made.errors.shares, result, scales, smoothing)
    return evidence, np.abs(result - high.array)
