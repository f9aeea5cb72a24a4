"""A file is upsampled within the memory that the process can have."""

from __future__ import annotations

from pathlib import Path

import pytest
from stored_otherwise import roi_between

from ArSSRLib.upsampling import file_job
from ArSSRLib.upsampling.file_job import FileJob, upsample_file
from ArSSRLib.upsampling.request import Upsampling
from ArSSRLib.volumes.volume import Volume


def _needed(source: Path, output: Path, **choices: object) -> int:
    asked: list[int] = []
    request = Upsampling.of(scale=2, method="linear", **choices)  # type: ignore[arg-type]
    job = FileJob(source=str(source), output=str(output), request=request)
    upsample_file(job, lambda progress: None, asked.append)
    return asked[0]


def test_a_region_needs_less_memory_than_the_whole(
    cortex: Volume, cortex_path: Path, tmp_path: Path
) -> None:
    roi = roi_between(cortex.grid, [(10, 12, 4), (25, 30, 12)])
    whole = _needed(cortex_path, tmp_path / "whole.nii")
    assert _needed(cortex_path, tmp_path / "part.nii", roi=roi) < whole


def test_a_run_in_a_small_container_is_announced(
    cortex_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    monkeypatch.setattr(file_job, "total_memory", lambda: 10**8)
    _needed(cortex_path, tmp_path / "fine.nii")
    assert "may need 0.3 GB of memory and can have 0.1 GB" in caplog.text
