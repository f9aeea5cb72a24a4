"""A child process that is heard line by line and can be ended with everything it started.

The panel stays alive because nothing here waits: two threads move the child's output into a
queue, and a timer hands it on in the main thread, where Qt and MRML may be touched.
"""

import contextlib
import os
import queue
import signal
import subprocess
import threading
import time

import qt

from .. import library
from ..signals import Signal

POLL_INTERVAL_MS = 40
GRACE_SECONDS = 1.0
"""How long a cancelled child may tidy up before it is killed."""
LONGEST_END_SECONDS = 10.0
"""How long a killed child may take to end: it gives its memory back first."""
LAST_LINES_KEPT = 40


class BackgroundProcess:
    """Runs one command.

    >>> process = BackgroundProcess(["PythonSlicer", "-m", "ArSSRLib", "--version"])
    >>> process.lineReceived.connect(print)          # each line of standard output
    >>> process.finished.connect(lambda code: ...)   # once, also after cancel()
    >>> process.start()                              # doctest: +SKIP
    """

    def __init__(self, command: list[str], takesInput: bool = False) -> None:
        """
        Args:
            command: program and arguments.
            takesInput: whether ``write`` is used; the child's input is closed when Slicer ends.
        """
        self.lineReceived = Signal()
        self.finished = Signal()
        self.errorLines: list[str] = []
        self._command = command
        self._takesInput = takesInput
        self._process: subprocess.Popen[bytes] | None = None
        self._lines: queue.Queue[tuple[str, str]] = queue.Queue()
        self._readers: list[threading.Thread] = []
        self._killTime: float | None = None
        self._timer = qt.QTimer()
        self._timer.setInterval(POLL_INTERVAL_MS)
        self._timer.connect("timeout()", self._poll)

    def start(self) -> None:
        """Starts the child in a new process group.

        Raises:
            OSError: the program cannot be started.
        """
        options = {"start_new_session": True}
        if os.name == "nt":
            options = {
                "creationflags": subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW
            }
        self._process = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE if self._takesInput else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=library.childEnvironment(),
            cwd=str(library.libraryFolder()),
            **options,
        )
        for stream, name in ((self._process.stdout, "out"), (self._process.stderr, "error")):
            reader = threading.Thread(target=self._read, args=(stream, name), daemon=True)
            reader.start()
            self._readers.append(reader)
        self._timer.start()

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def processId(self) -> int:
        """Process id of the child, which is also the id of its process group (not on Windows)."""
        return self._process.pid if self._process else 0

    def write(self, line: str) -> None:
        """Sends a line to the child; one that has ended does not get it."""
        with contextlib.suppress(OSError, ValueError):
            self._process.stdin.write(f"{line}\n".encode())
            self._process.stdin.flush()

    def cancel(self) -> None:
        """Asks the whole tree to end now; what has not ended after a moment is killed."""
        if self.running and self._killTime is None:
            self._killTime = time.monotonic() + GRACE_SECONDS
            self._endTree(gently=True)

    def stopNow(self) -> None:
        """Ends the whole tree and waits for it; nothing is emitted any more."""
        self._timer.stop()
        self.lineReceived.disconnectAll()
        self.finished.disconnectAll()
        if self._process is None:
            return
        if self.running:
            self._endTree(gently=True)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(GRACE_SECONDS)
        self._endTree(gently=False)
        self._process.wait()
        self._closeInput()
        # The child may be a launcher, and the program behind it still ending: its files are closed
        # when its output is.
        deadline = time.monotonic() + LONGEST_END_SECONDS
        for reader in self._readers:
            reader.join(max(0.0, deadline - time.monotonic()))

    def _read(self, stream, name: str) -> None:
        for line in iter(stream.readline, b""):
            self._lines.put((name, line.decode("utf-8", "replace").rstrip("\r\n")))
        stream.close()

    def _poll(self) -> None:
        self._handOn()
        if self.running:
            if self._killTime is not None and time.monotonic() > self._killTime:
                self._endTree(gently=False)
            return
        self._endTree(gently=False)  # grandchildren that outlived the child, if any
        if any(reader.is_alive() for reader in self._readers):
            return
        self._timer.stop()
        self._closeInput()
        self._handOn()
        self.finished.emit(self._process.returncode)
        # The timer's connection keeps this object, which must not keep the job and its volumes.
        self.lineReceived.disconnectAll()
        self.finished.disconnectAll()

    def _handOn(self) -> None:
        while not self._lines.empty():
            name, line = self._lines.get()
            if name == "out":
                self.lineReceived.emit(line)
            else:
                self.errorLines = [*self.errorLines, line][-LAST_LINES_KEPT:]

    def _closeInput(self) -> None:
        if self._takesInput:
            with contextlib.suppress(OSError):  # a line that the child did not read
                self._process.stdin.close()

    def _endTree(self, gently: bool) -> None:
        if os.name == "nt":
            if self.running:
                subprocess.run(
                    ["taskkill", "/T", "/F", "/PID", str(self.processId)],
                    creationflags=subprocess.CREATE_NO_WINDOW,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    check=False,
                )
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.processId, signal.SIGTERM if gently else signal.SIGKILL)
