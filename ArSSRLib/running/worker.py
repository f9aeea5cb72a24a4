"""A worker program: it does one job after another and stays warm in between.

Messages are JSON objects, one per line. The program that starts the worker writes to its stdin:

``{"job": ID, "request": {...}}``
    Do this job; jobs are done in the order in which they come. With ``"asks": true`` the job asks
    before it takes memory.
``{"go": ID}``
    The answer to ``needs``: the memory is free.
``{"cancel": ID}``
    Stop this job at its next report of progress; the worker stays.

The worker writes to its stdout:

``{"ready": true, "version": ...}``
    Once, at the start.
``{"job": ID, "started": true}``
    First for each job.
``{"job": ID, "stage": ..., "fraction": ..., "seconds_left": ...}``, ``{"job": ID, "warning": ...}``
    While a job runs.
``{"job": ID, "needs": BYTES}``
    The job waits for ``go``.
``{"job": ID, "ended": CODE, "error": ..., "argument": ..., "out_of_memory": ..., "measured": {}}``
    Last for each job: 0 done, 1 system error, 2 bad input, 130 cancelled. For an error: a sentence,
    the argument that remedies it (may be empty), and whether memory ran out. ``measured`` holds
    what a job that is done has measured.

The worker ends when its stdin is closed, also because the program that started it has died, at
SIGTERM, after a time without a job, and after a job that ran out of memory or failed unexpectedly.
A job that runs then is cancelled and leaves no file. What libraries print goes to stderr.
"""

from __future__ import annotations

import _thread
import gc
import json
import math
import os
import queue
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import IO, Any

from ..errors import Cancelled
from .interrupts import be_cancellable, is_cancellable
from .json_files import object_in
from .process_end import Ended

_STDOUT, _STDERR = 1, 2
_EXIT_DONE = 0
_SECONDS_BETWEEN_LOOKS = 1.0
"""Python handles a signal that arrives just before a wait begins only when the wait ends."""


class JobLink:
    """The way from a running job to the program that asked for it.

    Args:
        channel: the worker's channel.
        job: identifier of the job.
        asks: whether the job asks before it takes memory.
    """

    def __init__(self, channel: _Channel, job: str, asks: bool) -> None:
        self._channel, self._job, self._asks = channel, job, asks

    def send(self, **entries: object) -> None:
        """Sends one message about the job.

        Raises:
            Cancelled: the other program has cancelled the job or is gone.
        """
        self._channel.send(job=self._job, **entries)
        self._channel.check(self._job)

    def ask_for_memory(self, needed: int) -> None:
        """Waits until the other program has set aside so many bytes.

        Raises:
            Cancelled: the other program has cancelled the job or is gone.
        """
        if self._asks:
            self.send(needs=needed)
            self._channel.wait_for_go(self._job)


DoJob = Callable[[Mapping[str, Any], JobLink], Ended]
"""Does the job of a request. It raises nothing but interrupts."""


def serve(do: DoJob, version: str, idle_seconds: float | None) -> int:
    """Does jobs until stdin is closed; returns the exit code of the program.

    Args:
        do: does one job.
        version: of this library, for the first message.
        idle_seconds: how long to wait for a job; None for without end.

    Raises:
        KeyboardInterrupt: SIGINT or SIGTERM.
    """
    channel = _Channel(sys.stdin)
    channel.send(ready=True, version=version)
    while (order := channel.next_order(idle_seconds)) is not None:
        job = str(order.get("job", ""))
        try:
            channel.begin(job)
            channel.send(job=job, started=True)
            request = order.get("request")
            link = JobLink(channel, job, bool(order.get("asks")))
            ended = do(request if isinstance(request, dict) else {}, link)
            be_cancellable()
            channel.finish()
            channel.send(
                job=job,
                ended=ended.code,
                error=ended.error,
                argument=ended.argument,
                out_of_memory=ended.out_of_memory,
                measured=ended.measured,
            )
        except BrokenPipeError:
            return Cancelled.exit_code
        if not ended.reusable:
            break
        gc.collect()
    return _EXIT_DONE


class _Channel:
    """The worker's side of the pipes; a thread reads, so that cancelling needs no waiting."""

    def __init__(self, orders: IO[str]) -> None:
        # Output of libraries on stdout must not get between the messages.
        self._out = os.fdopen(os.dup(_STDOUT), "w", encoding="utf-8")
        sys.stdout.flush()
        os.dup2(_STDERR, _STDOUT)
        self._orders: queue.SimpleQueue[Mapping[str, Any] | None] = queue.SimpleQueue()
        self._changed = threading.Condition()
        self._cancelled: set[str] = set()
        self._allowed: set[str] = set()
        self._running: str | None = None
        self._closed = False
        threading.Thread(target=self._read, args=(orders,), daemon=True).start()

    def send(self, **entries: object) -> None:
        self._out.write(json.dumps(entries) + "\n")
        self._out.flush()

    def next_order(self, idle_seconds: float | None) -> Mapping[str, Any] | None:
        """The next job; None once stdin is closed or no job has come for so long."""
        end = math.inf if idle_seconds is None else time.monotonic() + idle_seconds
        while (left := end - time.monotonic()) > 0.0:
            with suppress(queue.Empty):
                return self._orders.get(timeout=min(left, _SECONDS_BETWEEN_LOOKS))
        return None

    def begin(self, job: str) -> None:
        with self._changed:
            self._running = job

    def finish(self) -> None:
        with self._changed:
            self._running = None

    def check(self, job: str) -> None:
        """Raises Cancelled if the job is no longer wanted."""
        if self._closed or job in self._cancelled:
            raise Cancelled

    def wait_for_go(self, job: str) -> None:
        with self._changed:
            while not self._changed.wait_for(
                lambda: self._closed or job in self._cancelled or job in self._allowed,
                _SECONDS_BETWEEN_LOOKS,
            ):
                pass
        self.check(job)

    def _read(self, orders: IO[str]) -> None:
        for line in orders:
            self._take(object_in(line))
        with self._changed:
            self._closed = True
            self._changed.notify_all()
            running = self._running is not None
        self._orders.put(None)
        if running and is_cancellable():
            # The job may be far from its next report.
            _thread.interrupt_main(signal.SIGTERM)

    def _take(self, message: Mapping[str, Any]) -> None:
        if "job" in message:
            self._orders.put(message)
            return
        with self._changed:
            for kind, jobs in (("cancel", self._cancelled), ("go", self._allowed)):
                if kind in message:
                    jobs.add(str(message[kind]))
            self._changed.notify_all()
