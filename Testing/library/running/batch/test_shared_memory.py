"""Jobs start only as long as their memory fits beside each other."""

from __future__ import annotations

import threading

from ArSSRLib.running.batch.local import SharedMemory

PATIENCE = 20.0
MOMENT = 0.3


class Holder:
    """A job that holds memory, as soon as there is enough, until it is told to end."""

    def __init__(self, memory: SharedMemory, needed: int) -> None:
        self._held, self._release = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._hold, args=(memory, needed))
        self._thread.start()

    def _hold(self, memory: SharedMemory, needed: int) -> None:
        with memory.set_aside(needed):
            self._held.set()
            self._release.wait(PATIENCE)

    def has_started(self, within: float = PATIENCE) -> bool:
        return self._held.wait(within)

    def end(self) -> None:
        self._release.set()
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive()


def test_what_fits_runs_together_and_what_does_not_waits() -> None:
    memory = SharedMemory(10)
    first = Holder(memory, 6)
    assert first.has_started()
    second = Holder(memory, 4)
    assert second.has_started()
    third = Holder(memory, 5)
    assert not third.has_started(MOMENT)
    first.end()
    assert third.has_started()
    second.end()
    third.end()


def test_a_job_larger_than_everything_runs_alone() -> None:
    memory = SharedMemory(10)
    small = Holder(memory, 1)
    assert small.has_started()
    large = Holder(memory, 99)
    assert not large.has_started(MOMENT)
    small.end()
    assert large.has_started()
    large.end()


def test_opened_it_lets_everybody_through() -> None:
    memory = SharedMemory(10)
    first = Holder(memory, 10)
    assert first.has_started()
    second = Holder(memory, 10)
    assert not second.has_started(MOMENT)
    memory.open()
    assert second.has_started()
    first.end()
    second.end()
