"""The noise that a coarser scan of a training volume would be estimated to have.

In use the head is given the noise that is estimated from the whole scan. A patch is too small to
estimate it, so it is estimated once for each volume at a few scales.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ...resampling.degradation import simulate_low_resolution
from ...volumes.noise import estimate_noise
from ..validation import central_crop
from ..volumes import TrainingVolume

_SCALES = (1.0, 1.5, 2.0, 3.0)
"""At a coarser scale, the voxels of a crop are too few to estimate from."""
_SIDE = 96
"""Voxels of the crop along each axis."""


@dataclass(frozen=True)
class ScanNoise:
    """Noise levels by volume and scale.

    Attributes:
        levels: for each volume's name its levels at ``_SCALES``, as shares of the intensity range.
    """

    levels: Mapping[str, Sequence[float]]

    @staticmethod
    def of(volumes: Sequence[TrainingVolume]) -> ScanNoise:
        """Estimates the noise of all volumes."""
        return ScanNoise({volume.name: _levels_of(volume) for volume in volumes})

    def at(self, volume: str, factor: float) -> float:
        """The level of a volume whose voxels became coarser; beyond the scales, the nearest one.

        Args:
            volume: its name.
            factor: HR voxels in an LR voxel, the geometric mean of the axes.
        """
        return float(np.interp(np.log(factor), np.log(_SCALES), self.levels[volume]))


def _levels_of(volume: TrainingVolume) -> list[float]:
    high = central_crop(volume.normalisation.apply(volume.array), _SIDE)
    return [
        estimate_noise(
            simulate_low_resolution(high, [max(1, round(n / scale)) for n in high.shape])
        )
        for scale in _SCALES
    ]
