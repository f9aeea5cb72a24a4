"""Worker programs that do jobs one after another; a new one takes the place of one that died.

Each is a separate process: a crash or a lack of memory costs only the job that ran there.
:mod:`ArSSRLib.running.worker` describes what is written and read.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack, suppress
from dataclasses import replace
from pathlib import Path

from ...errors import Cancelled, EnvironmentFault
from ..json_files import object_in
from ..process_end import Ended, process_end
from .jobs import Message, Order

Room = Callable[[int], AbstractContextManager[None]]
"""Given the bytes a job needs, waits until they are free and holds them inside the block."""

_LIBRARY_FOLDER = str(Path(__file__).resolve().parents[3])
_START = (
    "import sys; sys.path[:] = [place for place in sys.path if place]; "
    "sys.path.append(sys.argv.pop(1)); from ArSSRLib.cli.main import main; sys.exit(main())"
)
"""Without the empty entry, modules in the current folder, beside the scans, are not imported."""
_SECONDS_TO_CLEAN_UP = 60.0
_ERROR_LINES = 100
"""Of a worker's stderr, the last of which may be why it ended."""


class WorkerPool:
    """Worker programs that are started when they are needed and kept for the next job.

    Args:
        idle_seconds: when a worker without a job ends by itself; never by default.
    """

    def __init__(self, idle_seconds: float | None = None) -> None:
        options = [] if idle_seconds is None else ["--idle", str(idle_seconds)]
        self._command = [sys.executable, "-c", _START, _LIBRARY_FOLDER, "worker", *options]
        self._lock = threading.Lock()
        self._idle: list[_Worker] = []
        self._all: set[_Worker] = set()
        self._stopped = False

    def run(self, order: Order, receive: Callable[[Message], None], room: Room) -> Ended:
        """Does a job in a worker; never raises for what goes wrong in there.

        Args:
            order: what the worker is to do.
            receive: receives the job's messages.
            room: where the job's memory is set aside.
        """
        try:
            while True:
                worker = self._take()
                end = worker.run(order, receive, room)
                if end is not None:
                    with self._lock:
                        self._idle.append(worker)
                    return end
                self._forget(worker)
                if worker.has_started or not worker.was_ready:
                    return worker.how_it_ended()
                # The worker ended between two jobs, so this one has not begun: another does it.
        except Cancelled:
            return Ended(Cancelled.exit_code, "It was cancelled.")
        except OSError as error:
            return Ended(
                EnvironmentFault.exit_code,
                f"Its process cannot be started: {error.strerror or error}.",
            )

    def stop(self) -> None:
        """Ends all workers: gently, so that they remove their temporary files, then by force."""
        with self._lock:
            self._stopped = True
            workers = list(self._all)
        for worker in workers:
            worker.ask_to_end(at_work=worker not in self._idle)
        deadline = time.monotonic() + _SECONDS_TO_CLEAN_UP
        for worker in workers:
            worker.end(deadline)

    def _take(self) -> _Worker:
        with self._lock:
            if self._stopped:
                raise Cancelled
            worker = self._idle.pop() if self._idle else _Worker(self._command)
            self._all.add(worker)
            return worker

    def _forget(self, worker: _Worker) -> None:
        worker.end(time.monotonic() + _SECONDS_TO_CLEAN_UP)
        with self._lock:
            self._all.discard(worker)


class _Worker:
    """A worker program as the program that started it sees it.

    Attributes:
        was_ready: whether it has ever announced itself.
        has_started: whether it has begun with the last job that it was given.
    """

    def __init__(self, command: list[str]) -> None:
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            encoding="utf-8", errors="replace",
            env={**os.environ, "PYTHONIOENCODING": "utf-8"},
        )  # fmt: skip
        self._errors: deque[str] = deque(maxlen=_ERROR_LINES)
        assert self._process.stderr is not None
        # The thread ends with the worker; without a reader a full pipe would stop the worker.
        self._reader = threading.Thread(
            target=self._errors.extend, args=(self._process.stderr,), daemon=True
        )
        self._reader.start()
        self._jobs = 0
        self.was_ready = False
        self.has_started = False

    def run(self, order: Order, receive: Callable[[Message], None], room: Room) -> Ended | None:
        """Does a job; None when the worker ends before it."""
        self._jobs += 1
        self.has_started = False
        name = str(self._jobs)
        self._send({"job": name, "request": order, "asks": True})
        assert self._process.stdout is not None
        with ExitStack() as held:
            for line in self._process.stdout:
                message = object_in(line)
                self.was_ready = self.was_ready or "ready" in message
                if message.get("job") != name:
                    continue
                self.has_started = True
                if "needs" in message:
                    held.enter_context(room(int(message["needs"])))
                    self._send({"go": name})
                elif "ended" in message:
                    fields = ("error", "argument", "out_of_memory", "measured")
                    return Ended(message["ended"], **{name: message[name] for name in fields})
                elif "started" not in message:
                    receive(message)
        return None

    def how_it_ended(self) -> Ended:
        """How the last job ended, where the worker has ended without a word about it."""
        code = self._process.wait()
        self._reader.join(_SECONDS_TO_CLEAN_UP)
        end = process_end(code, "".join(self._errors))
        if end.code == Cancelled.exit_code:
            return replace(end, error="It was cancelled.")
        if end.error:
            return end
        how = f"by signal {-code}" if code < 0 else f"with exit code {code}"
        why = ", most likely because memory ran out" if end.out_of_memory else ""
        sentence = f"Its process ended {how}{why}."
        return replace(end, code=EnvironmentFault.exit_code, error=sentence)

    def ask_to_end(self, at_work: bool) -> None:
        """Ends the worker after its cleaning up, without waiting for it."""
        if at_work:
            self._process.terminate()
        # A signal comes too late for a job that is about to be done; this ends the worker then.
        with suppress(OSError):
            assert self._process.stdin is not None
            self._process.stdin.close()

    def end(self, deadline: float) -> None:
        """Waits for the worker's end until a moment of the monotonic clock; then kills it."""
        self.ask_to_end(at_work=False)
        try:
            self._process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _send(self, message: Message) -> None:
        # A worker that has died is found by the end of its output.
        with suppress(OSError, ValueError):
            assert self._process.stdin is not None
            self._process.stdin.write(json.dumps(message) + "\n")
            self._process.stdin.flush()
