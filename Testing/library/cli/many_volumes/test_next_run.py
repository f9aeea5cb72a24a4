"""Run again, a batch computes only what is missing."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from contents import identities
from in_process import Arssr
from running import LINEAR


def test_a_rerun_computes_only_what_is_missing(
    tmp_path: Path, inputs: list[Path], cortex_path: Path, arssr: Arssr
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    command = ["upsample", *inputs, "-o", out, "--spacing", "0.5", "--method", "linear"]
    assert arssr(*command).returncode == 2
    before = identities(out)
    assert list(before) == ["a'b_linear_0.5mm.nii.gz", "größer_linear_0.5mm.nii.gz"]
    (out / "größer_linear_0.5mm.nii.gz").unlink()
    shutil.copy(cortex_path, inputs[1])
    again = arssr(*command)
    assert again.returncode == 0, again.stderr
    assert again.stdout.startswith(f"{out}: 2 upsampled, 1 there already\n")
    after = identities(out)
    assert after["a'b_linear_0.5mm.nii.gz"] == before["a'b_linear_0.5mm.nii.gz"]
    assert len(after) == 3
    assert arssr(*command, "--force").stdout.startswith(f"{out}: 3 upsampled\n")
    forced = identities(out)
    assert all(forced[name] != after[name] for name in after)


def test_a_result_older_than_its_input_is_kept_and_reported(
    tmp_path: Path, cortex_path: Path, arssr: Arssr
) -> None:
    source, out = tmp_path / "head.nii.gz", tmp_path / "out"
    shutil.copy(cortex_path, source)
    command = ("upsample", source, "-o", f"{out}/", *LINEAR)
    assert arssr(*command).returncode == 0
    before = identities(out)
    again = arssr(*command)
    assert (again.returncode, again.stderr) == (0, "")
    later = (out / "head_linear_2x.nii.gz").stat().st_mtime + 5
    os.utime(source, (later, later))
    told = arssr(*command)
    assert told.returncode == 0
    assert "head_linear_2x.nii.gz is older than its input or model but was kept" in told.stderr
    assert "--force" in told.stderr
    assert identities(out) == before
