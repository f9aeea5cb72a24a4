"""Worker processes that measure cases side by side.

Each worker shares a pipe with the program and nothing else: the queues of the usual process pools
need semaphores, which stay in shared memory when all of a run's processes are killed.
"""

from __future__ import annotations

import multiprocessing
import os
import tempfile
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

from ..errors import EnvironmentFault
from ..running.leftovers import clear_leftovers, scratch_folder
from ..running.machine import usable_cpus
from ..running.workers import end_with_parent, hear_terminations, start_without_interrupts
from .cases import Case, failed, measure
from .records import Record, save_record
from .settings import Settings

_SECONDS_BETWEEN_LOOKS = 0.5
_THREAD_LIMITS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


class Crew:
    """As many workers as the settings say; with one job, this process itself.

    A context manager: when the block ends, so do all workers, and whatever they had begun to write
    is removed. As with all processes that :mod:`multiprocessing` starts, a script may use more than
    one job only under ``if __name__ == "__main__":``.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._workers: list[_Worker] = []
        self._held = ExitStack()

    def __enter__(self) -> Crew:
        self._scratch = self._held.enter_context(scratch_folder())
        return self

    def __exit__(self, *error: object) -> None:
        self._end()
        self._held.close()

    def measured(self, cases: Sequence[Case]) -> Iterator[Record]:
        """Measures cases, and yields the records as they come.

        A case whose worker has been killed, most likely for its memory, is measured once more
        alone, where all the memory is its own; killed again it is a failed case.

        Raises:
            InputError, EnvironmentFault: the report cannot be written.
        """
        if self._settings.jobs < 2:
            yield from (measure(case, self._settings) for case in cases)
            return
        lost: list[Case] = []
        yield from self._side_by_side(deque(cases), lost)
        if lost:
            self._end()
        for case in lost:
            again: list[Case] = []
            yield from self._side_by_side(deque([case]), again)
            if again:
                yield self._given_up(case)

    def _side_by_side(self, waiting: deque[Case], lost: list[Case]) -> Iterator[Record]:
        """Keeps all workers at work; the cases of those that die go to ``lost``."""
        while True:
            while waiting and (worker := self._free_worker()):
                worker.begin(waiting.popleft())
            busy: dict[Any, _Worker] = {w.pipe: w for w in self._workers if w.case is not None}
            if not busy:
                return
            # With a limit, because on Windows nothing else lets Ctrl-C through.
            for pipe in wait(list(busy), _SECONDS_BETWEEN_LOOKS):
                worker = busy[pipe]
                try:
                    yield worker.finish()
                except EOFError:
                    assert worker.case is not None
                    lost.append(worker.case)
                    self._dismiss(worker)

    def _free_worker(self) -> _Worker | None:
        free = next((worker for worker in self._workers if worker.case is None), None)
        if free is None and len(self._workers) < self._settings.jobs:
            free = _Worker(self._settings, self._scratch)
            self._workers.append(free)
        return free

    def _dismiss(self, worker: _Worker) -> None:
        """Ends a worker and clears away what it was writing."""
        self._workers.remove(worker)
        worker.end()
        if worker.case is not None:
            for folder in worker.case.record(self._settings).parents[1].glob("*"):
                clear_leftovers(folder)

    def _end(self) -> None:
        for worker in list(self._workers):
            self._dismiss(worker)

    def _given_up(self, case: Case) -> Record:
        """The record of a case that no worker survives."""
        fault = EnvironmentFault(
            "Its process was ended from outside, most likely because memory ran out; choose "
            "a smaller scale or a machine with more."
        )
        record = failed(case, fault)
        save_record(record, case.record(self._settings))
        return record


class _Worker:
    """A worker as the program sees it.

    Attributes:
        pipe: through which cases go and records come.
        case: what it is measuring; None while it waits.
    """

    def __init__(self, settings: Settings, scratch: Path) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self.case: Case | None = None
        self._process = context.Process(
            target=_work, args=(theirs, settings, str(scratch)), daemon=True
        )
        with _threads_limited(max(1, usable_cpus() // settings.jobs)):
            start_without_interrupts(self._process)
        theirs.close()

    def begin(self, case: Case) -> None:
        """Hands it a case."""
        self.case = case
        try:
            self.pipe.send(case)
        except OSError:
            # It has died while it waited, which finish() finds.
            return

    def finish(self) -> Record:
        """The record of its case.

        Raises:
            EOFError: the worker has died.
            InputError, EnvironmentFault: the report cannot be written.
        """
        try:
            said: Record | Exception = self.pipe.recv()
        except OSError as error:
            raise EOFError from error
        if isinstance(said, Exception):
            raise said
        self.case = None
        return said

    def end(self) -> None:
        """Ends the process at once."""
        self._process.kill()
        self._process.join()
        self.pipe.close()


def _work(pipe: Connection, settings: Settings, scratch: str) -> None:
    """What a worker does, as long as the program that started it lives."""
    end_with_parent()
    hear_terminations()
    # What it leaves behind when it is killed goes with the program's own folder.
    tempfile.tempdir = os.environ["TMPDIR"] = scratch
    while True:
        try:
            case = pipe.recv()
        except (EOFError, OSError):
            return
        try:
            said: Record | Exception = measure(case, settings)
        except Exception as error:
            # Raised where the program waits for the case; here it would be a traceback, and a
            # worker that seems to have died for want of memory.
            said = error
        pipe.send(said)


@contextmanager
def _threads_limited(count: int) -> Iterator[None]:
    """Processes started in the block use so many threads in their linear algebra, unless the
    user's environment says otherwise."""
    added = [name for name in _THREAD_LIMITS if name not in os.environ]
    os.environ.update(dict.fromkeys(added, str(count)))
    try:
        yield
    finally:
        for name in added:
            del os.environ[name]
