"""Progress of a run: how far, at what stage, how long still; and the way to cancel it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Progress:
    """One report.

    Attributes:
        stage: what is being done: ``reading``, ``encoding``, ``decoding``, ``interpolating``,
            ``writing`` or ``done``.
        fraction: share of the work that is done, 0 to 1.
        seconds_left: estimate of the time still needed, in s; None while unknown.
    """

    stage: str
    fraction: float
    seconds_left: float | None = None


ProgressCallback = Callable[[Progress], None]
"""Receives each report. It cancels the run by raising :class:`ArSSRLib.errors.Cancelled`."""


def share_of(report: ProgressCallback | None, start: float, end: float) -> ProgressCallback | None:
    """A callback for a part of a run, whose reports lie between two fractions of the whole.

    Args:
        report: receives the reports over the whole run.
        start: fraction of the whole run at which the part begins.
        end: fraction at which it ends.
    """
    if report is None:
        return None
    whole = report

    def scaled(progress: Progress) -> None:
        fraction = start + (end - start) * progress.fraction
        whole(Progress(progress.stage, fraction, progress.seconds_left))

    return scaled


class ProgressClock:
    """Turns finished work into reports with the time left.

    >>> clock = ProgressClock(None, total=10.0)
    >>> clock.advance("encoding", 2.5)
    >>> clock.done
    2.5
    """

    def __init__(self, callback: ProgressCallback | None, total: float) -> None:
        self._callback = callback
        self._total = max(total, 1e-9)
        self._started = time.monotonic()
        self.done = 0.0
        self._reported = 0.0

    def advance(self, stage: str, work: float) -> None:
        """Adds ``work`` (in the unit of ``total``) and reports; the callback may raise."""
        self.done += work
        if self._callback is None:
            return
        # Work that has to be done again must not turn a bar back.
        fraction = self._reported = max(self._reported, min(1.0, self.done / self._total))
        elapsed = time.monotonic() - self._started
        left = elapsed * (1.0 - fraction) / fraction if fraction > 0 else None
        self._callback(Progress(stage, fraction, left))
