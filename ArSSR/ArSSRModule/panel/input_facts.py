"""What is found out about the input volume beside the window: noise and measured resolution."""

from dataclasses import dataclass
from functools import partial

import numpy as np
import slicer
from slicer.i18n import tr as _

from ..run.background_task import BackgroundTask
from ..run.start import Intensities, NotKnownYet, Start
from ..scene import geometry
from ..scene.inputs import reasonNotUsable
from ..signals import Signal


@dataclass(frozen=True)
class Facts:
    """
    Attributes:
        intensities: of the volume as it is stored.
        resolution: the library's ``MeasuredResolution``.
    """

    intensities: Intensities
    resolution: object

    @property
    def isOversampled(self) -> bool:
        """Whether an axis has so many more voxels than detail that there is little to sharpen."""
        from ArSSRLib.volumes.measured_resolution import LITTLE_TO_SHARPEN

        return any(axis.factor >= LITTLE_TO_SHARPEN for axis in self.resolution.axes)


class InputFacts:
    """Finds the facts of one volume at a time, and again when its voxels have changed.

    Signals:
        found(): something about the volume that was asked for last is known.
    """

    def __init__(self) -> None:
        self.found = Signal()
        self._facts, self._measured = _Finding(self.found), _Finding(self.found)

    def of(self, volumeNode) -> Facts | None:
        """The facts; None while they are looked for, and for a volume that cannot be upsampled."""
        if reasonNotUsable(volumeNode):
            return None
        array, grid = slicer.util.arrayFromVolume(volumeNode), geometry.gridOfVolume(volumeNode)
        return self._facts.result(_versionOf(volumeNode, grid), partial(factsOf, array, grid))

    def startOf(self, parameters) -> Start:
        """What a run with these choices begins with.

        Raises:
            NotKnownYet: it is being looked for; ``found`` follows.
            ValueError: there is not enough memory for it.
        """
        volumeNode = parameters.inputVolume
        facts = self.of(volumeNode)
        stored = Start.stored(volumeNode, facts.intensities if facts else None)
        if not parameters.fromMeasured:
            self._measured.drop()
            return stored
        if facts is None and self._facts.searching:
            raise NotKnownYet(_("The resolution of the input is being measured…"))
        if facts is None or not facts.resolution.is_coarser:
            return stored
        make = partial(Start.measured, stored.array, stored.grid, facts.resolution)
        start = self._measured.result(_versionOf(volumeNode, stored.grid), make)
        if start is not None:
            return start
        if self._measured.searching:
            raise NotKnownYet(_("The input is being taken to its measured resolution…"))
        raise ValueError(
            _(
                "There is not enough memory to start from the measured resolution; close other "
                "volumes, or untick it."
            )
        )

    @property
    def searching(self) -> bool:
        """Whether something is being looked for."""
        return self._facts.searching or self._measured.searching

    def stopNow(self) -> None:
        """Forgets the volume; waits for a task that runs."""
        self._facts.forget()
        self._measured.forget()


class _Finding:
    """One result of a function in the background, kept until another version is asked for."""

    def __init__(self, ended: Signal) -> None:
        self._ended = ended
        self._known: tuple = ()
        self._task: BackgroundTask | None = None

    @property
    def searching(self) -> bool:
        return self._task is not None

    def result(self, version: tuple, function):
        """What ``function`` returned for this version; None before it has, and where it failed."""
        if self._known and self._known[0] == version:
            return self._known[1]
        if self._task is None:
            self._known = ()
            self._task = BackgroundTask(function)
            self._task.succeeded.connect(partial(self._onEnd, version))
            # There was no room for a copy of the volume.
            self._task.failed.connect(lambda error: self._onEnd(version, None))
            self._task.start()
        return None

    def drop(self) -> None:
        """Gives back the memory of the result; a task that runs is not waited for."""
        self._known = ()

    def forget(self) -> None:
        """Drops the result, and waits for a task that runs."""
        self.drop()
        if self._task is not None:
            self._task.stopNow()
            self._task = None

    def _onEnd(self, version: tuple, result) -> None:
        self._task = None
        self._known = (version, result)
        self._ended.emit()


def factsOf(array: np.ndarray, grid) -> Facts | None:
    """The facts of an array [k, j, i]; None where a voxel is not a finite number in float32."""
    from ArSSRLib.volumes.measured_resolution import MeasuredResolution

    with np.errstate(over="ignore"):
        values = array.astype(np.float32)
    if not (np.isfinite(values.min()) and np.isfinite(values.max())):
        return None
    return Facts(Intensities.of(values), MeasuredResolution.of(values, grid))


def _versionOf(volumeNode, grid) -> tuple:
    """Changes with the voxels, and with their size."""
    return (volumeNode.GetID(), volumeNode.GetImageData().GetMTime(), grid)
