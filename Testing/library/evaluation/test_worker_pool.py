"""Workers end with the program, leave nothing behind, and do not hear of Ctrl-C."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ArSSRLib.evaluation.measuring.methods import parse_method
from ArSSRLib.evaluation.measuring.tasks import Task
from ArSSRLib.evaluation.settings import Settings
from ArSSRLib.evaluation.worker_pool import WorkerPool

Quick = Callable[..., Settings]
PATIENCE_SECONDS = 300
INTERRUPTED_AT_ONCE = """
import multiprocessing, os, signal, time
from ArSSRLib.running.workers import start_without_interrupts
process = multiprocessing.get_context("spawn").Process(target=time.sleep, args=(600,))
start_without_interrupts(process)
os.kill(process.pid, signal.SIGINT)
process.join(5)
print("lives" if process.is_alive() else "died")
process.kill()
"""

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has no signals for one process")


def test_a_cancel_leaves_nothing_of_what_a_worker_was_writing(
    quick: Quick, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    monkeypatch.setenv("ARSSR_TEST_PROCESS", str(os.getpid()))
    from deadly import StuckTask

    settings, cubic = quick(jobs=2), parse_method("cubic")
    stuck = StuckTask("brain_45_2mm", folder / "brain_45_2mm.nii.gz", 2.0, cubic)
    other = Task("brain_46_2mm", folder / "brain_46_2mm.nii.gz", 2.0, cubic)
    with WorkerPool(settings) as pool:
        assert next(pool.measure_all([stuck, other])).volume == "brain_46_2mm"
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not _parts(settings) and time.monotonic() < deadline:
            time.sleep(0.1)
        assert _parts(settings)
    assert not _parts(settings)


def test_a_worker_that_is_just_starting_does_not_hear_of_an_interrupt() -> None:
    # In a program of its own, where no process has been started before.
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED_AT_ONCE], capture_output=True, text=True, timeout=300
    )
    assert (done.stdout.strip(), done.stderr) == ("lives", "")


def _parts(settings: Settings) -> list[Path]:
    return list(settings.output.rglob(".arssr-part-*"))
