"""Kills one command many times and counts what was lost."""

from __future__ import annotations

import os
import random
import re
import shutil
import signal
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from .commands import Command
from .leftovers import age_leftovers
from .processes import Ending, run

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL)
_CANCELLED = 130
_MOST_ENDINGS_WITHOUT_A_KILL = 20
_KERNEL_MEMORY = Path("/dev/shm")


@dataclass
class Tally:
    """What came of the kills of one command.

    Attributes:
        kills: by signal.
        losses: one sentence each.
        finished: runs that finished after kills, or were repeated.
    """

    kills: Counter[str] = field(default_factory=Counter)
    losses: list[str] = field(default_factory=list)
    finished: int = 0

    def lose(self, number: signal.Signals | None, what: str) -> None:
        self.losses.append(f"{number.name if number else 'resuming'}: {what}")


class Campaign:
    """Kills ``command`` in folders below ``root``, at moments that ``seed`` decides."""

    def __init__(self, command: Command, root: Path, seed: int) -> None:
        self.command = command
        self.root = root
        self.random = random.Random(f"{seed} {command.name}")
        self.tally = Tally()
        self.temporary = root / "temp"
        self.temporary.mkdir(parents=True)
        self.undisturbed = root / "undisturbed"
        self.undisturbed.mkdir()
        self.started: set[int] = set()
        self.seconds = self._finish(self.undisturbed)

    def run(self, kills: int) -> Tally:
        """``kills`` kills with each signal; what was killed is gone on with, then finished."""
        waiting = [number for number in SIGNALS for _ in range(kills)]
        self.random.shuffle(waiting)
        for n, chain in enumerate(self._chains(waiting)):
            folder = self.root / f"killed{n}"
            folder.mkdir()
            for number in chain:
                self._kill(folder, number)
            self._finish(folder)
            shutil.rmtree(folder)
        return self.tally

    def _chains(self, waiting: Sequence[signal.Signals]) -> Iterator[Sequence[signal.Signals]]:
        """Kills that follow each other in one folder before the command may finish there."""
        size = 3
        for begin in range(0, len(waiting), size):
            yield waiting[begin : begin + size]

    def _kill(self, folder: Path, number: signal.Signals) -> None:
        """Runs until a kill lands; a run that ends before it is begun again from nothing."""
        for _ in range(_MOST_ENDINGS_WITHOUT_A_KILL):
            at = self.random.uniform(0.0, self.seconds)
            group = self.random.random() < 0.3
            before = _hidden(folder, self.temporary)
            ending = run(self.command.arguments(folder), self.temporary, number, at, group)
            self.started.add(ending.pid)
            if ending.killed:
                self._judge(folder, number, ending, before)
                return
            shutil.rmtree(folder)
            folder.mkdir()
        raise RuntimeError(f"{self.command.name} always ends before it can be killed")

    def _judge(
        self, folder: Path, number: signal.Signals, ending: Ending, before: set[str]
    ) -> None:
        self.tally.kills[number.name] += 1
        allowed = {-number} if number is signal.SIGKILL else {_CANCELLED}
        if not ending.ready or not ending.said:
            # Python was starting or loading libraries: the signal ends it as any other program.
            allowed |= {-number, 1} if number is signal.SIGINT else {-number}
        if self.command.is_done(folder):
            allowed |= {0}
        if ending.code not in allowed:
            self.tally.lose(number, f"exit code {ending.code} at {ending.seconds:.2f} s: "
                                    f"{ending.said[-600:]}")  # fmt: skip
        if "Traceback" in ending.said and ending.ready and number is not signal.SIGKILL:
            self.tally.lose(number, f"a traceback: {ending.said[-1500:]}")
        for orphan in ending.orphans:
            self.tally.lose(number, f"orphan {orphan}")
        for name in self.command.half_written(folder):
            self.tally.lose(number, f"half written: {name}")
        left = _hidden(folder, self.temporary) - before
        if left and number is not signal.SIGKILL:
            self.tally.lose(number, f"temporary files: {sorted(left)}")

    def _finish(self, folder: Path) -> float:
        """Lets the command finish; returns the processor time that took."""
        age_leftovers(folder, self.temporary)
        ending = run(self.command.arguments(folder), self.temporary)
        self.started.add(ending.pid)
        if ending.code != 0:
            self.tally.lose(None, f"exit code {ending.code}: {ending.said[-600:]}")
        elif folder != self.undisturbed:
            self.tally.finished += 1
            difference = self.command.difference(folder, self.undisturbed)
            if difference:
                self.tally.lose(None, difference)
        for orphan in ending.orphans:
            self.tally.lose(None, f"orphan {orphan}")
        left = _hidden(folder, self.temporary) | _in_memory(self.started)
        if left:
            self.tally.lose(None, f"not cleared away: {sorted(left)}")
        return ending.seconds


def _hidden(*folders: Path) -> set[str]:
    """Temporary files: what is hidden in a result, and all in the folder for temporary files."""
    result, temporary = folders
    found = {str(path) for path in result.rglob(".*")}
    # PyTorch makes the folder of its compiler's cache once and keeps it.
    kept = ("torchinductor_", "matplotlib-")
    return found | {str(p) for p in temporary.iterdir() if not p.name.startswith(kept)}


def _in_memory(started: set[int]) -> set[str]:
    """What these processes keep in shared memory; others' is not ours to judge."""
    if not _KERNEL_MEMORY.is_dir():
        return set()
    numbers = {str(pid) for pid in started}
    return {name for name in os.listdir(_KERNEL_MEMORY) if numbers & set(re.split(r"[-_.]", name))}
