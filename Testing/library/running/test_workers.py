"""Worker processes live as long as the program that started them."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from child_process import environment, run_python
from process_ends import goes_on, outlasting

HERE = Path(__file__).parent


@pytest.mark.parametrize("method", multiprocessing.get_all_start_methods())
def test_workers_end_with_their_program_and_not_before(method: str) -> None:
    with subprocess.Popen(
        [sys.executable, str(HERE / "lasting.py"), method, "3"], stdout=subprocess.PIPE, text=True,
        env=environment(),
    ) as program:  # fmt: skip
        assert program.stdout is not None
        workers = [psutil.Process(int(word)) for word in program.stdout.readline().split()]
        assert len(workers) == 3
        time.sleep(1.0)
        assert all(map(goes_on, workers))
        program.kill()
    assert not outlasting(workers)


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
def test_a_worker_that_has_only_just_been_started_ends_without_a_word() -> None:
    done = run_python(HERE / "interrupted_start.py", timeout=60)
    assert done.stderr == "arssr: Cancelled; nothing was written.\n"
    assert done.returncode == 130
