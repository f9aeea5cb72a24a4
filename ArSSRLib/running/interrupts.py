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
_FORGOTTEN_SECONDS = 1.0
_held_since: dict[int, float] = {}
"""When each signal that waits for an import came, in s of the monotonic clock."""
_sent_again: set[int] = set()
"""Signals that will be sent again in a moment."""


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
    if _is_importing(frame) and _may_wait(number):
        if number not in _sent_again:
            _sent_again.add(number)
            # Not with threading.Thread: its locks may be those of the code that was interrupted.
            _thread.start_new_thread(_send_again, (number,))
        return
    # The tidying up that follows must not be interrupted again.
    hear_nothing_more()
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


def hear_nothing_more() -> None:
    """The same from within a handler, where another signal may already wait for its own.

    Python complains when it finds that one to be ignored by then.
    """
    for number in SIGNALS:
        signal.signal(number, _unheard)


def is_cancellable() -> bool:
    """Whether a signal would still cancel the run."""
    return signal.getsignal(signal.SIGTERM) not in (signal.SIG_IGN, _unheard)


def _unheard(number: int, frame: FrameType | None) -> None:
    pass


def _may_wait(number: int) -> bool:
    """Whether a signal has not waited for too long; it is sent again and again meanwhile."""
    now = time.monotonic()
    waited = now - _held_since.setdefault(number, now)
    if waited > _LONGEST_IMPORT_SECONDS + _FORGOTTEN_SECONDS:
        # That was another time.
        _held_since[number], waited = now, 0.0
    return waited < _LONGEST_IMPORT_SECONDS


def _is_importing(frame: FrameType | None) -> bool:
    while frame is not None:
        if frame.f_code.co_filename.startswith(_IMPORT_SYSTEM):
            return True
        frame = frame.f_back
    return False


def _send_again(number: int) -> None:
    time.sleep(_SECONDS_BETWEEN_TRIES)
    _sent_again.discard(number)
    main = threading.main_thread().ident
    if hasattr(signal, "pthread_kill") and main is not None:
        # To the main thread itself, which may be waiting for something by now.
        signal.pthread_kill(main, number)
    else:
        signal.raise_signal(number)
