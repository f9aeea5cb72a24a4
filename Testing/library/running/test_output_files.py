"""A file appears complete or not at all."""

from __future__ import annotations

import errno
import os
import time
from pathlib import Path

import pytest
from child_process import run_python

from ArSSRLib.errors import EnvironmentFault, InputError
from ArSSRLib.running import output_files
from ArSSRLib.running.output_files import (
    check_output_place,
    folders_kept_if_used,
    make_folder,
    replacing,
)


def test_the_file_appears_when_the_block_ends(tmp_path: Path) -> None:
    target = tmp_path / "result.txt"
    with replacing(target) as temporary:
        temporary.write_text("whole")
        assert temporary.parent == tmp_path
        assert not target.exists()
    assert target.read_text() == "whole"
    assert os.listdir(tmp_path) == ["result.txt"]


@pytest.mark.parametrize("failure", [RuntimeError, KeyboardInterrupt, MemoryError])
def test_nothing_is_left_when_the_block_fails(tmp_path: Path, failure: type[BaseException]) -> None:
    with pytest.raises(failure), replacing(tmp_path / "result.txt") as temporary:
        temporary.write_text("half")
        raise failure
    assert os.listdir(tmp_path) == []


def test_a_failure_keeps_the_file_that_was_there(tmp_path: Path) -> None:
    target = tmp_path / "result.txt"
    target.write_text("old")
    with pytest.raises(RuntimeError), replacing(target, overwrite=True) as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert target.read_text() == "old"


def test_an_existing_file_is_not_replaced_unless_asked(tmp_path: Path) -> None:
    target = tmp_path / "result.txt"
    target.write_text("old")
    with pytest.raises(InputError, match="exists"), replacing(target):
        pass
    with replacing(target, overwrite=True) as temporary:
        temporary.write_text("new")
    assert target.read_text() == "new"


def test_a_file_that_appears_during_the_run_is_left_alone(tmp_path: Path) -> None:
    target = tmp_path / "result.txt"
    with (
        pytest.raises(InputError, match="created by another program"),
        replacing(target) as temporary,
    ):
        temporary.write_text("mine")
        target.write_text("theirs")
    assert target.read_text() == "theirs"
    assert os.listdir(tmp_path) == ["result.txt"]


def test_what_a_killed_process_leaves_is_cleared_away_after_a_day(tmp_path: Path) -> None:
    target = tmp_path / "result.txt"
    script = (
        "import os, signal\nfrom ArSSRLib.running.output_files import replacing\n"
        f"with replacing({str(target)!r}) as t:\n"
        "    t.write_text('half')\n    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    run_python("-c", script)
    (leftover,) = tmp_path.iterdir()
    a_day_ago = time.time() - 25 * 3600
    os.utime(leftover, (a_day_ago, a_day_ago))
    mine = tmp_path / "other.txt"
    with replacing(mine) as temporary:
        temporary.write_text("whole")
    assert os.listdir(tmp_path) == ["other.txt"]


def test_the_temporary_file_of_another_run_is_kept(tmp_path: Path) -> None:
    with replacing(tmp_path / "first.txt") as first:
        first.write_text("first")
        with replacing(tmp_path / "second.txt") as second:
            second.write_text("second")
        assert first.exists()


def test_missing_folders_and_folders_as_output_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        check_output_place(tmp_path / "missing" / "result.txt", False)
    with pytest.raises(InputError, match="is a folder"):
        check_output_place(tmp_path, True)


def test_a_writer_that_writes_nothing_is_an_environment_fault(tmp_path: Path) -> None:
    with pytest.raises(EnvironmentFault), replacing(tmp_path / "result.txt"):
        pass


def test_a_folder_that_another_choice_would_avoid_is_refused_as_input(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("taken")
    for folder in (tmp_path / "file" / "below", tmp_path / ("x" * 300)):
        with pytest.raises(InputError, match="cannot be created"):
            make_folder(folder)


def test_a_folder_on_a_full_disk_is_a_fault_of_the_system(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "mkdir", full)
    with pytest.raises(EnvironmentFault, match=r"No space left on device.*free some disk space"):
        make_folder(tmp_path / "new")


def test_folders_that_stay_empty_are_removed_again(tmp_path: Path) -> None:
    there = tmp_path / "there"
    there.mkdir()
    with folders_kept_if_used([there, tmp_path / "a" / "b", tmp_path / "a" / "c"]):
        (tmp_path / "a" / "c" / "result.txt").write_text("whole")
    assert sorted(p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*")) == [
        "a", "a/c", "a/c/result.txt", "there",
    ]  # fmt: skip


@pytest.mark.parametrize(("call", "overwrite"), [("link", False), ("replace", True)])
def test_a_request_that_a_network_drive_repeats_is_done_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str, overwrite: bool
) -> None:
    """The first answer is lost; the second says that the name is taken, or the source gone."""
    original = getattr(os, call)

    def repeated(source: Path, target: Path) -> None:
        original(source, target)
        original(source, target)

    target = tmp_path / "result.txt"
    target.write_text("old") if overwrite else None
    with monkeypatch.context() as patch, replacing(target, overwrite) as temporary:
        temporary.write_text("whole")
        patch.setattr(os, call, repeated)
    assert target.read_text() == "whole"
    assert os.listdir(tmp_path) == ["result.txt"]


def test_a_drive_without_hard_links_gets_the_file_by_renaming(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", refused)
    with replacing(tmp_path / "result.txt") as temporary:
        temporary.write_text("whole")
    assert os.listdir(tmp_path) == ["result.txt"]
    with pytest.raises(InputError, match="already exists"), replacing(tmp_path / "result.txt"):
        pass


@pytest.mark.parametrize("number", [errno.EBUSY, errno.ESTALE])
def test_a_file_that_another_computer_has_open_is_replaced_a_moment_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    original, refusals = os.replace, [number, number]

    def in_use(source: Path, target: Path) -> None:
        if refusals:
            raise OSError(refusals.pop(), "in use")
        original(source, target)

    target = tmp_path / "result.txt"
    target.write_text("old")
    monkeypatch.setattr(os, "replace", in_use)
    with replacing(target, overwrite=True) as temporary:
        temporary.write_text("new")
    assert target.read_text() == "new"
    assert os.listdir(tmp_path) == ["result.txt"]


def test_a_file_that_stays_open_elsewhere_is_kept_and_the_reason_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The drive refuses the removal of the temporary file too, as where it becomes ``.nfs…``."""

    def busy(*_: object, **__: object) -> None:
        raise OSError(errno.EBUSY, "Device or resource busy")

    target = tmp_path / "result.txt"
    target.write_text("old")
    with monkeypatch.context() as patch:
        patch.setattr(output_files, "_PAUSES_SECONDS", (0.0, 0.0))
        patch.setattr(os, "replace", busy)
        patch.setattr(Path, "unlink", busy)
        with pytest.raises(EnvironmentFault, match="close the programs that have it open"):
            _write_over(target)
    assert target.read_text() == "old"


def _write_over(target: Path) -> None:
    with replacing(target, overwrite=True) as temporary:
        temporary.write_text("new")
