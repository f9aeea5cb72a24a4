"""The processes of an evaluation end with it, leave nothing behind and ignore Ctrl-C."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from child_process import run_python

from ArSSRLib.evaluation.measuring.methods import parse_method
from ArSSRLib.evaluation.measuring.tasks import Task
from ArSSRLib.evaluation.process_pool import ProcessPool
from ArSSRLib.evaluation.settings import Settings

Quick = Callable[..., Settings]
PATIENCE_SECONDS = 300
INTERRUPTED = """
import os, signal, sys, threading, time
from multiprocessing import active_children
from pathlib import Path
from ArSSRLib.evaluation.measuring.methods import parse_methods
from ArSSRLib.evaluation.measuring.tasks import tasks_of
from ArSSRLib.evaluation.measuring.volumes import find_volumes
from ArSSRLib.evaluation.process_pool import ProcessPool
from ArSSRLib.evaluation.settings import Settings

def interrupt():
    while len(active_children()) < 2:
        time.sleep(0.01)
    for child in active_children():
        os.kill(child.pid, signal.SIGINT)

source, output = map(Path, sys.argv[1:])
settings = Settings(
    source, output, (2.0,), parse_methods("linear"), metrics=("psnr",), jobs=2
)
if __name__ == "__main__":
    truths, _, _ = tasks_of(settings, find_volumes(source))
    with ProcessPool(settings) as pool:
        records = pool.measure_all(truths)
        threading.Thread(target=interrupt).start()
        print(len([record for record in records if not record.error]))
"""

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has no signals for one process")


def test_a_cancel_removes_what_a_process_was_writing(
    quick: Quick, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    monkeypatch.setenv("ARSSR_TEST_PROCESS", str(os.getpid()))
    from deadly import StuckTask

    settings, cubic = quick(jobs=2), parse_method("cubic")
    stuck = StuckTask("brain_45_2mm", folder / "brain_45_2mm.nii.gz", 2.0, cubic)
    other = Task("brain_46_2mm", folder / "brain_46_2mm.nii.gz", 2.0, cubic)
    with ProcessPool(settings) as pool:
        assert next(pool.measure_all([stuck, other])).volume == "brain_46_2mm"
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not _parts(settings) and time.monotonic() < deadline:
            time.sleep(0.1)
        assert _parts(settings)
    assert not _parts(settings)


def test_processes_that_are_just_starting_ignore_an_interrupt(
    data_folder: Path, tmp_path: Path
) -> None:
    script = tmp_path / "interrupted.py"
    script.write_text(INTERRUPTED, encoding="utf-8")
    done = run_python(script, data_folder, tmp_path / "out")
    assert (done.stdout.strip(), done.stderr) == ("2", "")


def _parts(settings: Settings) -> list[Path]:
    return list(settings.output.rglob(".arssr-part-*"))
