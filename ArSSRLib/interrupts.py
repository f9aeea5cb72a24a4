"""SIGINT and SIGTERM: what they raise, how it is told from an error, when they come too late."""

from __future__ import annotations

import signal
from types import FrameType
from typing import NoReturn

SIGNALS = (signal.SIGINT, signal.SIGTERM)
"""The signals that cancel a run."""


class Interrupted(KeyboardInterrupt):
    """What SIGINT and SIGTERM raise in the main thread.

    A plain KeyboardInterrupt that passes through ``exec`` of a text, as in the import of many
    libraries, makes CPython kill the process with SIGINT at its very end, whatever its exit code.
    """


def interrupt(number: int, frame: FrameType | None) -> NoReturn:
    """The handler of :data:`SIGNALS` while a run can be cancelled.

    Raises:
        Interrupted: always.
    """
    # The tidying up that follows must not be interrupted again.
    no_longer_cancellable()
    raise Interrupted


def was_interrupted(error: BaseException) -> bool:
    """Whether an interrupt is at the bottom of an error, which the tidying up may have hidden."""
    below: BaseException | None = error
    while below is not None:
        if isinstance(below, KeyboardInterrupt):
            return True
        below = below.__context__
    return False


def no_longer_cancellable() -> None:
    """To be called once the output is in its place: a signal then comes too late to cancel."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)


def is_cancellable() -> bool:
    """Whether a signal would still cancel the run."""
    return signal.getsignal(signal.SIGTERM) is not signal.SIG_IGN
