"""What is found out about the input volume beside the window: its noise and intensity range."""

from dataclasses import dataclass

import numpy as np
import slicer

from .. import library
from ..run.background_task import BackgroundTask
from ..scene.inputs import reasonNotUsable
from ..signals import Signal


@dataclass(frozen=True)
class Facts:
    """
    Attributes:
        noise: standard deviation of the noise as a share of the intensity range.
        intensityRange: the intensities of air and of the brightest tissue.
    """

    noise: float
    intensityRange: tuple[float, float]


class InputFacts:
    """Finds the facts of one volume at a time, and again when its voxels have changed.

    Signals:
        found(): the facts of the volume that was asked for last are known.
    """

    def __init__(self) -> None:
        self.found = Signal()
        self._known: tuple = ()
        self._task: BackgroundTask | None = None

    def of(self, volumeNode) -> Facts | None:
        """The facts; None while they are looked for, and for a volume that cannot be upsampled."""
        if reasonNotUsable(volumeNode):
            return None
        version = (volumeNode.GetID(), volumeNode.GetImageData().GetMTime())
        if self._known and self._known[0] == version:
            return self._known[1]
        if self._task is None:
            self._start(version, slicer.util.arrayFromVolume(volumeNode))
        return None

    def stopNow(self) -> None:
        """Forgets the volume; waits for a task that runs."""
        self._known = ()
        if self._task is not None:
            self._task.stopNow()
            self._task = None

    def _start(self, version: tuple, array: np.ndarray) -> None:
        library.makeImportable()
        self._task = BackgroundTask(lambda: factsOf(array))
        self._task.succeeded.connect(lambda facts: self._onEnd(version, facts))
        # There was no room for a copy of the volume.
        self._task.failed.connect(lambda error: self._onEnd(version, None))
        self._task.start()

    def _onEnd(self, version: tuple, facts: Facts | None) -> None:
        self._task = None
        self._known = (version, facts)
        self.found.emit()


def factsOf(array: np.ndarray) -> Facts | None:
    """The facts of an array [k, j, i]; None where a voxel is not a finite number in float32."""
    from ArSSRLib.volumes.intensity import Normalisation
    from ArSSRLib.volumes.noise import estimate_noise
    from ArSSRLib.volumes.outliers import split_outliers

    with np.errstate(over="ignore"):
        values = array.astype(np.float32)
    if not (np.isfinite(values.min()) and np.isfinite(values.max())):
        return None
    seen = split_outliers(values).seen
    line = Normalisation.of(seen)
    return Facts(estimate_noise(seen), (line.offset, line.offset + line.span))
