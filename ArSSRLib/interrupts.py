"""SIGINT and SIGTERM: what they raise, how it is told from an error, when they come too late."""

from __future__ import annotations

import _thread
import signal
import threading
import time
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM)
"""The signals that cancel a run."""
_IMPORT_SYSTEM = "<frozen importlib"
_SECONDS_BETWEEN_TRIES = 0.02
_LONGEST_IMPORT_SECONDS = 10.0
_heard_at: dict[int, float] = {}
"""When each signal first came, in s of the monotonic clock, while an import was going on."""


class Interrupted(KeyboardInterrupt):
    """What SIGINT and SIGTERM raise in the main thread.

    A plain KeyboardInterrupt that passes through ``exec`` of a text, as in the import of many
    libraries, makes CPython kill the process with SIGINT at its very end, whatever its exit code.
    """


def interrupt(number: int, frame: FrameType | None) -> None:
    """The handler of :data:`SIGNALS` while a run can be cancelled.

    A signal that comes in the middle of an import is taken up behind it: libraries lose it in
    their start-up code, and go on half imported.

    Raises:
        Interrupted: always, but in the middle of an import.
    """
    first = _heard_at.setdefault(number, time.monotonic())
    if _is_importing(frame) and time.monotonic() - first < _LONGEST_IMPORT_SECONDS:
        # Not with threading.Thread: its locks may be those of the very code that was interrupted.
        _thread.start_new_thread(_send_again, (number,))
        return
    _heard_at.clear()
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


def _is_importing(frame: FrameType | None) -> bool:
    while frame is not None:
        if frame.f_code.co_filename.startswith(_IMPORT_SYSTEM):
            return True
        frame = frame.f_back
    return False


def _send_again(number: int) -> None:
    time.sleep(_SECONDS_BETWEEN_TRIES)
    main = threading.main_thread().ident
    if hasattr(signal, "pthread_kill") and main is not None:
        # To the main thread itself, which may be waiting for something by now.
        signal.pthread_kill(main, number)
    else:
        signal.raise_signal(number)
