"""Jobs on this machine: some at a time, as long as their memory fits beside each other."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial

from ...errors import EnvironmentFault
from ..machine import free_memory
from ..process_end import Ended
from .jobs import Order, Post
from .worker_pool import WorkerPool

_USABLE_SHARE = 0.9


class ThisMachine:
    """A :class:`ArSSRLib.running.batch.jobs.Place`.

    Jobs share the memory that is free at the start. A job that needs more runs alone.

    Args:
        orders: of the jobs.
        at_once: jobs that may run at a time.
    """

    def __init__(self, orders: Sequence[Order], at_once: int) -> None:
        self._orders = orders
        self._threads = ThreadPoolExecutor(at_once)
        self._workers = WorkerPool()
        self._room = SharedMemory(int(_USABLE_SHARE * free_memory()))

    def start(self, post: Post) -> None:
        """Begins all jobs."""
        for number, order in enumerate(self._orders):
            self._threads.submit(self._run, number, order, post)

    def stop(self) -> None:
        """Ends what still runs and waits for it."""
        self._room.open()
        self._workers.stop()
        self._threads.shutdown(wait=True, cancel_futures=True)

    def _run(self, number: int, order: Order, post: Post) -> None:
        try:
            end = self._workers.run(order, partial(post, number), self._room.set_aside)
        except Exception as error:  # Without its end the batch would wait for ever.
            end = Ended(
                EnvironmentFault.exit_code, f"Unexpected error: {type(error).__name__}: {error}."
            )
        post(number, end)


class SharedMemory:
    """An amount of memory that jobs share.

    Args:
        total: bytes.
    """

    def __init__(self, total: int) -> None:
        self._total = total
        self._used = 0
        self._open = False
        self._changed = threading.Condition()

    @contextmanager
    def set_aside(self, needed: int) -> Iterator[None]:
        """Waits until ``needed`` bytes are free, or nobody else holds any; holds them."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._open or not self._used or self._used + needed <= self._total
            )
            self._used += needed
        try:
            yield
        finally:
            with self._changed:
                self._used -= needed
                self._changed.notify_all()

    def open(self) -> None:
        """Lets everybody through who waits."""
        with self._changed:
            self._open = True
            self._changed.notify_all()
