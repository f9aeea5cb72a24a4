"""Whether processes have ended, as tests ask it."""

from __future__ import annotations

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
