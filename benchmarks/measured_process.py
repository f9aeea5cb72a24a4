"""Time and peak memory of one ``arssr`` command."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

MEBIBYTE = 2**20

_MEASURE = (
    "import json, resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True); "
    "used = resource.getrusage(resource.RUSAGE_CHILDREN); "
    "print(json.dumps([used.ru_utime + used.ru_stime, used.ru_maxrss]))"
)
"""A process that runs one command and nothing else: what its children used is the command's."""


@dataclass(frozen=True)
class Measured:
    """What a command took.

    Attributes:
        seconds: from its start to its end.
        cpu_seconds: of all its threads.
        peak: largest resident memory, in bytes.
    """

    seconds: float
    cpu_seconds: float
    peak: int


def measured_arssr(words: Sequence[str]) -> Measured:
    """Runs ``arssr`` with these words.

    Raises:
        subprocess.CalledProcessError: it failed.
    """
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", _MEASURE, sys.executable, "-m", "ArSSRLib", *words],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[1],
    )
    seconds = time.perf_counter() - started
    cpu_seconds, peak = json.loads(done.stdout.splitlines()[-1])
    return Measured(seconds, cpu_seconds, peak * (1 if sys.platform == "darwin" else 1024))
