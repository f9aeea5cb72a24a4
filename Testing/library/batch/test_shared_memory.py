"""Jobs start only as long as their memory fits beside each other."""

from __future__ import annotations

import threading

from ArSSRLib.batch.local import SharedMemory

PATIENCE = 20.0


def _holder(
    memory: SharedMemory, needed: int
) -> tuple[threading.Thread, threading.Event, threading.Event]:
    held, release = threading.Event(), threading.Event()

    def hold() -> None:
        with memory.set_aside(needed):
            held.set()
            release.wait(PATIENCE)

    thread = threading.Thread(target=hold)
    thread.start()
    return thread, held, release


def test_what_fits_runs_together_and_what_does_not_waits() -> None:
    memory = SharedMemory(10)
    first, first_held, first_release = _holder(memory, 6)
    assert first_held.wait(PATIENCE)
    second, second_held, second_release = _holder(memory, 4)
    assert second_held.wait(PATIENCE)
    third, third_held, third_release = _holder(memory, 5)
    assert not third_held.wait(0.3)
    first_release.set()
    assert third_held.wait(PATIENCE)
    for release in (second_release, third_release):
        release.set()
    for thread in (first, second, third):
        thread.join(PATIENCE)
        assert not thread.is_alive()


def test_a_job_larger_than_everything_runs_alone() -> None:
    memory = SharedMemory(10)
    small, small_held, small_release = _holder(memory, 1)
    assert small_held.wait(PATIENCE)
    large, large_held, large_release = _holder(memory, 99)
    assert not large_held.wait(0.3)
    small_release.set()
    assert large_held.wait(PATIENCE)
    large_release.set()
    small.join(PATIENCE)
    large.join(PATIENCE)


def test_opened_it_lets_everybody_through() -> None:
    memory = SharedMemory(10)
    first, first_held, first_release = _holder(memory, 10)
    assert first_held.wait(PATIENCE)
    second, second_held, second_release = _holder(memory, 10)
    assert not second_held.wait(0.3)
    memory.open()
    assert second_held.wait(PATIENCE)
    for release in (first_release, second_release):
        release.set()
    first.join(PATIENCE)
    second.join(PATIENCE)
