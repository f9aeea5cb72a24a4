"""The button Preview: the chosen settings on a small box, laid over the slice views."""

import time

import numpy as np
import qt
import slicer
from slicer.i18n import tr as _

from ..compare.overlay import Overlay
from ..compare.place import pointOfInterest
from ..run import measured_speed
from ..run.preview import PreviewJob, planPreview
from ..run.request import requestsOf
from ..run.start import NotKnownYet, Start
from ..scene import geometry

DELAY_MS = 200
"""While a slider is dragged, a preview begins when it has rested for so long."""


class Preview:
    """Computes the box while the button is pressed, and again when the settings change.

    Attributes:
        on: whether the button is pressed.
        seconds: from the wish to the picture, of the last preview.
    """

    def __init__(self, ui, worker, facts, devices) -> None:
        self.on = False
        self.seconds = 0.0
        self._ui, self._worker = ui, worker
        self._facts, self._devices = facts, devices
        self._overlay = Overlay()
        self._parameters = self._job = None
        self._state: tuple = ()
        self._centre = self._sides = None
        self._wished = self._begun = 0.0
        self._waitsForFacts = False
        self._timer = qt.QTimer()
        self._timer.setSingleShot(True)
        self._timer.setInterval(DELAY_MS)
        self._timer.connect("timeout()", self._begin)

    def begin(self, parameters) -> None:
        """The button was pressed."""
        self.on, self._parameters = True, parameters
        self._centre = None
        self._wished = time.monotonic()
        self._state = self._stateNow()
        self._begin()

    def end(self) -> None:
        """Removes the picture, and what is being computed."""
        self._timer.stop()
        self._giveUpJob()
        self._overlay.remove()
        self.on, self._parameters, self._state = False, None, ()
        self._ui.previewButton.checked = False
        self._say("")

    def update(self, reasonNotPossible: str) -> None:
        """The panel has changed.

        Args:
            reasonNotPossible: why there can be no preview now, empty when there can.
        """
        if self.on and reasonNotPossible:
            self.end()
        self._ui.previewButton.enabled = not reasonNotPossible
        self._ui.previewButton.toolTip = reasonNotPossible or _(
            "Shows a box of about 4 cm around the crosshair with the present settings, and follows "
            "them while it is pressed. Nothing is added to the scene."
        )
        if not self.on:
            return
        state = self._stateNow()
        if state != self._state:
            self._state = state
            self._wished = time.monotonic()
            self._say(_("Computing the preview…"))
            self._timer.start()
        elif self._job is None and self._waitsForFacts:
            self._begin()

    def _stateNow(self) -> tuple:
        """What a preview is made from."""
        volume = self._parameters.inputVolume
        self._follow(pointOfInterest(volume))
        try:
            words = tuple(requestsOf(self._parameters)[-1].arguments())
            grid = geometry.gridOfVolume(volume)
        except ValueError as error:
            return (str(error),)
        version = (volume.GetID(), volume.GetImageData().GetMTime())
        return (words, grid, version, tuple(self._centre))

    def _follow(self, point: np.ndarray) -> None:
        """The box stays until the crosshair leaves it."""
        if self._centre is None or np.abs(point - self._centre).max() > min(self._sides or [0]) / 2:
            self._centre = point

    def _begin(self) -> None:
        self._giveUpJob()
        self._say(_("Computing the preview…"))
        slowness = measured_speed.previewSlowness(self._device)
        self._begun = time.monotonic()
        try:
            start = self._start()
            self._waitsForFacts = start is None
            if start is None:
                return
            plan = planPreview(self._parameters, self._centre, start, slowness)
            self._sides = plan.sides
            self._job = PreviewJob(plan, self._worker)
            self._job.succeeded.connect(lambda loaded: self._onSucceeded(loaded, plan))
            self._job.failed.connect(self._onFailed)
            self._job.start()
        except (ValueError, RuntimeError, OSError) as error:
            self._onFailed(str(error))

    def _start(self) -> Start | None:
        """What a run begins with; None while it is looked for.

        Raises:
            ValueError: it cannot be found.
        """
        try:
            start = self._facts.startOf(self._parameters)
        except NotKnownYet:
            return None
        if start.intensities is not None:
            return start
        if self._facts.searching:
            return None
        raise ValueError(
            _("No preview: the input has voxels that are not numbers, or the memory is full.")
        )

    @property
    def _device(self) -> str:
        return self._devices.resolve(self._parameters.device.value)

    def _onSucceeded(self, loaded, plan) -> None:
        self._job = None
        first = not self._overlay.shown
        title = _("ArSSR preview in the box")
        self._overlay.show(loaded, self._parameters.inputVolume, title)
        if first:
            _jumpTo(self._centre)
        self.seconds = time.monotonic() - self._wished
        measured_speed.rememberPreview(self._device, plan.seconds, time.monotonic() - self._begun)
        sides = " × ".join(f"{side / 10:.1f}" for side in plan.sides)
        text = (
            _("Preview of {sides} cm, computed as with “Fast”.")
            if plan.quicker
            else _("Preview of {sides} cm.")
        )
        self._say(text.format(sides=sides))

    def _onFailed(self, reason: str) -> None:
        self._job = None
        self._overlay.remove()
        self._say(reason)

    def _giveUpJob(self) -> None:
        if self._job is not None:
            self._job.giveUp()
            self._job = None

    def _say(self, text: str) -> None:
        self._ui.previewLabel.text = text
        self._ui.previewLabel.visible = bool(text)


def _jumpTo(point) -> None:
    """The slice views show the point, without changing their zoom."""
    manager = slicer.app.layoutManager()
    for name in manager.sliceViewNames() if manager else ():
        manager.sliceWidget(name).mrmlSliceNode().JumpSliceByOffsetting(*point)
