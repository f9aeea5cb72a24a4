"""Runs many jobs at a place: progress over all of them, outcomes as they come, failures kept."""

from __future__ import annotations

import queue
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

Message = Mapping[str, Any]
"""What a running job reports; see :mod:`ArSSRLib.running.worker`."""

_SECONDS_BETWEEN_LOOKS = 0.5
_SECONDS_BETWEEN_REPORTS = 0.5
_SHARE_OF_STARTING = 0.05
"""Below this share of its work, a job's time says nothing about how long it will take."""


@dataclass(frozen=True)
class Job:
    """Work for one worker.

    Attributes:
        name: for people.
        request: what the worker does, a JSON object as text.
    """

    name: str
    request: str


@dataclass(frozen=True)
class Outcome:
    """How a job ended.

    Attributes:
        exit_code: 0 done, 1 system error, 2 bad input, 130 cancelled.
        reason: one sentence when it failed.
        argument: the argument that remedies it, empty if there is none.
        out_of_memory: whether it failed because memory ran out; the reason has no remedy then.
        measured: what a job that is done has measured, see
            :class:`ArSSRLib.upsampling.file_job.FileResult`.
    """

    exit_code: int
    reason: str = ""
    argument: str = ""
    out_of_memory: bool = False
    measured: Mapping[str, Any] = field(default_factory=dict)


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


Post = Callable[[int, "Message | Outcome"], None]
"""Receives, from any thread, the messages of the job with this number, and last its outcome."""


class Place(Protocol):
    """Where jobs run."""

    def start(self, jobs: Sequence[Job], post: Post) -> None:
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

    def warned(self, job: Job, sentence: str) -> None:
        """A job warns and continues."""

    def ended(self, job: Job, outcome: Outcome) -> None:
        """A job has ended."""


def run_jobs(jobs: Sequence[Job], place: Place, watcher: Watcher) -> list[Outcome]:
    """Runs all jobs and returns how each ended, in their order.

    An error, a cancel or Ctrl-C that ends this early also ends the running jobs.

    Raises:
        EnvironmentFault: the place cannot be reached.
    """
    outcomes: dict[int, Outcome] = {}
    posted: queue.SimpleQueue[tuple[int, Message | Outcome]] = queue.SimpleQueue()
    clock = _BatchClock(len(jobs), watcher)
    try:
        place.start(jobs, lambda number, message: posted.put((number, message)))
        while len(outcomes) < len(jobs):
            clock.report(len(outcomes))
            try:
                # With a limit, because on Windows nothing else lets Ctrl-C through.
                number, message = posted.get(timeout=_SECONDS_BETWEEN_LOOKS)
            except queue.Empty:
                continue
            if isinstance(message, Outcome):
                clock.fractions[number] = 1.0
                outcomes[number] = message
                watcher.ended(jobs[number], message)
                clock.report(len(outcomes), at_once=True)
            elif "warning" in message:
                watcher.warned(jobs[number], str(message["warning"]))
            elif "fraction" in message and number not in outcomes:
                clock.fractions[number] = float(message["fraction"])
    finally:
        place.stop()
    return [outcomes[number] for number in range(len(jobs))]


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
