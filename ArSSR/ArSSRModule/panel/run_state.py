"""The part of the panel that runs: Apply turns into Cancel, progress, and how it ended."""

import slicer
from slicer.i18n import tr as _

from ..run import failures, torch_setup
from ..run.child_output import timeText
from ..signals import Signal
from .colours import boxStyle

PROGRESS_STEPS = 1000
STATUS_BAR_MS = 8000


def cancelledText() -> str:
    return _("Cancelled. The scene was not changed.")


class RunState:
    """At most one job, and the widgets that show it.

    Before the job starts, PyTorch may be installed ("preparing"): the scene may change during
    that time, but Apply is disabled.

    Signals:
        succeeded(input node, {method: node})
        ended(): a job ended, with or without a result.
    """

    def __init__(self, ui, logic, worker) -> None:
        self.succeeded, self.ended = Signal(), Signal()
        self._ui, self._logic, self._worker = ui, logic, worker
        self._job = None
        self._preparing = False
        self._givenUp = ""
        self._isShutDown = False
        self._inputID = ""
        self._reasonNotPossible = ""

    @property
    def running(self) -> bool:
        return self._job is not None

    @property
    def preparing(self) -> bool:
        return self._preparing

    def start(self, parameters, device: str, findStart) -> None:
        """Starts a job, or shows in a message box why that is not possible.

        Args:
            parameters: the user's choices.
            device, findStart: as for :meth:`logic.ArSSRLogic.plan`.
        """
        if self.running or self._preparing:
            return
        self._inputID = parameters.inputVolume.GetID() if parameters.inputVolume else ""
        try:
            job = self._prepare(parameters, device, findStart)
        except (ValueError, RuntimeError, OSError) as error:
            self._onNotStarted(self._givenUp or str(error))
            return
        except Exception as error:  # a slot's exception is only printed, and Apply would hang
            self._onNotStarted(self._givenUp or failures.explain(error))
            return
        if self._givenUp:
            job.stopNow()
            self._onNotStarted(self._givenUp)
            return
        self._job = job
        job.progressed.connect(self._onProgress)
        job.warned.connect(self._say)
        job.succeeded.connect(self._onSucceeded)
        job.failed.connect(self._onFailed)
        job.cancelled.connect(lambda: self._close(cancelledText()))
        self._say("")
        self._ui.progressBar.visible = True
        self.showApply("")
        job.start()

    def _prepare(self, parameters, device: str, findStart):
        """A job; ``_givenUp`` is filled when it should not start after all."""
        self._preparing, self._givenUp = True, ""
        self._say("" if torch_setup.installedVersion() else _("Installing PyTorch…"))
        self.showApply(self._reasonNotPossible)
        try:
            return self._logic.newJob(parameters, self._worker, device, findStart)
        finally:
            self._preparing = False

    def _onNotStarted(self, text: str) -> None:
        if self._isShutDown:
            return
        self._say(text, "note" if self._givenUp else "error")
        self.showApply(self._reasonNotPossible)
        if not self._givenUp:
            slicer.util.errorDisplay(text, windowTitle=_("ArSSR cannot run"))

    def cancel(self) -> None:
        self._job.cancel()
        self.showApply(self._reasonNotPossible)

    def stopNow(self) -> None:
        """Ends a running job at once, without leaving anything in the scene."""
        self._giveUp(cancelledText())

    def shutDown(self) -> None:
        """Like ``stopNow``, for a panel that is deleted: its widgets are no longer touched."""
        self.stopNow()
        self._isShutDown = True

    def inputRemoved(self, node) -> None:
        """Cancels the run when ``node`` is its input."""
        if node is not None and node.GetID() == self._inputID:
            self._giveUp(_("The input volume was removed, so the run was cancelled."))

    def _giveUp(self, text: str) -> None:
        if self._preparing:
            self._givenUp = self._givenUp or text  # the installation continues, without a run
        elif self._job is not None:
            self._job.stopNow()
            self._close(text)

    def showApply(self, reasonNotPossible: str) -> None:
        """Text, tooltip and state of the button; the reason is why Apply is not possible now."""
        self._reasonNotPossible = reasonNotPossible
        button = self._ui.applyButton
        if self._preparing:
            button.text, button.enabled = _("Apply"), False
            button.toolTip = _("The run is being prepared.")
            return
        if self.running and self._job.cancelling:
            button.text, button.enabled = _("Cancelling…"), False
            button.toolTip = _("The run is being ended.")
            return
        if self.running:
            button.text, button.enabled = _("Cancel"), True
            button.toolTip = _("Cancels the run. The scene is not changed.")
            return
        button.text, button.enabled = _("Apply"), not reasonNotPossible
        button.toolTip = reasonNotPossible or _("Upsamples the input volume.")

    def _onProgress(self, fraction: float, stage: str, secondsLeft) -> None:
        self._ui.progressBar.value = round(fraction * PROGRESS_STEPS)
        left = "" if secondsLeft is None else _(", {time} left").format(time=timeText(secondsLeft))
        self._ui.progressBar.format = f"{stage} {100 * fraction:.0f} %{left}"

    def _onSucceeded(self, nodes: dict, edited: bool, findings: dict) -> None:
        inputNode = slicer.mrmlScene.GetNodeByID(self._inputID)
        text = _("Done: “{name}”.").format(name=nodes["arssr"].GetName())
        summary = _summary(findings)
        if summary:
            text += "\n" + summary
        if edited:
            text += " " + _(
                "The input was edited during the run. The result is based on the volume when you "
                "pressed Apply."
            )
        self._job = None
        try:
            self.succeeded.emit(inputNode, nodes)
        finally:
            self._close(text, "done")

    def _onFailed(self, message: str) -> None:
        self._close(message, "error")
        slicer.util.errorDisplay(message, windowTitle=_("ArSSR could not finish"))

    def _close(self, text: str, kind: str = "note") -> None:
        self._job = None
        self._ui.progressBar.visible = False
        self._ui.progressBar.value = 0
        self._say(text, kind)
        self.showApply(self._reasonNotPossible)  # a closed panel does not update itself
        slicer.util.showStatusMessage(_("ArSSR: {text}").format(text=text), STATUS_BAR_MS)
        self.ended.emit()

    def _say(self, text: str, kind: str = "note") -> None:
        self._ui.statusLabel.text = text
        self._ui.statusLabel.visible = bool(text)
        self._ui.statusLabel.styleSheet = boxStyle(kind)


def _summary(findings: dict) -> str:
    """One sentence about how well the result fits its input, and one about the expected errors."""
    from ArSSRLib.upsampling.expected_error import ErrorSummary

    sentences, error = [], findings.get("expected_error")
    if "difference" in findings:
        fits = _("Downsampled again, it differs from the input by {percent:.2g} % of its range.")
        sentences.append(fits.format(percent=100.0 * findings["difference"]))
    if error:
        sentences.append(ErrorSummary(error["median"], error["share_above"]).sentence)
    return "\n".join(sentences)
