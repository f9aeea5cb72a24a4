"""Runs many jobs at a place: progress over all of them, outcomes as they come, failures kept."""

from __future__ import annotations

import queue
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from ..process_end import Ended

Order = Mapping[str, Any]
"""What a worker is to do, ready for JSON."""
Message = Mapping[str, Any]
"""What a running job reports; see :mod:`ArSSRLib.running.worker`."""

_SECONDS_BETWEEN_LOOKS = 0.5
_SECONDS_BETWEEN_REPORTS = 0.5
_SHARE_OF_STARTING = 0.05
"""Below this share of its work, a job's time says nothing about how long it will take."""


@dataclass(frozen=True)
class BatchProgress:
    """How far all jobs are.

    Attributes:
        ended: jobs that have ended, well or badly.
        total: all jobs.
        fraction: share of the work done, 0 to 1; running jobs count with their own share.
        seconds_left: estimate for all that is left, in s; None while unknown.
    """

    ended: int
    total: int
    fraction: float
    seconds_left: float | None


Post = Callable[[int, "Message | Ended"], None]
"""Receives, from any thread, the messages of the job with this number, and last how it ended."""


class Place(Protocol):
    """Where jobs run; it is made with their orders, and numbers them from 0."""

    def start(self, post: Post) -> None:
        """Begins all jobs, as many at a time as the place can take.

        Raises:
            EnvironmentFault: the place cannot be reached.
        """

    def stop(self) -> None:
        """Ends what still runs, gently, and waits until nothing does."""


class Watcher(Protocol):
    """Receives the reports of a batch, in the thread that runs it; cancels by raising."""

    def progressed(self, progress: BatchProgress) -> None:
        """A report over all jobs."""

    def warned(self, number: int, sentence: str) -> None:
        """The job with this number warns and continues."""

    def ended(self, number: int, end: Ended) -> None:
        """The job with this number has ended."""


def run_jobs(count: int, place: Place, watcher: Watcher) -> None:
    """Runs the ``count`` jobs of a place.

    An error, a cancel or Ctrl-C that ends this early also ends the running jobs.

    Raises:
        EnvironmentFault: the place cannot be reached.
    """
    ended: set[int] = set()
    posted: queue.SimpleQueue[tuple[int, Message | Ended]] = queue.SimpleQueue()
    clock = _BatchClock(count, watcher)
    try:
        place.start(lambda number, message: posted.put((number, message)))
        while len(ended) < count:
            clock.report(len(ended))
            try:
                # With a limit, because on Windows nothing else lets Ctrl-C through.
                number, message = posted.get(timeout=_SECONDS_BETWEEN_LOOKS)
            except queue.Empty:
                continue
            if isinstance(message, Ended):
                clock.fractions[number] = 1.0
                ended.add(number)
                watcher.ended(number, message)
                clock.report(len(ended), at_once=True)
            elif "warning" in message:
                watcher.warned(number, str(message["warning"]))
            elif "fraction" in message and number not in ended:
                clock.fractions[number] = float(message["fraction"])
    finally:
        place.stop()


class _BatchClock:
    """Turns the shares of the single jobs into reports over all, a few a second."""

    def __init__(self, total: int, watcher: Watcher) -> None:
        self.fractions: dict[int, float] = {}
        self._total = total
        self._watcher = watcher
        self._started = time.monotonic()
        self._reported = float("-inf")

    def report(self, ended: int, at_once: bool = False) -> None:
        now = time.monotonic()
        if not at_once and now - self._reported < _SECONDS_BETWEEN_REPORTS:
            return
        self._reported = now
        fraction = min(1.0, sum(self.fractions.values()) / self._total)
        left = None
        if any(share > _SHARE_OF_STARTING for share in self.fractions.values()):
            left = (now - self._started) * (1.0 - fraction) / fraction
        self._watcher.progressed(BatchProgress(ended, self._total, fraction, left))
