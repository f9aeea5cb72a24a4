"""Cancelled at any moment, a run ends with exit code 130 and leaves nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


def _start(source: Path, output: Path, model: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "ArSSRLib", "upsample", source, output, "--scale", "4",
         "--model", model, "--progress", "json", "--threads", "1"],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def _wait_for(process: subprocess.Popen[str], stage: str) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        if f'"{stage}"' in line:
            return
    pytest.fail(f"The run ended before the stage {stage}: {process.communicate()}")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("stage", ["reading", "encoding", "decoding", "writing"])
def test_a_signal_ends_the_run_with_130_and_no_trace(
    tmp_path: Path, cortex_path: Path, seeded_model_path: Path, number: signal.Signals, stage: str
) -> None:
    process = _start(cortex_path, tmp_path / "fine.nii.gz", seeded_model_path)
    _wait_for(process, stage)
    process.send_signal(number)
    _, told = process.communicate(timeout=120)
    assert process.returncode == 130
    assert told == "arssr: Cancelled; nothing was written.\n"
    assert os.listdir(tmp_path) == []


def test_a_second_signal_does_not_disturb_the_tidying_up(
    tmp_path: Path, cortex_path: Path, seeded_model_path: Path
) -> None:
    process = _start(cortex_path, tmp_path / "fine.nii.gz", seeded_model_path)
    _wait_for(process, "decoding")
    for _ in range(5):
        process.send_signal(signal.SIGINT)
        time.sleep(0.01)
    _, told = process.communicate(timeout=120)
    assert process.returncode == 130
    assert "Traceback" not in told
    assert os.listdir(tmp_path) == []


def test_a_reader_that_goes_away_cancels(
    tmp_path: Path, cortex_path: Path, seeded_model_path: Path
) -> None:
    process = _start(cortex_path, tmp_path / "fine.nii.gz", seeded_model_path)
    _wait_for(process, "encoding")
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    told = process.stderr.read()
    assert process.wait(timeout=120) == 130
    assert told == ""
    assert os.listdir(tmp_path) == []


def test_a_reader_that_goes_away_after_the_end_takes_nothing_back(
    tmp_path: Path, cortex_path: Path
) -> None:
    """As in ``arssr upsample … | head -0``: the output is there, and the exit code says so."""
    read_end, write_end = os.pipe()
    os.close(read_end)
    done = subprocess.run(
        [sys.executable, "-m", "ArSSRLib", "upsample", cortex_path, tmp_path / "fine.nii",
         "--scale", "2", "--method", "linear"],
        cwd=ROOT, stdout=write_end, stderr=subprocess.PIPE, text=True, check=False,
    )  # fmt: skip
    os.close(write_end)
    assert "arssr:" not in done.stderr
    assert done.returncode == 0
    assert os.listdir(tmp_path) == ["fine.nii"]


def test_what_a_killed_run_leaves_the_next_one_clears(
    tmp_path: Path, cortex_path: Path, seeded_model_path: Path
) -> None:
    process = _start(cortex_path, tmp_path / "fine.nii.gz", seeded_model_path)
    _wait_for(process, "writing")
    process.kill()
    process.communicate()
    again = _start(cortex_path, tmp_path / "other.nii.gz", seeded_model_path)
    _, told = again.communicate(timeout=300)
    assert again.returncode == 0, told
    assert set(os.listdir(tmp_path)) <= {"other.nii.gz", "fine.nii.gz"}


def test_an_output_that_is_in_its_place_is_not_called_cancelled(
    tmp_path: Path, cortex_path: Path
) -> None:
    """Killed at many moments, the file and the exit code always tell the same."""
    command = [sys.executable, "-m", "ArSSRLib", "upsample", str(cortex_path),
               str(tmp_path / "fine.nii"), "--scale", "2", "--method", "linear",
               "--progress", "json"]  # fmt: skip
    for delay in (0.0, 0.001, 0.002, 0.004, 0.008, 0.015, 0.03, 0.06):
        (tmp_path / "fine.nii").unlink(missing_ok=True)
        process = subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        _wait_for(process, "writing")
        time.sleep(delay)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
        assert process.returncode in (0, 130)
        assert os.listdir(tmp_path) == (["fine.nii"] if process.returncode == 0 else [])


@pytest.mark.parametrize("command", ["upsample", "train", "evaluate"])
def test_kills_at_random_moments_lose_nothing(
    tmp_path: Path, seeded_model_path: Path, command: str
) -> None:
    """One kill with each signal; ``python Testing/faults --kills N`` does many."""
    from faults.campaign import SIGNALS, Campaign
    from faults.commands import Evaluate, Train, Upsample

    known = {c.name: c for c in (Upsample(seeded_model_path), Train(), Evaluate())}
    tally = Campaign(known[command], tmp_path, seed=1).run(kills=1)
    assert tally.losses == []
    assert tally.kills == {number.name: 1 for number in SIGNALS}
