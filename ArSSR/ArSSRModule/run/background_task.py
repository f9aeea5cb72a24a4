"""A Python function that runs beside the window: for reading and writing large files."""

import threading

import qt

from ..signals import Signal

POLL_INTERVAL_MS = 20


class BackgroundTask:
    """Runs ``function`` in a thread and reports in the main thread.

    The function must not touch Qt or MRML.
    """

    def __init__(self, function) -> None:
        self.succeeded = Signal()
        self.failed = Signal()
        self._function = function
        self._result = None
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._timer = qt.QTimer()
        self._timer.setInterval(POLL_INTERVAL_MS)
        self._timer.connect("timeout()", self._poll)

    def start(self) -> None:
        self._thread.start()
        self._timer.start()

    def stopNow(self) -> None:
        """Waits for the thread; nothing is emitted any more."""
        self._timer.stop()
        self._thread.join()
        self._letGo()

    def _run(self) -> None:
        try:
            self._result = self._function()
        except Exception as error:
            # An exception in a thread is lost; pass it to the main thread.
            self._error = error

    def _poll(self) -> None:
        if self._thread.is_alive():
            return
        self._timer.stop()
        if self._error is not None:
            self.failed.emit(self._error)
        else:
            self.succeeded.emit(self._result)
        self._letGo()

    def _letGo(self) -> None:
        """The timer's connection keeps this object, which must not keep volumes.

        An error keeps them too: by its traceback, the variables of where it was raised.
        """
        self._function = self._result = self._error = None
        self.succeeded.disconnectAll()
        self.failed.disconnectAll()
