"""Starts a command, kills it at a given moment of its run, and finds what outlives it."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[2]
_MARK = "ARSSR_FAULTS_RUN"
_SECONDS_BETWEEN_LOOKS = 0.005
_PATIENCE_SECONDS = 90
"""How long workers may take to notice that their program is gone, on a machine under load."""
_LONGEST_RUN_SECONDS = 1800


@dataclass(frozen=True)
class Ending:
    """How a run ended.

    Attributes:
        pid: number of the command's process.
        code: as :mod:`subprocess` gives it: minus the signal where one ended the process.
        said: standard error.
        seconds: processor time of the command and its workers up to then.
        killed: whether the signal was sent before the command had ended.
        ready: whether the program had taken charge of signals by then.
        orphans: processes that outlived the command by more than is allowed.
    """

    pid: int
    code: int
    said: str
    seconds: float
    killed: bool
    ready: bool
    orphans: tuple[str, ...]


def run(
    arguments: Sequence[str | Path],
    temporary: Path,
    number: signal.Signals | None = None,
    at: float = 0.0,
    whole_group: bool = False,
) -> Ending:
    """Runs ``arssr`` with these arguments.

    Args:
        arguments: of the command.
        temporary: its folder for temporary files.
        number: the signal to send; none lets it run to its end.
        at: when, in seconds of processor time of the command and its workers.
        whole_group: whether the workers get the signal too, as from Ctrl-C in a terminal.
    """
    mark = secrets.token_hex(8)
    environment = {**os.environ, _MARK: mark, "TMPDIR": str(temporary), "OMP_NUM_THREADS": "1"}
    said = temporary.parent / "stderr.txt"
    with said.open("wb") as stream:
        process = subprocess.Popen(
            [sys.executable, "-m", "ArSSRLib", *map(str, arguments)],
            cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=stream,
            start_new_session=True,
        )  # fmt: skip
    spent, ready, killed = 0.0, False, False
    deadline = time.monotonic() + _LONGEST_RUN_SECONDS
    while process.poll() is None:
        spent = max(spent, _processor_seconds(process.pid))
        if number is not None and spent >= at:
            ready = _catches(process.pid, signal.SIGTERM)
            killed = process.poll() is None
            if killed:
                (os.killpg if whole_group else os.kill)(process.pid, number)
            break
        if time.monotonic() > deadline:
            os.killpg(process.pid, signal.SIGKILL)
        time.sleep(_SECONDS_BETWEEN_LOOKS)
    code = process.wait(_LONGEST_RUN_SECONDS)
    orphans = _outliving(mark)
    text = said.read_text(encoding="utf-8", errors="replace")
    return Ending(process.pid, code, text, spent, killed, ready, orphans)


def _processor_seconds(pid: int) -> float:
    """Of a process and its children."""
    total = 0.0
    with suppress(psutil.Error):
        command = psutil.Process(pid)
        for process in (command, *command.children()):
            with suppress(psutil.Error):
                times = process.cpu_times()
                total += times.user + times.system
    return total


def _catches(pid: int, number: signal.Signals) -> bool:
    """Whether the program has installed its own handler of a signal."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False
    caught = int(status.partition("SigCgt:")[2].split()[0], 16)
    return bool(caught >> (number - 1) & 1)


def _outliving(mark: str) -> tuple[str, ...]:
    """Descendants of a run that do not end by themselves; they are ended here."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while (living := _marked(mark)) and time.monotonic() < deadline:
        time.sleep(0.05)
    orphans = []
    for process in living:
        with suppress(psutil.Error):
            orphans.append(f"{process.pid}: {' '.join(process.cmdline())[:200]}")
            process.kill()
    return tuple(orphans)


def _marked(mark: str) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            # That of a process that has ended but is not yet waited for is empty.
            if process.environ().get(_MARK) == mark:
                found.append(process)
    return found
