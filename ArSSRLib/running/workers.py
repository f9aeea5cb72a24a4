"""Worker processes that leave Ctrl-C to the program that started them, and end with it."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from typing import cast

_WATCHED: set[int] = set()


def end_with_parent() -> None:
    """Ends this process of :mod:`multiprocessing` as soon as the one that asked for it has died.

    A killed parent cannot end its workers, and one in the middle of a long computation would go
    on with it. In a process that nobody has started, or again in the same worker, this does
    nothing.
    """
    parent = multiprocessing.parent_process()
    if parent is None or parent.pid in _WATCHED:
        return
    _WATCHED.add(cast(int, parent.pid))
    # Not the number of the parent in the system, which may be that of a helper of Python's.
    threading.Thread(target=_watch, args=(parent.sentinel,), daemon=True).start()


@contextmanager
def signals_held_back(*names: str) -> Iterator[None]:
    """Signals wait in the block; processes that are started in it inherit them blocked.

    Ctrl-C in a terminal goes to all processes; a worker that is interrupted in its first or last
    moments would print a traceback of its own. A signal that arrives meanwhile is delivered here
    at the end of the block.

    Args:
        names: such as ``SIGINT``; those that the system does not have are left out.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    numbers = {getattr(signal, name) for name in names if hasattr(signal, name)}
    before = signal.pthread_sigmask(signal.SIG_BLOCK, numbers)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def start_without_interrupts(process: BaseProcess) -> None:
    """Starts a process of :mod:`multiprocessing` that does not hear of SIGINT.

    A signal that arrives meanwhile is delivered at the end: half started, the process would
    complain of what it has not been told.

    Args:
        process: not started yet, to be spawned; it calls :func:`hear_terminations`.
    """
    if hasattr(signal, "pthread_sigmask"):
        from multiprocessing import resource_tracker

        # Python starts this helper of its own before the first process, and takes back the block
        # of SIGINT as it does so.
        resource_tracker.ensure_running()
    with signals_held_back("SIGINT", "SIGTERM"):
        process.start()


def hear_terminations() -> None:
    """In a process that was started with SIGTERM held back: from now on it ends it."""
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})


def _watch(sentinel: int) -> None:
    wait([sentinel])
    os._exit(1)
