"""What a run begins with: the input as it is stored, or as it was measured."""

from dataclasses import dataclass

import numpy as np
import slicer

from ..scene import geometry


class NotKnownYet(ValueError):
    """What a run begins with is being looked for."""


@dataclass(frozen=True)
class Intensities:
    """
    Attributes:
        noise: standard deviation of the noise as a share of the intensity range.
        span: the intensities of air and of the brightest tissue.
    """

    noise: float
    span: tuple[float, float]

    @staticmethod
    def of(array: np.ndarray) -> "Intensities":
        """Those of finite voxels [k, j, i]; safe outside the main thread."""
        from ArSSRLib.volumes.intensity import Normalisation
        from ArSSRLib.volumes.noise import estimate_noise
        from ArSSRLib.volumes.outliers import split_outliers

        seen = split_outliers(array).seen
        line = Normalisation.of(seen)
        return Intensities(estimate_noise(seen), (line.offset, line.offset + line.span))


@dataclass(frozen=True)
class Start:
    """
    Attributes:
        array: voxels [k, j, i].
        grid: of the voxels, in LPS mm, over the field of view of the input.
        intensities: None while they are not known.
    """

    array: np.ndarray
    grid: object
    intensities: Intensities | None = None

    @staticmethod
    def stored(volumeNode, intensities: Intensities | None = None) -> "Start":
        """The volume as it is stored; its voxels are not copied."""
        grid = geometry.gridOfVolume(volumeNode)
        return Start(slicer.util.arrayFromVolume(volumeNode), grid, intensities)

    @staticmethod
    def measured(array: np.ndarray, grid, resolution) -> "Start":
        """The volume at its measured resolution; safe outside the main thread.

        Args:
            array: finite voxels as they are stored.
            grid: theirs.
            resolution: the library's ``MeasuredResolution`` of them.
        """
        from ArSSRLib.resampling.to_measured import at_measured_resolution
        from ArSSRLib.volumes.volume import Volume

        taken = at_measured_resolution(Volume(array.astype(np.float32), grid), resolution)
        return Start(taken.array, taken.grid, Intensities.of(taken.array))


def startOf(parameters) -> Start:
    """What a run with these choices begins with, found now; for scripts."""
    stored = Start.stored(parameters.inputVolume)
    if not parameters.fromMeasured:
        return stored
    from ArSSRLib.volumes.measured_resolution import MeasuredResolution

    resolution = MeasuredResolution.of(stored.array.astype(np.float32), stored.grid)
    if not resolution.is_coarser:
        return stored
    return Start.measured(stored.array, stored.grid, resolution)
