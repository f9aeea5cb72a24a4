"""How wide the intervals around an intensity must be to hold the truth as often as they state."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ...networks.model_file import Model
from ...networks.spec import ExpectedErrorSpec
from ...resampling.degradation import simulate_low_resolution
from ...upsampling.expected_error import TISSUE
from ...upsampling.request import Upsampling
from ...upsampling.run import upsample_with_error
from ...volumes.array_types import FloatArray
from ...volumes.grid import Grid
from ...volumes.volume import Volume
from ..recipe import Recipe
from ..validation import central_crop
from ..variation.blurs import BlurSampler
from ..volumes import TrainingVolume
from .scan_noise import ScanNoise


@dataclass(frozen=True)
class Ratios:
    """One simulated scan: its error over the expected error.

    Attributes:
        name: of the volume.
        scales: along the axes (k, j, i).
        noise: standard deviation of the noise that was added.
        ratios: absolute error over expected error, of the tissue voxels, sorted.
    """

    name: str
    scales: tuple[float, float, float]
    noise: float
    ratios: FloatArray

    def width(self, share: float) -> float:
        """The multiple of the expected error that holds this share of the true errors."""
        return float(np.quantile(self.ratios, share))

    def coverage(self, multiple: float) -> float:
        """The share of the voxels whose error is at most so many expected errors."""
        return float(np.mean(self.ratios <= multiple))


def calibrated(spec: ExpectedErrorSpec, cases: Sequence[Ratios]) -> ExpectedErrorSpec:
    """The description of a head with the interval widths that fit these cases on average."""
    widths = {
        share: float(np.exp(np.mean([np.log(case.width(share)) for case in cases])))
        for share in (0.68, 0.95)
    }
    return replace(spec, interval_68=widths[0.68], interval_95=widths[0.95])


def measured(
    model: Model, volumes: Sequence[TrainingVolume], recipe: Recipe, own: ScanNoise
) -> Iterator[Ratios]:
    """Simulates scans of central crops, one after another, and upsamples them as in use.

    A crop has the intensity range and the noise of its whole volume, as a region of a scan has.

    Args:
        model: with a head.
        volumes: each is taken once, then again from the first, with other draws.
        recipe: its kernels, ``calibration_`` entries and seed count.
        own: noise of the volumes themselves.
    """
    head = recipe.expected_error
    blurs = BlurSampler(recipe.kernels, recipe.blur)
    for number in range(head.calibration_cases):
        volume = volumes[number % len(volumes)]
        rng = np.random.default_rng([recipe.seed, number])
        high = central_crop(volume.normalisation.apply(volume.array), head.calibration_crop)
        scales = _scales(rng, volume, recipe)
        shape = [max(1, round(n / s)) for n, s in zip(high.shape, scales, strict=True)]
        low = simulate_low_resolution(high, shape, blurs.draw(rng)[0])
        noise = float(rng.choice(head.calibration_noise))
        low = low + np.float32(noise) * rng.standard_normal(low.shape, dtype=np.float32)
        level = float(np.hypot(noise, own.at(volume.name, float(np.prod(scales) ** (1.0 / 3.0)))))
        ratios = _ratios(model, low, high, level)
        if ratios.size:
            yield Ratios(volume.name, scales, noise, ratios)


def _scales(
    rng: np.random.Generator, volume: TrainingVolume, recipe: Recipe
) -> tuple[float, float, float]:
    """The same scale along the axes that may become coarser, or a larger one along one of them."""
    head = recipe.expected_error
    scales = [1.0, 1.0, 1.0]
    scale = float(rng.choice(head.calibration_scales))
    axes = volume.axes if rng.random() < 0.5 else [rng.choice(volume.axes)]
    for axis in axes:
        scales[axis] = scale
    return scales[0], scales[1], scales[2]


def _ratios(model: Model, low: FloatArray, high: FloatArray, level: float) -> FloatArray:
    """Absolute error over expected error of the tissue voxels of one simulated scan."""
    fine = Grid(high.shape[::-1])  # type: ignore[arg-type]
    spacing = tuple(m / n for m, n in zip(high.shape[::-1], low.shape[::-1], strict=True))
    origin = tuple(0.5 * (s - 1.0) for s in spacing)
    coarse = Grid(low.shape[::-1], spacing, origin)  # type: ignore[arg-type]
    request = Upsampling.of(
        model=model,
        device="cpu",
        expected_error=True,
        intensity_range=(0.0, 1.0),
        noise_level=level if model.header.spec.encoder.noise_level else None,
    )
    made = upsample_with_error(Volume(low, coarse), request, target=fine, model=model)
    error = made.error_volume()
    assert error is not None
    tissue = high > TISSUE
    ratios = np.abs(made.volume.array - high)[tissue] / error.array[tissue]
    return np.sort(ratios)
