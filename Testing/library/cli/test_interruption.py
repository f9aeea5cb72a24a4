"""Cancelled at any moment, a run ends with exit code 130 and leaves nothing behind."""

from __future__ import annotations

import json
import os
import signal
import time
from pathlib import Path

import pytest
from child_process import run_python
from faults.leftovers import age_leftovers
from in_process import Arssr
from running import LINEAR, Running, slow_with


@pytest.fixture
def running(tmp_path: Path, cortex_path: Path, seeded_model_path: Path) -> Running:
    """A run that is slow enough to be ended in the middle."""
    output = tmp_path / "fine.nii.gz"
    return Running("upsample", cortex_path, "-o", output, *slow_with(seeded_model_path))


ASKED_AT_A_STAGE = """
import signal, sys
from ArSSRLib.cli.main import main
from ArSSRLib.cli.printers import JsonPrinter

stage, number = sys.argv.pop(1), int(sys.argv.pop(1))
report = JsonPrinter.report

def report_and_be_asked(printer, progress):
    report(printer, progress)
    if progress.stage == stage:
        signal.raise_signal(number)

JsonPrinter.report = report_and_be_asked
sys.exit(main())
"""
"""The command line, which sends itself a signal once it says that it is at a stage."""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("stage", ["reading", "encoding", "decoding", "writing"])
def test_a_signal_ends_the_run_with_130_and_no_trace(
    tmp_path: Path, cortex_path: Path, seeded_model_path: Path, number: signal.Signals, stage: str
) -> None:
    done = run_python(
        "-c", ASKED_AT_A_STAGE, stage, int(number), "upsample", cortex_path, "-o",
        tmp_path / "fine.nii.gz", "--scale", "1.5", "--model", seeded_model_path,
        "--progress", "json",
    )  # fmt: skip
    assert json.loads(done.stdout.splitlines()[-1])["stage"] == stage
    assert done.returncode == 130
    assert done.stderr == "arssr: Cancelled; nothing was written.\n"
    assert os.listdir(tmp_path) == []


def test_a_second_signal_does_not_disturb_the_tidying_up(tmp_path: Path, running: Running) -> None:
    running.wait_for("decoding")
    for _ in range(5):
        running.process.send_signal(signal.SIGINT)
        time.sleep(0.01)
    told = running.end()
    assert running.process.returncode == 130
    assert "Traceback" not in told
    assert os.listdir(tmp_path) == []


def test_a_reader_that_goes_away_cancels(tmp_path: Path, running: Running) -> None:
    running.wait_for("encoding")
    assert running.process.stdout is not None
    assert running.process.stderr is not None
    running.process.stdout.close()
    told = running.process.stderr.read()
    assert running.process.wait(timeout=120) == 130
    assert told == ""
    assert os.listdir(tmp_path) == []


def test_a_reader_that_goes_away_after_the_end_takes_nothing_back(
    tmp_path: Path, cortex_path: Path
) -> None:
    """As in ``arssr upsample … | head -0``: the output is there, and the exit code says so."""
    read_end, write_end = os.pipe()
    os.close(read_end)
    call = ("upsample", cortex_path, "-o", tmp_path / "fine.nii", "--scale", "2")
    done = run_python("-m", "ArSSRLib", *call, "--method", "linear", stdout=write_end)
    os.close(write_end)
    assert "arssr:" not in done.stderr
    assert done.returncode == 0
    assert os.listdir(tmp_path) == ["fine.nii"]


def test_what_a_killed_run_leaves_is_cleared_after_a_day(
    tmp_path: Path, cortex_path: Path, running: Running, arssr: Arssr
) -> None:
    running.wait_for("writing")
    running.process.kill()
    running.end()
    age_leftovers(tmp_path)
    again = arssr("upsample", cortex_path, "-o", tmp_path / "other.nii.gz", *LINEAR)
    assert again.returncode == 0, again.stderr
    assert set(os.listdir(tmp_path)) <= {"other.nii.gz", "fine.nii.gz"}


def test_a_signal_as_the_file_appears_comes_too_late(tmp_path: Path, cortex_path: Path) -> None:
    program = (
        "import os, signal, sys\n"
        "from ArSSRLib.cli.main import main\n"
        "link = os.link\n"
        "def linked(*names):\n"
        "    link(*names)\n"
        "    os.kill(os.getpid(), signal.SIGTERM)\n"
        "os.link = linked\n"
        "sys.exit(main())\n"
    )
    for number, words in enumerate((["upsample", "--method", "linear"], ["simulate"], ["compare"])):
        output = tmp_path / f"{number}{'.png' if words[0] == 'compare' else '.nii'}"
        call = (words[0], cortex_path, *words[1:], "--scale", "1.5", "-o", output)
        done = run_python("-c", program, *call)
        assert done.returncode == 0, done.stderr
        assert output.exists()


def test_an_output_that_is_in_its_place_is_not_called_cancelled(
    tmp_path: Path, cortex_path: Path
) -> None:
    """Killed at many moments, the file and the exit code always tell the same."""
    output = tmp_path / "fine.nii"
    for delay in (0.0, 0.001, 0.002, 0.004, 0.008, 0.015, 0.03, 0.06):
        output.unlink(missing_ok=True)
        running = Running(
            "upsample", cortex_path, "-o", output, "--scale", "2", "--method", "linear"
        )
        running.wait_for("writing")
        time.sleep(delay)
        running.process.send_signal(signal.SIGTERM)
        running.end()
        assert running.process.returncode in (0, 130)
        assert os.listdir(tmp_path) == (["fine.nii"] if running.process.returncode == 0 else [])


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
