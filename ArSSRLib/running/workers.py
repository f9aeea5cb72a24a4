"""Worker processes that leave Ctrl-C to the program that started them, and end with it."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import wait
from typing import cast

_WATCHED: set[int] = set()


def end_with_parent() -> None:
    """Ends this process of :mod:`multiprocessing` as soon as its parent has died.

    A killed parent cannot end its workers, which would continue a long computation. In a process
    without such a parent, or when called again, this does nothing.
    """
    parent = multiprocessing.parent_process()
    if parent is None or parent.pid in _WATCHED:
        return
    _WATCHED.add(cast(int, parent.pid))
    # The parent in the system may be a helper process of Python.
    threading.Thread(target=_watch, args=(parent.sentinel,), daemon=True).start()


@contextmanager
def signals_held_back(*names: str) -> Iterator[None]:
    """Blocks signals; processes that are started in the block inherit them blocked.

    Ctrl-C in a terminal goes to all processes; a worker that is interrupted while it starts or ends
    would print a traceback. Signals that arrive in the block are delivered at its end.

    Python's resource tracker must run before (:class:`concurrent.futures.ProcessPoolExecutor`
    starts it): starting it unblocks SIGINT.

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


def allow_termination() -> None:
    """In a process that was started with SIGTERM held back: from now on SIGTERM ends it."""
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})


def _watch(sentinel: int) -> None:
    wait([sentinel])
    os._exit(1)
