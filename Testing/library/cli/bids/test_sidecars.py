"""A sidecar and its volume stay consistent if the run ends between the two."""

from __future__ import annotations

import shutil
from functools import partial
from pathlib import Path

import pytest
from contents import identities
from in_process import Arssr
from small_dataset import LINEAR, ONLY_01, RESULTS, read

from ArSSRLib.errors import EnvironmentFault, InputError
from ArSSRLib.upsampling.file_job import FileJob, upsample_file
from ArSSRLib.upsampling.progress import Progress
from ArSSRLib.upsampling.request import Upsampling


@pytest.fixture
def run_again(bids: Arssr) -> Arssr:
    """Repeats, with more options, a run over one participant that has ended."""
    assert bids(*LINEAR, *ONLY_01).returncode == 0
    return partial(bids, *LINEAR, *ONLY_01)


def test_a_later_skull_option_is_added_without_computing_anything(
    dataset: Path, out: Path, bids: Arssr
) -> None:
    (dataset / "T1w.json").unlink()
    call = (*LINEAR, *ONLY_01)
    assert bids(*call).returncode == 0
    before, sidecar = identities(out), read(out / f"{RESULTS[0]}.json")
    assert "SkullStripped" not in sidecar
    assert bids(*call, "--skull-stripped", "yes").returncode == 0
    assert read(out / f"{RESULTS[0]}.json") == {**sidecar, "SkullStripped": True}
    after = identities(out)
    assert {name for name in after if after[name] != before[name]} == {f"{RESULTS[0]}.json"}
    assert bids(*call, "--skull-stripped", "no").returncode == 0
    assert identities(out) == after


def test_a_folder_in_the_place_of_a_result_is_not_a_result(out: Path, run_again: Arssr) -> None:
    volume = out / f"{RESULTS[0]}.nii.gz"
    volume.unlink()
    volume.mkdir()
    again = run_again()
    assert again.returncode == 2
    assert "is a folder; give a file name" in again.stderr


def test_a_result_that_was_cut_off_is_computed_again(out: Path, run_again: Arssr) -> None:
    volume = out / f"{RESULTS[0]}.nii.gz"
    whole = volume.read_bytes()
    volume.write_bytes(whole[:100])
    again = run_again()
    assert again.returncode == 0
    assert f"{volume.name} is empty or truncated; computed again" in again.stderr
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
