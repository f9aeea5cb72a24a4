"""Worker processes that leave Ctrl-C to the program that started them, and end with it."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.process import BaseProcess

_SECONDS_BETWEEN_LOOKS = 0.5
_WATCHED: set[int] = set()


def end_with(parent: int) -> None:
    """Ends this process soon after ``parent``, which must have started it, has died.

    A killed parent cannot end its workers, and one in the middle of a long computation would go
    on with it. Called in the parent itself, or again in the same worker, this does nothing.

    Args:
        parent: process number.
    """
    if os.name == "nt" or os.getpid() == parent or parent in _WATCHED:
        return
    _WATCHED.add(parent)
    threading.Thread(target=_watch, args=(parent,), daemon=True).start()


@contextmanager
def interrupts_left_to_this_process() -> Iterator[None]:
    """Processes that are started in the block do not hear of SIGINT, which they inherit blocked.

    Ctrl-C in a terminal goes to all of them; a worker that is interrupted in its first or last
    moments would print a traceback of its own. One that arrives meanwhile is delivered here at
    the end of the block.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def start_without_interrupts(process: BaseProcess) -> None:
    """Starts a process of :mod:`multiprocessing` that does not hear of SIGINT.

    Args:
        process: not started yet, to be spawned.
    """
    if hasattr(signal, "pthread_sigmask"):
        from multiprocessing import resource_tracker

        # Python starts this helper of its own before the first process, and takes back the block
        # of SIGINT as it does so.
        resource_tracker.ensure_running()
    with interrupts_left_to_this_process():
        process.start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_SECONDS_BETWEEN_LOOKS)
    os._exit(1)
