"""The small dataset of the tests: what it holds, what becomes of it, a run over it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from ArSSRLib.volume import read_volume

ROOT = Path(__file__).resolve().parents[4]
PLAIN = "sub-01/anat/sub-01_T1w.nii.gz"
NAMED = "sub-02/ses-a/anat/sub-02_ses-a_acq-mprage_run-1_T1w.nii.gz"
SESSION_B = "sub-02/ses-b/anat/sub-02_ses-b_T1w.nii"
RESULTS = [
    "sub-01/anat/sub-01_res-2x_desc-linear_T1w",
    "sub-02/ses-a/anat/sub-02_ses-a_acq-mprage_run-1_res-2x_desc-linear_T1w",
    "sub-02/ses-b/anat/sub-02_ses-b_res-2x_desc-linear_T1w",
]
LINEAR = ["participant", "--scale", "2", "--method", "linear", "--progress", "none"]


def write(path: Path, values: object) -> None:
    path.write_text(json.dumps(values))


def read(path: Path) -> dict[str, object]:
    values: dict[str, object] = json.loads(path.read_text())
    return values


def files(folder: Path) -> list[str]:
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def identities(folder: Path) -> dict[str, tuple[int, int]]:
    stats = {name: (folder / name).stat() for name in files(folder)}
    return {name: (stat.st_ino, stat.st_mtime_ns) for name, stat in stats.items()}


def expected(results: list[str]) -> list[str]:
    volumes = [f"{result}{suffix}" for result in results for suffix in (".json", ".nii.gz")]
    return sorted(["README.md", "dataset_description.json", *volumes])


def started(dataset: Path, out: Path, model: Path, *options: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "ArSSRLib", "bids", dataset, out, "participant", "--scale", "4",
         "--model", model, "--progress", "json", "--threads", "1", *options],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def wait_until_computing(process: subprocess.Popen[str]) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        if json.loads(line).get("fraction", 0.0) > 0.02:
            return
    pytest.fail(f"The run ended before it computed: {process.communicate()}")


def assert_complete_results_only(out: Path) -> None:
    for name in files(out):
        assert name in ("README.md", "dataset_description.json") or "/anat/sub-" in name
        if name.endswith(".nii.gz"):
            assert read_volume(out / name).grid.size == (192, 176, 80)
