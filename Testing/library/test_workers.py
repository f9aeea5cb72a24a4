"""Worker processes live as long as the program that started them."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

LASTING = Path(__file__).with_name("lasting.py")


@pytest.mark.parametrize("method", multiprocessing.get_all_start_methods())
def test_workers_end_with_their_program_and_not_before(method: str) -> None:
    with subprocess.Popen(
        [sys.executable, str(LASTING), method, "3"], stdout=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONPATH": str(LASTING.parents[2])},
    ) as program:  # fmt: skip
        assert program.stdout is not None
        workers = [psutil.Process(int(word)) for word in program.stdout.readline().split()]
        assert len(workers) == 3
        _, alive = psutil.wait_procs(workers, timeout=1)
        assert len(alive) == 3
        program.kill()
    _, alive = psutil.wait_procs(workers, timeout=30)
    for worker in alive:
        worker.kill()
    assert not alive
