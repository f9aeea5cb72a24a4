"""Measures several tasks at a time, each in its own process.

The processes are those of :mod:`concurrent.futures`, which needs no package besides Python. Unlike
a pool of joblib they can be started without Ctrl-C (the program alone handles it) and end with the
program.
"""

from __future__ import annotations

import multiprocessing
import os
import tempfile
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack, contextmanager

from ..errors import EnvironmentFault
from ..running.leftovers import scratch_folder
from ..running.workers import allow_termination, end_with_parent, signals_held_back
from .measuring.measure import failed, measure
from .measuring.records import Record, save_record
from .measuring.tasks import Task
from .settings import Settings

_THREAD_LIMITS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


class ProcessPool:
    """Measures tasks, as many at a time as the settings say; with one job, in this process.

    A context manager: when the block ends, all processes have ended, and partly written files are
    removed. As with all processes that :mod:`multiprocessing` starts, a script may use
    more than one job only under ``if __name__ == "__main__":``.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._jobs = settings.jobs
        self._held = ExitStack()
        self._executor: ProcessPoolExecutor | None = None

    def __enter__(self) -> ProcessPool:
        self._scratch = self._held.enter_context(scratch_folder())
        if self._settings.jobs < 2:
            _use_threads(self._settings.threads)
        return self

    def __exit__(self, *error: object) -> None:
        self._end()
        self._held.close()

    def measure_all(self, tasks: Sequence[Task]) -> Iterator[Record]:
        """Measures tasks, and yields the records as they come.

        If a process is killed, most likely because memory ran out, what is left is measured with
        half as many at a time. A task whose process is killed while nothing else is measured is a
        failed one.

        Raises:
            InputError, EnvironmentFault: the report cannot be written.
        """
        if self._settings.jobs < 2:
            yield from (measure(task, self._settings) for task in tasks)
            return
        waiting = list(tasks)
        while waiting:
            waiting = yield from self._side_by_side(waiting)
            if waiting:
                self._end()
                if self._jobs == 1:
                    yield self._given_up(waiting.pop(0))
                self._jobs = max(1, self._jobs // 2)

    def _side_by_side(self, tasks: Sequence[Task]) -> Generator[Record, None, list[Task]]:
        """Yields records; returns the tasks that are left because a process was killed."""
        if self._executor is None:
            self._executor = self._started()
        left = []
        # Processes start at the first submissions and inherit the block.
        with signals_held_back("SIGINT", "SIGTERM"), _threads_limited(self._settings.threads):
            submit = self._executor.submit
            futures = {submit(measure, task, self._settings): task for task in tasks}
        for future in as_completed(futures):
            try:
                yield future.result()
            except BrokenProcessPool:
                left.append(futures[future])
        return sorted(left, key=tasks.index)

    def _started(self) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(
            self._jobs,
            multiprocessing.get_context("spawn"),
            initializer=_start,
            initargs=(str(self._scratch), self._settings.threads),
        )

    def _end(self) -> None:
        """Ends all processes at once."""
        if self._executor is None:
            return
        for process in multiprocessing.active_children():
            process.kill()
        self._executor.shutdown(cancel_futures=True)
        self._executor = None
        for part in self._settings.output.glob("cases/*/*/.arssr-part-*"):
            part.unlink(missing_ok=True)

    def _given_up(self, task: Task) -> Record:
        """The record of a task whose process was killed, saved."""
        fault = EnvironmentFault(
            "Its process was killed, most likely because memory ran out; choose a smaller scale or "
            "a machine with more memory."
        )
        record = failed(task, fault)
        save_record(record, task.record(self._settings))
        return record


def _start(scratch: str, threads: int) -> None:
    """Prepares a process of the pool."""
    end_with_parent()
    allow_termination()
    # What it leaves behind when it is killed is removed with the program's scratch folder.
    tempfile.tempdir = os.environ["TMPDIR"] = scratch
    _use_threads(threads)


def _use_threads(count: int) -> None:
    import torch

    torch.set_num_threads(count)
    os.environ.setdefault("ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS", str(count))


@contextmanager
def _threads_limited(count: int) -> Iterator[None]:
    """Limits the threads of linear algebra in processes started in the block, unless the user's
    environment already does."""
    added = [name for name in _THREAD_LIMITS if name not in os.environ]
    os.environ.update(dict.fromkeys(added, str(count)))
    try:
        yield
    finally:
        for name in added:
            del os.environ[name]
