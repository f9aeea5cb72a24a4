"""Ended in the middle by the user or the system, a batch leaves whole volumes only."""

from __future__ import annotations

import os
import re
import shutil
import signal
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from batch_run import assert_complete_volumes_only, batch_of, copies, name_of
from process_ends import goes_on, outlasting
from running import Running

from ArSSRLib.cli.main import main


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_batch_and_all_its_processes_and_leaves_nothing_half_written(
    tmp_path: Path, cortex_path: Path, seeded_model_path: Path, number: signal.Signals
) -> None:
    sources = copies(tmp_path, cortex_path, 4)
    out = tmp_path / "out"
    running = batch_of(sources, out, seeded_model_path, "--jobs", "2")
    running.wait_until_computing()
    children = running.workers()
    running.process.send_signal(number)
    told = running.end()
    assert running.process.returncode == 130
    assert told.splitlines()[-1].startswith("arssr: Cancelled. Finished results were kept")
    assert "Traceback" not in told
    assert not any(map(goes_on, children))
    assert_complete_volumes_only(out)


def test_a_batch_that_is_killed_leaves_no_process_and_the_next_run_does_the_rest(
    tmp_path: Path, cortex_path: Path, seeded_model_path: Path
) -> None:
    sources = copies(tmp_path, cortex_path, 3)
    out = tmp_path / "out"
    running = batch_of(sources, out, seeded_model_path, "--jobs", "2")
    running.wait_until_computing()
    children = running.workers()
    running.process.kill()
    running.end()
    assert not outlasting(children, seconds=120.0)
    assert_complete_volumes_only(out)
    again = batch_of(sources, out, seeded_model_path)
    assert again.end() == ""
    assert again.process.returncode == 0
    assert sorted(os.listdir(out)) == [name_of(n, seeded_model_path) for n in range(3)]
    assert_complete_volumes_only(out)


def _kill_one_at_work(running: Running) -> None:
    """Kills a process of a batch; one that ends by itself just then does not count."""
    while True:
        for child in running.workers():
            with suppress(psutil.NoSuchProcess):
                child.suspend()
                if goes_on(child):
                    child.kill()
                    return


def test_a_process_that_the_system_kills_costs_its_volume_only(
    tmp_path: Path, cortex_path: Path, seeded_model_path: Path
) -> None:
    sources = copies(tmp_path, cortex_path, 3)
    out = tmp_path / "out"
    running = batch_of(sources, out, seeded_model_path)
    running.wait_until_computing()
    _kill_one_at_work(running)
    told = running.end()
    assert running.process.returncode == 1
    assert told.count("\n") == 1
    lost = re.search(r"head(\d)\.nii\.gz: Its process ended by signal 9, most likely", told)
    assert lost is not None, told
    made = [name_of(n, seeded_model_path) for n in range(3) if n != int(lost[1])]
    # The signal may come after the volume was put in place, whole, and before the process ended.
    assert set(made) <= set(os.listdir(out))
    assert_complete_volumes_only(out, killed=True)


def test_a_second_batch_beside_the_first_does_not_disturb_it(
    tmp_path: Path, cortex_path: Path, seeded_model_path: Path
) -> None:
    first = batch_of(copies(tmp_path, cortex_path, 1), tmp_path / "out", seeded_model_path)
    first.wait_until_computing()
    other = tmp_path / "other.nii.gz"
    shutil.copy(cortex_path, other)
    arguments = ["upsample", str(other), "-o", str(tmp_path / "out"), "--scale", "2"]
    assert main([*arguments, "--method", "linear", "--progress", "none"]) == 0
    assert first.end() == ""
    assert first.process.returncode == 0
    names = [name_of(0, seeded_model_path), "other_linear_2x.nii.gz"]
    assert sorted(os.listdir(tmp_path / "out")) == names
