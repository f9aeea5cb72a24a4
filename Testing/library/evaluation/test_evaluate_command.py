"""``arssr evaluate`` as a user runs it."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
import torch
from child_process import run_python
from in_process import run_arssr

from ArSSRLib.cli import evaluate as evaluate_command

DATA = Path(__file__).parent / "data"
QUICK = ["--scales", "2", "--methods", "cubic,linear", "--metrics", "psnr", "--jobs", "1"]


def _run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return run_arssr("evaluate", *arguments)


def test_one_command_writes_the_whole_report(tmp_path: Path) -> None:
    call = ("evaluate", "--hr", DATA, "-o", tmp_path / "out", *QUICK, "--progress", "json")
    done = run_python("-m", "ArSSRLib", *call)
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert lines[0]["stage"] == "measuring" and lines[0]["fraction"] == 0.0
    assert lines[-1]["stage"] == "done"
    assert Path(lines[-1]["output"]).name == "report.html"
    kept = {path.name for path in (tmp_path / "out").iterdir()}
    assert kept == {"report.html", "tables.md", "cases.csv", "settings.json", "pictures", "cases"}


def test_the_tables_are_shown_on_the_terminal(tmp_path: Path) -> None:
    done = _run("--hr", DATA, "-o", tmp_path / "out", *QUICK)
    assert done.returncode == 0, done.stderr
    lines = [line.rstrip() for line in done.stdout.splitlines()]
    (heading,) = (line for line in lines if line.startswith("Scale") and "PSNR" in line)
    cubic, linear = (
        next(line for line in lines[lines.index(heading) :] if name in line)
        for name in ("Cubic", "Linear")
    )
    column = heading.index("PSNR")
    written = (tmp_path / "out" / "tables.md").read_text(encoding="utf-8")
    for row in (cubic, linear):
        assert row[column:].removesuffix(" *") in written
    assert cubic.endswith("*") and not linear.endswith("*")
    assert "Paired differences" in written and "Paired differences" not in done.stdout
    assert "Time and size" in done.stdout and lines[-1].endswith("4 cases measured")


def test_failed_cases_are_bad_input_and_the_report_is_written(tmp_path: Path) -> None:
    source = tmp_path / "hr"
    source.mkdir()
    shutil.copy(DATA / "brain_45_2mm.nii.gz", source)
    (source / "broken.nii.gz").write_bytes(b"not a volume")
    done = _run("--hr", source, "-o", tmp_path / "out", *QUICK)
    assert done.returncode == 2
    assert "1 failed (see the report)" in done.stdout and "broken failed" in done.stderr
    assert "broken" in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")


def test_a_list_of_volumes_is_evaluated(tmp_path: Path) -> None:
    listing = tmp_path / "volumes.txt"
    listing.write_text(f"{DATA / 'brain_46_2mm.nii.gz'}\n", encoding="utf-8")
    done = _run("--hr", listing, "-o", tmp_path / "out", *QUICK, "--progress", "none")
    assert done.returncode == 0, done.stderr
    assert [path.name for path in (tmp_path / "out" / "cases").iterdir()] == ["brain_46_2mm"]


@pytest.mark.parametrize(
    ("device", "methods", "jobs"),
    [("cuda", "arssr:default", 1), ("mps", "cubic,arssr:default", 1), ("cpu", "arssr:default", 3)]
    + [("cuda", "cubic,linear", 3)],
)
def test_networks_do_not_share_a_graphics_device_by_default(
    device: str, methods: str, jobs: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evaluate_command, "choose_device", torch.device)
    monkeypatch.setattr(evaluate_command, "usable_cpus", lambda: 3)
    parsed = evaluate_command._settings(_parsed("--methods", methods, "--device", device))
    assert (parsed.jobs, parsed.threads) == (jobs, 3 // jobs)


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="no affinity on this system")
def test_only_the_cpus_that_the_process_may_use_are_counted() -> None:
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        parsed = evaluate_command._settings(_parsed("--methods", "cubic"))
    finally:
        os.sched_setaffinity(0, before)
    assert (parsed.jobs, parsed.threads) == (1, 1)


def _parsed(*options: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    evaluate_command.add_arguments(parser)
    return parser.parse_args(["--hr", str(DATA), "-o", "out", *options])


def test_real_scans_are_measured_without_a_reference(tmp_path: Path) -> None:
    source = tmp_path / "lr"
    source.mkdir()
    shutil.copy(DATA / "brain_45_2mm.nii.gz", source)
    done = _run(
        "--lr", source, "-o", tmp_path / "out", "--scales", "1.2", "--methods", "cubic,linear",
        "--metrics", "grain", "--pictures", "0", "--progress", "none",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    text = (tmp_path / "out" / "tables.md").read_text(encoding="utf-8")
    assert "Real scans against their input" in text and "Grain / cubic ↓" in text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["--hr", "nowhere", "-o", "OUT", "--methods", "cubic"],
            "no file or folder 'nowhere'",
        ),
        (["-o", "OUT"], "One of the arguments --hr --lr is required"),
        (["--hr", str(DATA), "-o", "OUT", "--scales", "0.5"], "must be above 1"),
        (["--hr", str(DATA), "-o", "OUT", "--methods", "magic"], "'magic' is unknown"),
        (["--hr", str(DATA), "-o", "OUT", "--methods", "dcsrn"], "has no bundled weights"),
        (["--hr", str(DATA), "-o", "OUT", "--methods", "cubic", "--atlas", str(DATA)], "template"),
    ],
)
def test_bad_input_ends_with_one_sentence_and_exit_code_2(
    arguments: list[str], message: str, tmp_path: Path
) -> None:
    if "--atlas" in arguments:
        pytest.importorskip("ants", reason="the optional extra 'segmentation' is not installed")
    done = _run(*(a.replace("OUT", str(tmp_path / "out")) for a in arguments))
    assert done.returncode == 2
    assert message in done.stderr and len(done.stderr.strip().splitlines()) == 1


INTERRUPTED_AFTER_A_CASE = """
import os, signal, sys
from ArSSRLib.cli.main import main
from ArSSRLib.evaluation.measuring import measure
save = measure.save_record
def save_and_be_interrupted(record, path):
    save(record, path)
    if record.method == "cubic":
        os.kill(os.getpid(), signal.SIGINT)
measure.save_record = save_and_be_interrupted
sys.exit(main(["evaluate", *sys.argv[1:]]))
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT for one process")
def test_an_interrupted_run_keeps_what_it_measured(tmp_path: Path) -> None:
    call = ("--hr", DATA, "-o", tmp_path / "out", *QUICK)
    done = run_python("-c", INTERRUPTED_AFTER_A_CASE, *call)
    assert done.returncode == 130
    assert "run the same command to continue" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "out" / "report.html").exists()
    kept = (tmp_path / "out").rglob("2x/*.json")
    assert [path.name for path in kept] == ["cubic.json"]
