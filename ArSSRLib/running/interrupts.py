"""The signals that cancel a run: SIGINT, SIGTERM and, outside ``nohup``, SIGHUP."""

from __future__ import annotations

import importlib
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


def _cancelling_signals() -> tuple[signal.Signals, ...]:
    hangup: signal.Signals | None = getattr(signal, "SIGHUP", None)  # Windows has none.
    if hangup is None or signal.getsignal(hangup) is signal.SIG_IGN:
        return (signal.SIGINT, signal.SIGTERM)
    return (signal.SIGINT, signal.SIGTERM, hangup)


SIGNALS = _cancelling_signals()
"""The signals that cancel a run. SIGHUP is not among them if it was ignored from the start."""


class Interrupted(KeyboardInterrupt):
    """What :data:`SIGNALS` raise in the main thread.

    A plain KeyboardInterrupt that passes through ``exec`` of a text, as in the import of many
    libraries, makes CPython kill the process with SIGINT at its very end, with any exit code.
    """


def interrupt(number: int, frame: FrameType | None) -> None:
    """The handler of :data:`SIGNALS` while a run can be cancelled.

    Raises:
        Interrupted: always.
    """
    # A second signal must not interrupt the removal of temporary files.
    ignore_signals()
    raise Interrupted


def was_interrupted(error: BaseException) -> bool:
    """Whether an interrupt is at the bottom of an error that was raised while cleaning up."""
    below: BaseException | None = error
    while below is not None:
        if isinstance(below, KeyboardInterrupt):
            return True
        below = below.__context__
    return False


def be_cancellable() -> None:
    """From now on the signals cancel, by raising :class:`Interrupted` in the main thread."""
    for number in SIGNALS:
        signal.signal(number, interrupt)


def no_longer_cancellable() -> None:
    """Call this when the output is about to appear: a later signal comes too late to cancel."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)


def ignore_signals() -> None:
    """The same for use in a handler, where another signal may already be pending.

    Python prints a complaint if a pending signal is set to SIG_IGN.
    """
    for number in SIGNALS:
        signal.signal(number, _ignore)


def is_cancellable() -> bool:
    """Whether a signal would still cancel the run."""
    return signal.getsignal(signal.SIGTERM) not in (signal.SIG_IGN, _ignore)


def load_libraries(*names: str) -> None:
    """Imports large libraries; a signal during the import ends the program at once.

    Some libraries swallow an exception that a signal handler raises while they are imported, and
    stay half imported. There is nothing to clean up yet.
    """
    with _signals_ending_the_program():
        for name in names:
            importlib.import_module(name)


@contextmanager
def _signals_ending_the_program() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in SIGNALS}
    for number, handler in before.items():
        if handler is interrupt:
            signal.signal(number, signal.SIG_DFL)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _ignore(number: int, frame: FrameType | None) -> None:
    pass
