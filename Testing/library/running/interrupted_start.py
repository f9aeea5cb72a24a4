"""Is asked to end right after it has started the program of a worker process."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from multiprocessing import util

from ArSSRLib.cli.outcome import exit_code_of
from ArSSRLib.running.workers import end_with_parent, hear_terminations, start_without_interrupts

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
    hear_terminations()
    signal.pause()


def start() -> int:
    """What the program does."""
    process = multiprocessing.get_context("spawn").Process(target=work, daemon=True)
    start_without_interrupts(process)
    signal.pause()
    return 0


if __name__ == "__main__":
    util.spawnv_passfds = start_and_be_asked
    sys.exit(exit_code_of(start, leaving=True))
