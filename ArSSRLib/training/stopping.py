"""Stops a run after its step, with a checkpoint, on Ctrl-C or a signal of SLURM or torchrun."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

from ..running.interrupts import SIGNALS, Interrupted, ignore_signals
from ..running.workers import end_with_parent
from .parallel import Team

_TERMINAL_CLOSED: signal.Signals | None = getattr(signal, "SIGHUP", None)
_ECHO_SECONDS = 0.2
"""Signals so close count as one: ``timeout`` and others signal a process and then its group."""
_RELAY_SECONDS = 5.0
"""The same with several processes: ``torchrun`` forwards signals that they also get directly."""
_STANDARD_ERROR = 2


class StopRequest:
    """Whether a signal has asked to stop; a second signal ends the program at once."""

    def __init__(self, echo_seconds: float = _ECHO_SECONDS, says: bool = True) -> None:
        self._echo_seconds, self._says = echo_seconds, says
        self._first: float | None = None

    @property
    def made(self) -> bool:
        """Whether a signal has come."""
        return self._first is not None

    def handle(self, number: int, frame: FrameType | None) -> None:
        """The handler of all signals.

        Raises:
            Interrupted: it is the second one.
        """
        if self._first is None:
            self._first = time.monotonic()
            if self._says:
                # Python's own streams may be in the middle of a write just now.
                with suppress(OSError):
                    os.write(_STANDARD_ERROR, b"Stopping after this step. Press Ctrl-C again "
                                              b"to quit now without a checkpoint.\n")  # fmt: skip
            return
        # Both the shell and the system report a closed terminal: two signals, one request.
        impatient = number != _TERMINAL_CLOSED
        if impatient and time.monotonic() - self._first > self._echo_seconds:
            ignore_signals()
            raise Interrupted


@contextmanager
def stop_requests(team: Team) -> Iterator[StopRequest]:
    """Handles SIGINT, SIGTERM and SIGHUP as requests to stop within the block.

    SIGHUP stays ignored under ``nohup``. After the block, signals stay ignored where the program
    is about to end anyway: after a request, and with several processes, whose launcher ends all as
    soon as one has ended. Outside the main thread signals are not handled.
    """
    stop = StopRequest(_RELAY_SECONDS if team.size > 1 else _ECHO_SECONDS, says=team.leads)
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    before = {number: signal.signal(number, stop.handle) for number in SIGNALS}
    try:
        yield stop
    finally:
        ends_here = stop.made or team.size > 1
        for number, handler in before.items():
            signal.signal(number, signal.SIG_IGN if ends_here else handler)


def signals_of_the_trainer() -> tuple[str, ...]:
    """The signals that data-loading workers inherit as blocked; see :func:`obey_only`."""
    return ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, "sigwaitinfo") else ("SIGINT",)


def obey_only(trainer: int, worker: int) -> None:
    """In a data-loading worker: it ends with the trainer, or by a SIGTERM from the trainer only.

    A cluster or a closing terminal signals every process of a job, but the trainer needs this
    process to finish its step. PyTorch's own watch over the trainer is not enough: if the trainer
    is killed, this process would wait forever to deliver its last patches.

    Args:
        trainer: process number.
        worker: which of the trainer's processes this is, from 0.
    """
    end_with_parent()
    if hasattr(signal, "sigwaitinfo"):
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGHUP})
        threading.Thread(target=_end_on_sigterm_from, args=(trainer,), daemon=True).start()


def _end_on_sigterm_from(trainer: int) -> None:
    while signal.sigwaitinfo({signal.SIGTERM}).si_pid != trainer:
        pass
    os._exit(0)
