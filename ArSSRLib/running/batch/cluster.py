"""Jobs on a Dask cluster: any worker that sees the same files takes the next one."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import logging
import os
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from contextlib import nullcontext, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...errors import EnvironmentFault
from ..process_end import Ended
from .jobs import Message, Order, Post
from .worker_pool import WorkerPool

if TYPE_CHECKING:
    from distributed import Client, Future

_log = logging.getLogger(__name__)

_SECONDS_TO_CONNECT = 10
_SECONDS_TO_ANSWER = 30
_SECONDS_BETWEEN_MESSAGES = 1.0
_SECONDS_BETWEEN_LOOKS = 5.0

_LOST = "The connection to the Dask scheduler was lost; run the same command to continue."
_KILLED = "The processes of the cluster that worked on it were killed"
_NO_WORKERS = "The cluster has no workers {}; start some with 'dask worker ADDRESS'."
_SECONDS_IDLE = 60.0
"""When the programs on a cluster's worker end if the batch has been lost."""

_pools: dict[str, WorkerPool] = {}
"""On a worker of the cluster: the worker programs of each batch."""


class DaskCluster:
    """A :class:`ArSSRLib.running.batch.jobs.Place`.

    Args:
        orders: of the jobs.
        scheduler: address such as ``tcp://10.0.0.5:8786``, or the scheduler's file.

    Raises:
        EnvironmentFault: ``dask.distributed`` is not installed, or no scheduler answers there.
    """

    def __init__(self, orders: Sequence[Order], scheduler: str) -> None:
        if importlib.util.find_spec("distributed") is None:
            raise EnvironmentFault(
                "A Dask cluster needs dask.distributed; install it with pip install "
                "'arssr[cluster]'.",
                argument="scheduler",
            )
        _silence_dask()
        self._orders = orders
        self._client = _connected(scheduler)
        self._batch = f"arssr-{uuid.uuid4().hex}"
        self._futures: list[Future[Any]] = []
        self._ended = threading.Event()

    def start(self, post: Post) -> None:
        """Begins all jobs."""
        threading.Thread(
            target=warn_without_workers,
            args=(lambda: len(self._client.nthreads()), self._ended),
            daemon=True,
        ).start()
        self._client.subscribe_topic(self._batch, lambda event: post(*event[1]))
        for number, order in enumerate(self._orders):
            key = f"{self._batch}-{number}"
            future = self._client.submit(
                _run_on_worker, number, order, self._batch, key=key, pure=False
            )
            future.add_done_callback(partial(_post_end, number, post))
            self._futures.append(future)

    def stop(self) -> None:
        """Cancels what has not begun, ends what runs, and disconnects."""
        self._ended.set()
        unfinished = [future for future in self._futures if not future.done()]
        # If the cluster is gone, distributed raises errors of many types.
        with suppress(Exception):
            if unfinished:
                self._client.cancel(unfinished, force=True)
            if self._client.status == "running":
                self._client.run(_stop_on_worker, self._batch, on_error="ignore")
        with suppress(Exception):
            self._client.close(timeout=_SECONDS_TO_CONNECT)


def warn_without_workers(
    count: Callable[[], int], ended: threading.Event, seconds: float = _SECONDS_BETWEEN_LOOKS
) -> None:
    """Logs a warning each time that a cluster stays without workers, until a batch has ended.

    The batch waits for new ones: a cluster may start them only when there is work, and starts
    those again that were killed.

    Args:
        count: how many workers there are now.
        ended: set at the end of the batch.
        seconds: from one look to the next, in s.
    """
    looks_without, seen = 0, False
    while not ended.is_set():
        # If the cluster is gone, the jobs say so.
        with suppress(Exception):
            there = count() > 0
            seen = seen or there
            looks_without = 0 if there else looks_without + 1
            if looks_without == (2 if seen else 1):
                _log.warning(_NO_WORKERS.format("any more" if seen else "yet"))
        ended.wait(seconds)


def _silence_dask() -> None:
    """Errors are reported once, in one sentence, and not as tracebacks of Dask's threads too."""
    import distributed  # noqa: F401 (it sets the level of each of its loggers when imported)

    for name in list(logging.root.manager.loggerDict):
        if name.partition(".")[0] == "distributed":
            logging.getLogger(name).setLevel(logging.CRITICAL)


def _connected(scheduler: str) -> Client:
    from distributed import Client

    try:
        address = _address(scheduler)
        # A client that cannot connect would wait for ever, or print complaints at the very end.
        kind = asyncio.run(asyncio.wait_for(_kind_of_server(address), _SECONDS_TO_ANSWER))
        if kind != "Scheduler":
            raise ValueError(f"a {kind}")
        return Client(address, timeout=_SECONDS_TO_CONNECT, set_as_default=False)
    except Exception as error:  # Another program at this port leads to errors of many types.
        raise EnvironmentFault(
            f"No Dask scheduler answers at {scheduler!r}; start one with 'dask scheduler' and give "
            "the address that it prints after 'Scheduler at', not that of its dashboard."
        ) from error


def _address(scheduler: str) -> str:
    """The address itself, or what the scheduler wrote into its file."""
    if not os.path.isfile(scheduler):
        return scheduler
    return str(json.loads(Path(scheduler).read_text(encoding="utf-8"))["address"])


async def _kind_of_server(address: str) -> str:
    """What listens at an address: ``Scheduler``, ``Worker`` or ``Nanny``."""
    from distributed.comm.core import connect
    from distributed.core import send_recv
    from distributed.security import Security

    security = Security().get_connection_args("client")
    comm = await connect(address, timeout=_SECONDS_TO_CONNECT, **security)
    try:
        return str((await send_recv(comm, op="identity"))["type"])
    finally:
        comm.abort()


def _post_end(number: int, post: Post, future: Future[Any]) -> None:
    if future.status == "finished":
        post(number, future.result())
        return
    if future.client is None or future.client.status != "running":
        post(number, Ended(EnvironmentFault.exit_code, _LOST))
        return
    from distributed import KilledWorker

    try:
        error = future.exception()
    except Exception as raised:
        # Without its end the batch would wait for ever.
        error = raised
    if isinstance(error, KilledWorker):
        post(number, Ended(EnvironmentFault.exit_code, f"{_KILLED}.", out_of_memory=True))
        return
    # A cancelled future has no error, and some errors have no text.
    words = str(future.status if error is None else error).splitlines()
    reason = words[0] if words else type(error).__name__
    post(number, Ended(EnvironmentFault.exit_code, f"It failed on the cluster: {reason}."))


def _run_on_worker(number: int, order: Order, batch: str) -> Ended:
    from distributed import get_worker

    post = _now_and_then(partial(get_worker().log_event, batch))
    return _pool(batch).run(order, partial(post, number), lambda needed: nullcontext())


def _pool(batch: str) -> WorkerPool:
    return _pools.setdefault(batch, WorkerPool(_SECONDS_IDLE))


def _now_and_then(send: Callable[[Any], None]) -> Callable[[int, Message], None]:
    """Warnings go out at once, progress once a second."""
    last = float("-inf")

    def post(number: int, message: Message) -> None:
        nonlocal last
        now = time.monotonic()
        if "warning" in message or now - last >= _SECONDS_BETWEEN_MESSAGES:
            last = now
            send([number, dict(message)])

    return post


def _stop_on_worker(batch: str) -> None:
    _pool(batch).stop()
