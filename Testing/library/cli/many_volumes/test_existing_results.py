"""Of what is in the place of a result, only a whole file counts as one; inputs stay as they are."""

from __future__ import annotations

import gzip
import os
import shutil
from pathlib import Path

import pytest
from running import LINEAR

from ArSSRLib.cli.main import main
from ArSSRLib.volumes.files.reading import read_volume
from ArSSRLib.volumes.files.writing import write_volume


def _run(folder: Path, *names: str, force: bool = False) -> int:
    sources = [str(folder / name) for name in names]
    return main(["upsample", *sources, "-o", f"{folder}/", *LINEAR, *["--force"] * force])


@pytest.fixture
def folder(tmp_path: Path, cortex_path: Path) -> Path:
    """A folder with a volume, into which results go too."""
    shutil.copy(cortex_path, tmp_path / "head.nii.gz")
    return tmp_path


def test_an_empty_file_is_not_a_result(folder: Path) -> None:
    (folder / "head_linear_2x.nii.gz").touch()
    assert _run(folder, "head.nii.gz") == 0
    assert (folder / "head_linear_2x.nii.gz").stat().st_size > 0


@pytest.mark.parametrize("ending", [".nii.gz", ".nii", ".nrrd", ".mha"])
@pytest.mark.parametrize("share", [0.0, 0.001, 0.5, 0.99])
def test_a_result_that_was_cut_off_is_computed_again(
    folder: Path, ending: str, share: float, capfd: pytest.CaptureFixture[str]
) -> None:
    source = f"other{ending}"
    write_volume(read_volume(folder / "head.nii.gz"), folder / source)
    assert _run(folder, source) == 0
    (result,) = folder.glob("other_linear_2x*")
    whole = result.read_bytes()
    assert _run(folder, source) == 0
    assert capfd.readouterr().err == ""
    result.write_bytes(whole[: int(share * len(whole))])
    assert _run(folder, source) == 0
    assert f"{result.name} is empty or truncated; computed again" in capfd.readouterr().err
    assert result.read_bytes() == whole


def test_a_result_that_another_program_has_packed_again_is_kept(folder: Path) -> None:
    assert _run(folder, "head.nii.gz") == 0
    result = folder / "head_linear_2x.nii.gz"
    content = gzip.decompress(result.read_bytes())
    packed = gzip.compress(content[:5000]) + gzip.compress(content[5000:]) + bytes(100)
    result.write_bytes(packed)
    assert _run(folder, "head.nii.gz") == 0
    assert result.read_bytes() == packed


@pytest.mark.parametrize("kind", ["link", "pipe"])
def test_a_link_to_a_missing_file_and_a_pipe_are_replaced_only_by_force(
    folder: Path, kind: str, capfd: pytest.CaptureFixture[str]
) -> None:
    result = folder / "head_linear_2x.nii.gz"
    if kind == "link":
        result.symlink_to(folder / "annex" / "elsewhere.nii.gz")
    else:
        os.mkfifo(result)
    assert _run(folder, "head.nii.gz") == 2
    what = "a link to a missing file" if kind == "link" else "not a regular file"
    assert f"head_linear_2x.nii.gz' exists and is {what}" in capfd.readouterr().err
    assert result.is_symlink() if kind == "link" else result.is_fifo()
    assert _run(folder, "head.nii.gz", force=True) == 0
    assert result.is_file() and not result.is_symlink()


def test_a_result_never_overwrites_an_input_of_the_same_run(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    shutil.copy(folder / "head.nii.gz", folder / "head_linear_2x.nii.gz")
    before = (folder / "head_linear_2x.nii.gz").read_bytes()
    assert _run(folder, "head.nii.gz", "head_linear_2x.nii.gz", force=True) == 2
    assert "which is an input too" in capfd.readouterr().err
    assert (folder / "head_linear_2x.nii.gz").read_bytes() == before
