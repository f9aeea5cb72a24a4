"""Training samples of the head: the network's own, with the noise as it is known in use."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ...volumes.array_types import FloatArray
from ..patches import PatchSampler
from ..recipe import Recipe
from ..volumes import TrainingVolume
from .scan_noise import ScanNoise

_MOST_REDUCTION = 2.0
_OTHER_STREAM = 1
"""Separates the draws here from those of the patch."""


class HeadSample(NamedTuple):
    """One training sample.

    Attributes:
        low, coordinates, cell, target: see :class:`ArSSRLib.training.patches.Sample`.
        told: () noise level that the network is given.
        scan: () noise level that the scan is estimated to have.
    """

    low: FloatArray
    coordinates: FloatArray
    cell: FloatArray
    target: FloatArray
    told: FloatArray
    scan: FloatArray


class HeadSampler:
    """Draws sample number ``n`` of a run.

    The level of the scan is that of the added noise together with the volume's, as far off as
    estimates are. Of some patches the network is told another multiple of it, as a user may ask
    for with the noise reduction.
    """

    def __init__(self, volumes: Sequence[TrainingVolume], recipe: Recipe, noise: ScanNoise) -> None:
        self.patches = PatchSampler(volumes, recipe)
        self.recipe, self.noise = recipe, noise

    def __getitem__(self, number: int) -> HeadSample:
        volume, sample = self.patches.drawn(number)
        rng = np.random.default_rng([self.recipe.seed, number, _OTHER_STREAM])
        head = self.recipe.expected_error
        own = self.noise.at(volume.name, float(np.prod(sample.cell) ** (-1.0 / 3.0)))
        scan = np.hypot(float(sample.noise), own) * np.exp(head.estimate_off * rng.normal())
        other = rng.random() < head.reduction_share
        told = scan * (rng.uniform(0.0, _MOST_REDUCTION) if other else 1.0)
        levels = np.float32(told), np.float32(scan)
        return HeadSample(*sample[:4], *(np.asarray(level) for level in levels))
