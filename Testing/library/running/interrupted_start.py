"""Is asked to end right after it has started the program of a worker process."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from multiprocessing import resource_tracker, util

from ArSSRLib.cli.outcome import exit_code_of
from ArSSRLib.running.workers import allow_termination, end_with_parent, signals_held_back

start_program = util.spawnv_passfds


def start_and_be_asked(*arguments: object) -> int:
    """What Python calls to start the worker's program, before it tells it what to do."""
    number = start_program(*arguments)
    if b"spawn_main" in b" ".join(map(os.fsencode, arguments[1])):  # type: ignore[arg-type]
        os.kill(os.getpid(), signal.SIGTERM)
    return number


def work() -> None:
    """What the worker does."""
    end_with_parent()
    allow_termination()
    signal.pause()


def start() -> int:
    """What the program does."""
    process = multiprocessing.get_context("spawn").Process(target=work, daemon=True)
    resource_tracker.ensure_running()
    with signals_held_back("SIGINT", "SIGTERM"):
        process.start()
    signal.pause()
    return 0


if __name__ == "__main__":
    util.spawnv_passfds = start_and_be_asked
    sys.exit(exit_code_of(start, leaving=True))
