"""Volumes are found in folders and lists; hidden files and unfinished parts are not volumes."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from ArSSRLib.errors import InputError
from ArSSRLib.volumes.files.search import find_volumes


@pytest.fixture
def scans(tmp_path: Path, cortex_path: Path) -> Path:
    folder = tmp_path / "scans"
    (folder / "deep" / "deeper").mkdir(parents=True)
    for name in ("a.nii.gz", "deep/b.nii.gz", "deep/deeper/c.nii.gz"):
        shutil.copy(cortex_path, folder / name)
    return folder


@pytest.mark.parametrize(
    "hidden",
    ["._a.nii.gz", ".arssr-part-host-1-x.nii.gz", ".cache/a.nii.gz", "deep/.git/annex/b.nii.gz"],
)
def test_hidden_files_and_folders_hold_no_volumes(scans: Path, hidden: str) -> None:
    (scans / hidden).parent.mkdir(parents=True, exist_ok=True)
    (scans / hidden).write_bytes(b"\0\5\x16\7")
    names = [path.relative_to(scans).as_posix() for path in find_volumes([scans])]
    assert names == ["a.nii.gz", "deep/b.nii.gz", "deep/deeper/c.nii.gz"]


def test_a_data_folder_below_a_hidden_one_is_searched(tmp_path: Path, cortex_path: Path) -> None:
    folder = tmp_path / ".hidden" / "data"
    folder.mkdir(parents=True)
    shutil.copy(cortex_path, folder / "a.nii.gz")
    assert find_volumes([folder]) == [folder / "a.nii.gz"]


def test_of_a_pair_the_header_is_the_volume(scans: Path) -> None:
    for name in ("p.hdr", "p.img"):
        (scans / name).write_bytes(b"")
    assert scans / "p.hdr" in find_volumes([scans])
    assert scans / "p.img" not in find_volumes([scans])


@pytest.mark.parametrize(
    "lists", [("one.txt",), ("one.txt", "two.txt"), ("a.txt", "b.txt", "c.txt")]
)
def test_lists_that_name_themselves_are_refused(tmp_path: Path, lists: tuple[str, ...]) -> None:
    for n, name in enumerate(lists):
        (tmp_path / name).write_text(str(tmp_path / lists[(n + 1) % len(lists)]) + "\n")
    with pytest.raises(InputError, match="contains itself"):
        find_volumes([tmp_path / lists[0]])


def test_a_list_may_be_named_twice(scans: Path, tmp_path: Path) -> None:
    (tmp_path / "all.txt").write_text(f"{scans / 'a.nii.gz'}\n")
    (tmp_path / "lists.txt").write_text(f"{tmp_path / 'all.txt'}\n{tmp_path / 'all.txt'}\n")
    assert find_volumes([tmp_path / "lists.txt"]) == [scans / "a.nii.gz"] * 2


def test_a_line_that_names_nothing_is_reported_with_its_list(tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_text("missing.nii.gz\n")
    with pytest.raises(InputError, match=r"'missing\.nii\.gz', which the list .*list\.txt"):
        find_volumes([tmp_path / "list.txt"])
