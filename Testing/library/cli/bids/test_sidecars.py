"""A sidecar and its volume stay consistent if the run ends between the two."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from contents import identities
from small_dataset import LINEAR, RESULTS, read

from ArSSRLib.cli.main import main
from ArSSRLib.errors import EnvironmentFault, InputError
from ArSSRLib.upsampling.file_job import FileJob, upsample_file
from ArSSRLib.upsampling.progress import Progress
from ArSSRLib.upsampling.request import Upsampling


def _done_once(dataset: Path) -> tuple[list[str], Path]:
    """The arguments of a run over one participant that has ended, and its output folder."""
    out = dataset.parent / "out"
    call = ["bids", str(dataset), str(out), *LINEAR, "--participant-label", "01"]
    assert main(call) == 0
    return call, out


def test_a_later_skull_option_is_added_without_computing_anything(
    dataset: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (dataset / "T1w.json").unlink()
    call, out = _done_once(dataset)
    before, sidecar = identities(out), read(out / f"{RESULTS[0]}.json")
    assert "SkullStripped" not in sidecar
    assert main([*call, "--skull-stripped", "yes"]) == 0
    assert read(out / f"{RESULTS[0]}.json") == {**sidecar, "SkullStripped": True}
    after = identities(out)
    assert {name for name in after if after[name] != before[name]} == {f"{RESULTS[0]}.json"}
    assert main([*call, "--skull-stripped", "no"]) == 0
    assert identities(out) == after


def test_a_folder_in_the_place_of_a_result_is_not_a_result(
    dataset: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    call, out = _done_once(dataset)
    volume = out / f"{RESULTS[0]}.nii.gz"
    volume.unlink()
    volume.mkdir()
    capfd.readouterr()
    assert main(call) == 2
    assert "is a folder; give a file name" in capfd.readouterr().err


def test_a_result_that_was_cut_off_is_computed_again(
    dataset: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    call, out = _done_once(dataset)
    volume = out / f"{RESULTS[0]}.nii.gz"
    whole = volume.read_bytes()
    volume.write_bytes(whole[:100])
    capfd.readouterr()
    assert main(call) == 0
    assert f"{volume.name} is empty or truncated; computed again" in capfd.readouterr().err
    assert volume.read_bytes() == whole


def _job(folder: Path, source: Path) -> FileJob:
    return FileJob(
        source=str(source), output=str(folder / "fine.nii"), force=True,
        request=Upsampling(scale=2.0, method="linear"), sidecar=str(folder / "fine.json"),
    )  # fmt: skip


def _unheard(progress: Progress) -> None:
    pass


def test_a_new_volume_is_never_beside_the_sidecar_of_the_old_one(
    tmp_path: Path, cortex_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*what: object) -> None:
        raise EnvironmentFault("The disk is full; free some space.")

    job = _job(tmp_path, cortex_path)
    (tmp_path / "fine.nii").write_text("old")
    (tmp_path / "fine.json").write_text("of the old one")
    monkeypatch.setattr("ArSSRLib.upsampling.sidecar.write_sidecar", refuse)
    with pytest.raises(EnvironmentFault):
        upsample_file(job, _unheard)
    assert (tmp_path / "fine.nii").read_bytes() != b"old"
    assert not (tmp_path / "fine.json").exists()


def test_a_sidecar_that_cannot_be_written_is_refused_before_the_volume_is_touched(
    tmp_path: Path, cortex_path: Path
) -> None:
    job = _job(tmp_path, cortex_path)
    shutil.copy(cortex_path, tmp_path / "fine.nii")
    (tmp_path / "fine.json").mkdir()
    before = identities(tmp_path)
    with pytest.raises(InputError, match=r"fine\.json' is a folder"):
        upsample_file(job, _unheard)
    assert identities(tmp_path) == before
