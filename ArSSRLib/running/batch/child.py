"""One job in a process of its own: a crash or a lack of memory there costs that job alone.

The child writes one JSON object a line to stdout: ``{"stage", "fraction", ...}`` and
``{"warning"}``. Once it knows how much memory it needs it writes ``{"needs": bytes}`` and waits for
a line on stdin. It ends with an exit code of this program and, when that is not 0, with
``arssr: sentence`` on stderr. SIGTERM, and a parent that is gone, make it clear up and end.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO

from ...errors import Cancelled, EnvironmentFault
from .jobs import Job, Message, Outcome

Room = Callable[[int], AbstractContextManager[None]]
"""Given the bytes a job needs, waits until they are free and holds them inside the block."""

_LIBRARY_FOLDER = str(Path(__file__).resolve().parents[3])
_START = (
    "import importlib, sys; sys.path.append(sys.argv[1]); "
    "sys.exit(importlib.import_module(sys.argv[2]).main(sys.argv[3]))"
)
_SAYS = "arssr: "
_WARNS = "arssr: warning: "
_SECONDS_TO_CLEAR_UP = 60.0


class Children:
    """The child processes of a batch, so that all of them can be ended."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: set[subprocess.Popen[str]] = set()
        self._stopped = False

    @contextmanager
    def started(self, job: Job, complaints: IO[bytes]) -> Iterator[subprocess.Popen[str]]:
        """The child process of ``job``; it has ended when the block is left.

        Raises:
            Cancelled: the batch has been stopped before.
        """
        with self._lock:
            if self._stopped:
                raise Cancelled
            child = subprocess.Popen(
                [sys.executable, "-c", _START, _LIBRARY_FOLDER, job.module, job.argument],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=complaints,
                encoding="utf-8", errors="replace",
                env={**os.environ, "PYTHONIOENCODING": "utf-8"},
            )  # fmt: skip
            self._running.add(child)
        try:
            with child:
                try:
                    yield child
                except BaseException:
                    # Interrupts too: the ``with`` around this waits for a child, which must end.
                    child.terminate()
                    raise
        finally:
            with self._lock:
                self._running.discard(child)

    def stop(self) -> None:
        """Asks every child to clear up and end, and makes it where it does not listen."""
        with self._lock:
            self._stopped = True
            running = list(self._running)
        for child in running:
            child.terminate()
        patience = time.monotonic() + _SECONDS_TO_CLEAR_UP
        for child in running:
            try:
                child.wait(max(0.0, patience - time.monotonic()))
            except subprocess.TimeoutExpired:
                child.kill()


def run_in_child(
    job: Job, hear: Callable[[Message], None], room: Room, children: Children
) -> Outcome:
    """Runs ``job`` in a child process to its end; never raises for what goes wrong in there.

    Args:
        job: the work.
        hear: receives what the child says of itself.
        room: where the child's memory is set aside.
        children: where the process is entered, so that it can be ended from elsewhere.
    """
    with tempfile.TemporaryFile() as complaints, ExitStack() as held:
        try:
            with children.started(job, complaints) as child:
                assert child.stdout is not None
                for line in child.stdout:
                    said = _message(line)
                    if "needs" in said:
                        held.enter_context(room(int(said["needs"])))
                        _let_go_on(child)
                    elif said:
                        hear(said)
        except Cancelled:
            return Outcome(Cancelled.exit_code, "It was cancelled.")
        except OSError as error:
            return Outcome(
                EnvironmentFault.exit_code, f"Its process cannot be run: {error.strerror or error}."
            )
        complaints.seek(0)
        return _outcome(child.returncode, complaints.read().decode("utf-8", "replace"))


def _message(line: str) -> Message:
    try:
        said = json.loads(line)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _let_go_on(child: subprocess.Popen[str]) -> None:
    # A child that has died meanwhile says so by its exit code.
    with suppress(OSError):
        assert child.stdin is not None
        child.stdin.write("\n")
        child.stdin.flush()


def _outcome(code: int, complaints: str) -> Outcome:
    if code == 0:
        return Outcome(0)
    said = [
        line.removeprefix(_SAYS)
        for line in complaints.splitlines()
        if line.startswith(_SAYS) and not line.startswith(_WARNS)
    ]
    if said:
        return Outcome(code, said[-1])
    if code in (-signal.SIGTERM, Cancelled.exit_code):
        return Outcome(Cancelled.exit_code, "It was cancelled.")
    how = f"by signal {-code}" if code < 0 else f"with exit code {code}"
    return Outcome(
        EnvironmentFault.exit_code,
        f"Its process ended {how}, most likely because memory ran out; use fewer --jobs or a "
        "smaller scale.",
    )
