"""The folder of the results belongs to several runs at once: none needs it to stay."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from ArSSRLib.cli.main import main
from ArSSRLib.running.batch.jobs import run_jobs
from ArSSRLib.upsampling.file_job import FileJob, upsample_file
from ArSSRLib.upsampling.request import Upsampling


def test_folders_that_a_run_beside_takes_away_are_made_again(
    tmp_path: Path, cortex_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "new" / "out"

    def after_a_run_beside(*what: Any) -> None:
        # It began first, made the folders and could compute none of its volumes.
        shutil.rmtree(out.parent)
        run_jobs(*what)

    monkeypatch.setattr("ArSSRLib.cli.batch.run_jobs", after_a_run_beside)
    arguments = ["upsample", str(cortex_path), "-o", f"{out}{os.sep}", "--scale", "2"]
    assert main([*arguments, "--method", "linear", "--progress", "none"]) == 0
    assert os.listdir(out) == ["cortex_t1_linear_2x.nii.gz"]


def test_they_are_made_again_when_they_go_in_the_middle_of_the_work(
    tmp_path: Path, cortex_path: Path
) -> None:
    out = tmp_path / "new" / "out" / "fine.nii.gz"
    request = Upsampling(scale=2.0, method="linear")
    job = FileJob(source=str(cortex_path), output=str(out), request=request, make_folder=True)

    def after_a_run_beside(needed: int) -> None:
        shutil.rmtree(tmp_path / "new")

    upsample_file(job, lambda progress: None, admit=after_a_run_beside)
    assert out.is_file()
