"""Whether processes have ended, as tests ask it."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterable

import psutil


def goes_on(process: psutil.Process) -> bool:
    """Nobody may be there to collect what an orphan leaves, so a zombie counts as ended."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def outlasting(processes: Iterable[psutil.Process], seconds: float = 30.0) -> list[psutil.Process]:
    """Those that still run after so many seconds; they are killed here, so that none remains."""
    processes, deadline = list(processes), time.monotonic() + seconds
    while any(map(goes_on, processes)) and time.monotonic() < deadline:
        time.sleep(0.02)
    lasting = [process for process in processes if goes_on(process)]
    for process in lasting:
        process.kill()
    return lasting


def said_until_the_end(process: subprocess.Popen[str]) -> str:
    """What it wrote to stderr; one that does not end is ended with all processes of its session."""
    try:
        return process.communicate(timeout=900)[1]
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
