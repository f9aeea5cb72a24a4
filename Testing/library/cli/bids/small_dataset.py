"""The small dataset of the tests: what it holds, what becomes of it, a run over it."""

from __future__ import annotations

import json
from pathlib import Path

from contents import files
from running import Running, slow_with

from ArSSRLib.volumes.files.reading import read_volume

PLAIN = "sub-01/anat/sub-01_T1w.nii.gz"
NAMED = "sub-02/ses-a/anat/sub-02_ses-a_acq-mprage_run-1_T1w.nii.gz"
SESSION_B = "sub-02/ses-b/anat/sub-02_ses-b_T1w.nii"
RESULTS = [
    "sub-01/anat/sub-01_res-2x_desc-linear_T1w",
    "sub-02/ses-a/anat/sub-02_ses-a_acq-mprage_run-1_res-2x_desc-linear_T1w",
    "sub-02/ses-b/anat/sub-02_ses-b_res-2x_desc-linear_T1w",
]
LINEAR = ["participant", "--scale", "2", "--method", "linear", "--progress", "none"]
ONLY_01 = ["--participant-label", "01"]


def write(path: Path, values: object) -> None:
    path.write_text(json.dumps(values))


def read(path: Path) -> dict[str, object]:
    values: dict[str, object] = json.loads(path.read_text())
    return values


def expected(results: list[str]) -> list[str]:
    volumes = [f"{result}{suffix}" for result in results for suffix in (".json", ".nii.gz")]
    return sorted(["README.md", "dataset_description.json", *volumes])


def run_over(dataset: Path, out: Path, model: Path, *options: str) -> Running:
    return Running("bids", dataset, out, "participant", *slow_with(model), *options)


def assert_complete_results_only(out: Path) -> None:
    for name in files(out):
        assert name in ("README.md", "dataset_description.json") or "/anat/sub-" in name
        if name.endswith(".nii.gz"):
            assert read_volume(out / name).grid.size == (192, 176, 80)
