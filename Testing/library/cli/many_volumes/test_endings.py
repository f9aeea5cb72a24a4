"""Ended in the middle by the user or the system, a batch leaves whole volumes only."""

from __future__ import annotations

import os
import re
import shutil
import signal
import time
from collections.abc import Sequence
from pathlib import Path

import psutil
import pytest
from batch_run import assert_complete_volumes_only, batch_of, copies, name_of

from ArSSRLib.cli.main import main


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_batch_and_all_its_processes_and_leaves_nothing_half_written(
    tmp_path: Path, cortex_path: Path, seeded_model_path: Path, number: signal.Signals
) -> None:
    sources = copies(tmp_path, cortex_path, 4)
    out = tmp_path / "out"
    running = batch_of(sources, out, seeded_model_path, "--jobs", "2")
    children = running.wait_until_computing()
    running.process.send_signal(number)
    told = running.end()
    assert running.process.returncode == 130
    assert told.splitlines()[-1].startswith("arssr: Cancelled; results that are complete are kept")
    assert "Traceback" not in told
    assert children
    assert not any(child.is_running() for child in children)
    assert_complete_volumes_only(out)


def _goes_on(process: psutil.Process) -> bool:
    """Nobody may be there to collect what an orphan leaves, so a zombie counts as ended."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _wait_until_gone(processes: Sequence[psutil.Process]) -> None:
    patience = time.monotonic() + 120.0
    while any(map(_goes_on, processes)):
        assert time.monotonic() < patience, "A process goes on although its batch was killed."
        time.sleep(0.2)


def test_a_batch_that_is_killed_leaves_no_process_and_the_next_run_does_the_rest(
    tmp_path: Path, cortex_path: Path, seeded_model_path: Path
) -> None:
    sources = copies(tmp_path, cortex_path, 3)
    out = tmp_path / "out"
    running = batch_of(sources, out, seeded_model_path, "--jobs", "2")
    children = running.wait_until_computing()
    running.process.kill()
    running.end()
    _wait_until_gone(children)
    assert_complete_volumes_only(out)
    again = batch_of(sources, out, seeded_model_path)
    assert again.end() == ""
    assert again.process.returncode == 0
    assert sorted(os.listdir(out)) == [name_of(n, seeded_model_path) for n in range(3)]
    assert_complete_volumes_only(out)


def test_a_process_that_the_system_kills_costs_its_volume_only(
    tmp_path: Path, cortex_path: Path, seeded_model_path: Path
) -> None:
    sources = copies(tmp_path, cortex_path, 3)
    out = tmp_path / "out"
    running = batch_of(sources, out, seeded_model_path)
    running.wait_until_computing()[0].kill()
    told = running.end()
    assert running.process.returncode == 1
    assert told.count("\n") == 1
    lost = re.search(r"head(\d)\.nii\.gz: Its process ended by signal 9, most likely", told)
    assert lost is not None, told
    made = [name_of(n, seeded_model_path) for n in range(3) if n != int(lost[1])]
    # The signal may come after the volume was put in place, whole, and before the process ended.
    assert set(made) <= set(os.listdir(out))
    assert_complete_volumes_only(out)


def test_a_second_batch_beside_the_first_does_not_disturb_it(
    tmp_path: Path, cortex_path: Path, seeded_model_path: Path
) -> None:
    first = batch_of(copies(tmp_path, cortex_path, 1), tmp_path / "out", seeded_model_path)
    first.wait_until_computing()
    other = tmp_path / "other.nii.gz"
    shutil.copy(cortex_path, other)
    arguments = ["upsample", str(other), str(tmp_path / "out"), "--scale", "2"]
    assert main([*arguments, "--method", "linear", "--progress", "none"]) == 0
    assert first.end() == ""
    assert first.process.returncode == 0
    names = [name_of(0, seeded_model_path), "other_linear_2x.nii.gz"]
    assert sorted(os.listdir(tmp_path / "out")) == names
