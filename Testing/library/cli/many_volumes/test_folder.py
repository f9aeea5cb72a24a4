"""The folder of the results belongs to several runs at once: none needs it to stay."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from ArSSRLib.cli.main import main
from ArSSRLib.cli.one_volume import VolumeJob, upsample_file
from ArSSRLib.cli.printers import printer_for
from ArSSRLib.running.batch.jobs import run_jobs


def test_folders_that_a_run_beside_takes_away_are_made_again(
    tmp_path: Path, cortex_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "new" / "out"

    def after_a_run_beside(*what: Any) -> object:
        # It began first, made the folders and could compute none of its volumes.
        shutil.rmtree(out.parent)
        return run_jobs(*what)

    monkeypatch.setattr("ArSSRLib.cli.batch.run_jobs", after_a_run_beside)
    arguments = ["upsample", str(cortex_path), "-o", f"{out}{os.sep}", "--scale", "2"]
    assert main([*arguments, "--method", "linear", "--progress", "none"]) == 0
    assert os.listdir(out) == ["cortex_t1_linear_2x.nii.gz"]


def test_they_are_made_again_when_they_go_in_the_middle_of_the_work(
    tmp_path: Path, cortex_path: Path
) -> None:
    out = tmp_path / "new" / "out" / "fine.nii.gz"
    job = VolumeJob(str(cortex_path), str(out), scale=2.0, method="linear", make_folder=True)

    def after_a_run_beside(needed: int) -> None:
        shutil.rmtree(tmp_path / "new")

    assert upsample_file(job, printer_for("none"), admit=after_a_run_beside) == 0
    assert out.is_file()
