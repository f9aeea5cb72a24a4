"""One press of Apply: write the input, order each method, load and place the results."""

import logging
import time
from contextlib import ExitStack
from functools import partial

import slicer
from slicer.i18n import tr as _

from ..scene.expected_error import LoadedError, renewError
from ..scene.results import Origin, placeResult, resultName
from ..scene.volume_files import LoadedImage, Snapshot
from ..signals import Signal
from . import failures, measured_speed
from .background_task import BackgroundTask
from .child_output import ProgressLine, stageTitle
from .job_folder import JobFolder
from .worker import Order, Worker, notStartedText

SOURCE_NAME, ERROR_NAME = "input.nrrd", "expected_error.nrrd"
CUBIC_SHARE = 0.05
"""Share of the progress bar for cubic interpolation, which takes little of the time."""


class UpsamplingJob:
    """Upsamples one volume node beside the window.

    The scene changes only at the very end, when every result is loaded; a cancelled or failed job
    leaves it as it was.

    Signals:
        progressed(fraction, stage title, seconds left or None)
        warned(text)
        succeeded({method: volume node}, True if the input was edited during the run, findings)
            where the volume of expected errors has the key ``error``, and findings are those of
            :class:`worker.Order`.
        failed(text)
        cancelled()
    """

    def __init__(self, plan, inputNode, outputNodes: dict, worker: Worker) -> None:
        self.progressed, self.warned = Signal(), Signal()
        self.succeeded, self.failed, self.cancelled = Signal(), Signal(), Signal()
        self._plan, self._requests = plan, list(plan.requests)
        self._computingSince: float | None = None
        self._worker = worker
        self._snapshot = Snapshot.of(inputNode)
        self._outputIDs = {m: n.GetID() for m, n in outputNodes.items() if n is not None}
        self._folder = JobFolder(plan.fileBytes)
        self._step = -1
        self._loaded: dict[str, LoadedImage] = {}
        self._error: LoadedError | None = None
        self._findings: dict = {}
        self._active: Order | BackgroundTask | None = None
        self._cancelling = False
        self._ended = False

    @property
    def running(self) -> bool:
        return not self._ended

    @property
    def cancelling(self) -> bool:
        """Whether ``cancel`` was called and the run has not ended yet."""
        return self._cancelling and not self._ended

    def start(self) -> None:
        self.progressed.emit(0.0, _("Preparing"), None)
        write = partial(self._snapshot.write, self._folder.path / SOURCE_NAME)
        self._guarded(self._runTask)(write, lambda result: self._nextRequest())

    def cancel(self) -> None:
        """Ends the run soon; ``cancelled`` follows."""
        self._cancelling = True
        if isinstance(self._active, Order):
            self._active.abort()

    def stopNow(self) -> None:
        """Ends the run before returning; no signal follows. For closing scenes and reloading."""
        for signal in (self.progressed, self.warned, self.succeeded, self.failed, self.cancelled):
            signal.disconnectAll()
        self._cancelling = True
        if self._active is not None:
            self._active.stopNow()
        self._end()

    def _nextRequest(self) -> None:
        self._step += 1
        if self._step == len(self._requests):
            self._place()
            return
        try:
            self._active = self._order(self._requests[self._step])
        except (RuntimeError, OSError) as error:
            logging.exception("ArSSR could not start its child process")
            self._finish(self.failed, notStartedText(error))

    def _order(self, request) -> Order:
        folder = self._folder.forChild
        files = {"source": folder / SOURCE_NAME, "output": folder / _targetName(request)}
        if request.expected_error:
            files["error_map"] = folder / ERROR_NAME
        order = self._worker.order(
            {**{key: str(path) for key, path in files.items()}, "request": request.arguments()}
        )
        self._computingSince = None
        order.progressed.connect(self._onProgress)
        order.succeeded.connect(self._guarded(self._onComputed))
        order.failed.connect(self._guarded(self._onFailed))
        return order

    def _onProgress(self, progress: ProgressLine) -> None:
        self._computingSince = self._computingSince or time.monotonic()
        if progress.warning:
            logging.warning("ArSSR: %s", progress.warning)
            self.warned.emit(progress.warning)
        else:
            start, share = self._shareOfStep()
            self.progressed.emit(
                start + share * progress.fraction, stageTitle(progress.stage), progress.secondsLeft
            )

    def _shareOfStep(self) -> tuple[float, float]:
        if len(self._requests) == 1:
            return 0.0, 1.0
        return (0.0, CUBIC_SHARE) if self._step == 0 else (CUBIC_SHARE, 1.0 - CUBIC_SHARE)

    def _onFailed(self, reason: str) -> None:
        if self._cancelling:
            self._finish(self.cancelled)
        else:
            self._finish(self.failed, reason)

    def _onComputed(self) -> None:
        if self._cancelling:
            self._finish(self.cancelled)
        else:
            request = self._requests[self._step]
            self._rememberSpeed(request)
            self._findings = self._active.findings
            self._runTask(
                partial(_read, self._folder.path, request, self._snapshot),
                partial(self._keep, request.method),
            )

    def _rememberSpeed(self, request) -> None:
        if request.model is not None and self._computingSince is not None:
            seconds = time.monotonic() - self._computingSince
            measured_speed.remember(self._plan.device, self._plan.computingSeconds, seconds)

    def _keep(self, method: str, loaded: tuple) -> None:
        self._loaded[method], self._error = loaded
        self._nextRequest()

    def _place(self) -> None:
        inputNode = slicer.mrmlScene.GetNodeByID(self._snapshot.nodeID)
        if inputNode is None:
            self._finish(self.failed, _("The input volume was deleted; nothing was changed."))
            return
        edited = self._snapshot.wasEditedSince(inputNode)
        try:
            nodes = self._placeAll(inputNode)
        except Exception as error:
            # MRML, VTK and the observers of the scene raise exceptions of any type.
            message = _("The result could not be put into the scene: {error}").format(error=error)
            self._finish(self.failed, failures.explain(error, message))
            return
        self._finish(self.succeeded, nodes, edited, self._findings)

    def _placeAll(self, inputNode) -> dict:
        """Every result's node by method; when one fails, the ones made before go again."""
        nodes = {}
        with ExitStack() as undoing:
            for request in self._requests:
                method, origin = request.method, Origin(request)
                output = slicer.mrmlScene.GetNodeByID(self._outputIDs.get(method, ""))
                name = resultName(self._snapshot.name, method, origin.scaleText)
                nodes[method] = placeResult(self._loaded[method], inputNode, output, name, origin)
                if output is None:
                    undoing.callback(slicer.mrmlScene.RemoveNode, nodes[method])
            errors = renewError(self._error, nodes["arssr"], inputNode, origin.made)
            if errors is not None:
                nodes["error"] = errors
            undoing.pop_all()
        return nodes

    def _runTask(self, function, whenDone) -> None:
        task = BackgroundTask(function)
        task.succeeded.connect(self._guarded(partial(self._onTaskDone, whenDone)))
        task.failed.connect(self._guarded(self._onTaskFailed))
        self._active = task
        task.start()

    def _onTaskDone(self, whenDone, result) -> None:
        if self._cancelling:
            self._finish(self.cancelled)
        else:
            whenDone(result)

    def _onTaskFailed(self, error: Exception) -> None:
        message = failures.explain(error, failures.fileText(self._folder.path.parent))
        self._finish(self.failed, message)

    def _guarded(self, function):
        """``function``, but what it raises ends the run.

        Raised into a timer of Qt it would go into the console, and the panel would wait for this
        run for ever.
        """

        def call(*arguments) -> None:
            try:
                function(*arguments)
            except Exception as error:
                if self._ended:  # raised by whoever heard how it ended
                    raise
                self._finish(self.failed, failures.explain(error))

        return call

    def _finish(self, signal: Signal, *arguments) -> None:
        self._end()
        signal.emit(*arguments)

    def _end(self) -> None:
        self._ended = True
        self._active = self._snapshot = None  # voxels go now, whoever still holds the job
        self._loaded.clear()
        self._error = None
        self._folder.remove()


def _targetName(request) -> str:
    return f"{request.method}.nrrd"


def _read(folder, request, snapshot: Snapshot) -> tuple[LoadedImage, LoadedError | None]:
    """A result and its expected errors, where there are any; safe outside the main thread."""
    result = LoadedImage.read(folder / _targetName(request), snapshot.grid)
    if not request.expected_error:
        return result, None
    return result, LoadedError.read(folder / ERROR_NAME, snapshot)
