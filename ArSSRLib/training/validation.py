"""Validation during training: gain in PSNR over cubic interpolation, on central crops.

PSNR is taken over the foreground alone, unlike in an evaluation, which takes whole volumes: the
empty background around a head does not measure a network.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import torch

from ..networks.arssr import ArSSR
from ..networks.baselines import Baseline
from ..networks.noise_level import at_noise_level
from ..resampling.degradation import simulate_low_resolution
from ..resampling.interpolation import interpolate
from ..volumes.array_types import FloatArray
from ..volumes.bounding_box import bounding_box
from .recipe import Recipe
from .volumes import TrainingVolume

_FOREGROUND = 0.05


@dataclass(frozen=True)
class Score:
    """PSNR of one volume at one scale, over the foreground, in dB.

    Attributes:
        volume, scale, noise: the case; the noise's standard deviation is in normalised intensity.
        model: PSNR of the network.
        cubic: PSNR of cubic interpolation.
    """

    volume: str
    scale: float
    noise: float
    model: float
    cubic: float

    @property
    def gain(self) -> float:
        """Decibels above cubic."""
        return self.model - self.cubic


@dataclass(frozen=True)
class Case:
    """What one volume is validated on at one scale; normalised intensities ``[k, j, i]``.

    Attributes:
        volume: its name.
        scale: the scale, along all axes.
        noise: standard deviation of the noise on ``low``.
        high: central HR crop, the truth.
        low: LR simulation of it.
        cubic: cubic interpolation of ``low``, of the shape of ``high``.
    """

    volume: str
    scale: float
    noise: float
    high: FloatArray
    low: FloatArray
    cubic: FloatArray


def validation_cases(volumes: Sequence[TrainingVolume], recipe: Recipe) -> list[Case]:
    """The central crop of each volume at each scale and noise level of the recipe.

    Args:
        volumes: held out from training.
        recipe: its ``validate_`` entries count.
    """
    cases = []
    for volume in volumes:
        high = central_crop(volume.normalisation.apply(volume.array), recipe.validate_crop)
        shape = (high.shape[0], high.shape[1], high.shape[2])
        for scale, noise in product(recipe.validate_scales, recipe.validate_noise):
            low = simulate_low_resolution(high, [max(1, round(n / scale)) for n in shape])
            generator = np.random.default_rng(0)
            low += np.float32(noise) * generator.standard_normal(low.shape, dtype=np.float32)
            cubic = interpolate(low, shape, "cubic")
            cases.append(Case(volume.name, scale, noise, high, low, cubic))
    return cases


def middle_slices(network: ArSSR | Baseline, case: Case, device: torch.device) -> FloatArray:
    """The middle slice of a case side by side: cubic, network and truth; upright (rows, columns).

    Args:
        network: in evaluation mode, on ``device``.
        case: what to show.
        device: where to compute.
    """
    values = _upsampled(network, case, device)
    middle = case.high.shape[0] // 2
    return np.hstack([np.flipud(part[middle]) for part in (case.cubic, values, case.high)])


def score(network: ArSSR | Baseline, cases: Sequence[Case], device: torch.device) -> list[Score]:
    """PSNR of the network and of cubic interpolation on each case.

    Args:
        network: in evaluation mode, on ``device``.
        cases: see :func:`validation_cases`.
        device: where to compute.
    """
    scores = []
    for case in cases:
        plain = at_noise_level(network, case.noise) if isinstance(network, ArSSR) else network
        model = foreground_psnr(_upsampled(plain, case, device), case.high)
        cubic = foreground_psnr(case.cubic, case.high)
        scores.append(Score(case.volume, case.scale, case.noise, model, cubic))
    return scores


def _upsampled(network: ArSSR | Baseline, case: Case, device: torch.device) -> FloatArray:
    low = torch.from_numpy(case.low)[None, None].to(device)
    return network.on_grid(low, case.high.shape).float().cpu().numpy()  # type: ignore[arg-type]


def cases_digest(cases: Sequence[Case]) -> str:
    """Tells sets of cases apart by their volumes' names, scales and crops; empty without cases."""
    if not cases:
        return ""
    named = [[c.volume, c.scale, c.noise, list(c.high.shape)] for c in cases]
    return hashlib.sha256(json.dumps(named).encode()).hexdigest()


def foreground_psnr(values: FloatArray, truth: FloatArray) -> float:
    """PSNR in dB where the truth is above 0.05; the peak is the range of the whole truth.

    Both arrays are normalised and of one shape. A truth without any such voxel counts whole.
    """
    mask = truth > _FOREGROUND
    if not mask.any():
        mask = np.ones_like(mask)
    error = float(np.mean((values[mask] - truth[mask]) ** 2, dtype=np.float64))
    return float(10.0 * np.log10(float(np.ptp(truth)) ** 2 / max(error, 1e-20)))


def central_crop(array: FloatArray, side: int) -> FloatArray:
    """A box of at most ``side`` voxels around the middle of the foreground."""
    slices = []
    box = bounding_box(array > _FOREGROUND) or [(0, n + 1) for n in array.shape]
    for n, (first, end) in zip(array.shape, box, strict=True):
        middle = (first + end - 1) // 2
        start = int(np.clip(middle - side // 2, 0, max(0, n - side)))
        slices.append(slice(start, start + min(side, n)))
    return np.ascontiguousarray(array[tuple(slices)])
