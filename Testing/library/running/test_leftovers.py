"""Temporary files of killed processes are removed after a day; what may be in use never is."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from ArSSRLib.running import leftovers
from ArSSRLib.running.leftovers import clear_leftovers, scratch_folder, temporary_name

DAY = 24 * 3600


def _aged(path: Path, seconds: float) -> Path:
    """A file, or a folder with a file in it, last changed so many seconds ago."""
    if path.suffix == ".folder":
        path.mkdir()
        (path / "input.nrrd").write_bytes(b"voxels")
    else:
        path.write_bytes(b"half a result")
    then = time.time() - seconds
    os.utime(path, (then, then))
    return path


@pytest.mark.parametrize("ending", [".nii.gz", ".folder"])
def test_what_nobody_has_changed_for_a_day_is_removed(tmp_path: Path, ending: str) -> None:
    _aged(tmp_path / temporary_name(ending), 2 * DAY)
    clear_leftovers(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_what_may_be_in_use_and_files_of_the_user_stay(tmp_path: Path) -> None:
    kept = {
        _aged(tmp_path / temporary_name(".nii.gz"), DAY / 2),
        _aged(tmp_path / temporary_name(".folder"), DAY / 2),
        _aged(tmp_path / temporary_name(".nii.gz"), -2 * DAY),  # The clock was set back.
        _aged(tmp_path / ".arssr-part-of-a-user.tmp", 9 * DAY),
        _aged(tmp_path / "head.nii.gz", 9 * DAY),
    }
    clear_leftovers(tmp_path)
    assert set(tmp_path.iterdir()) == kept


def test_a_file_that_is_written_for_more_than_a_day_stays(tmp_path: Path) -> None:
    path = _aged(tmp_path / temporary_name(".nii.gz"), 3 * DAY)
    with path.open("ab") as stream:
        stream.write(b"the next slices")
    clear_leftovers(tmp_path)
    assert path.exists()


def test_a_scratch_folder_stays_young_for_as_long_as_it_is_in_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leftovers.tempfile, "gettempdir", lambda: str(tmp_path))
    monkeypatch.setattr(leftovers, "_SECONDS_BETWEEN_TOUCHES", 0.01)
    with scratch_folder() as folder:
        then = time.time() - 2 * DAY
        os.utime(folder, (then, then))
        while folder.stat().st_mtime < time.time() - DAY:
            time.sleep(0.01)
        clear_leftovers(tmp_path)
        assert folder.exists()
    assert not folder.exists()


def test_a_link_is_removed_and_not_what_is_behind_it(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.mkdir()
    link = tmp_path / temporary_name(".tmp")
    link.symlink_to(precious)
    then = time.time() - 2 * DAY
    os.utime(link, (then, then), follow_symlinks=False)
    clear_leftovers(tmp_path)
    assert list(tmp_path.iterdir()) == [precious]


def test_a_folder_that_does_not_exist_has_no_leftovers(tmp_path: Path) -> None:
    clear_leftovers(tmp_path / "missing")
