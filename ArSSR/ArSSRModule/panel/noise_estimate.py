"""How noisy the input volume is, estimated beside the window."""

import numpy as np
import slicer

from .. import library
from ..run.background_task import BackgroundTask
from ..scene.inputs import reasonNotUsable
from ..signals import Signal


class NoiseEstimate:
    """Estimates the noise of one volume at a time, and again when its voxels have changed.

    Signals:
        found(): the estimate of the volume that was asked for last is known.
    """

    def __init__(self) -> None:
        self.found = Signal()
        self._known: tuple = ()
        self._task: BackgroundTask | None = None

    def of(self, volumeNode) -> float | None:
        """The noise as a share of the intensity range; None while it is being estimated.

        None too for a volume that cannot be upsampled.
        """
        if reasonNotUsable(volumeNode):
            return None
        image = volumeNode.GetImageData()
        version = (volumeNode.GetID(), image.GetMTime())
        if self._known and self._known[0] == version:
            return self._known[1]
        if self._task is None:
            self._start(version, slicer.util.arrayFromVolume(volumeNode))
        return None

    def stopNow(self) -> None:
        """Forgets the volume; waits for an estimate that is being made."""
        self._known = ()
        if self._task is not None:
            self._task.stopNow()
            self._task = None

    def _start(self, version: tuple, array) -> None:
        library.makeImportable()
        from ArSSRLib.volumes.noise import estimate_noise

        self._task = BackgroundTask(lambda: estimate_noise(array) if isFinite(array) else None)
        self._task.succeeded.connect(lambda noise: self._onEnd(version, noise))
        # There was no room for a copy of the volume.
        self._task.failed.connect(lambda error: self._onEnd(version, None))
        self._task.start()

    def _onEnd(self, version: tuple, noise: float | None) -> None:
        self._task = None
        self._known = (version, noise)
        self.found.emit()


def isFinite(array: np.ndarray) -> bool:
    """Whether no voxel is infinite or not a number, without a copy of the volume."""
    return bool(np.isfinite(array.min()) and np.isfinite(array.max()))
