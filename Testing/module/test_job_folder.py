"""The temporary folder of a run: room on the disk, removal, leftovers, names for the child."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest


@pytest.fixture
def folder(slicer, tmp_path, monkeypatch):
    """An empty temporary folder of Slicer's, with a name that not every program can open."""
    from ArSSRModule.run import job_folder

    path = tmp_path / "Zoë"
    path.mkdir()
    monkeypatch.setattr(job_folder, "temporaryFolder", lambda: path)
    return path


@pytest.fixture
def process_that_ended():
    """Id of a process that is gone."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


@pytest.fixture
def left_by(folder, monkeypatch):
    """A folder of a run, with a file in it, as the process of that id would make it."""
    from ArSSRModule.run.job_folder import JobFolder

    def leave(process_id: int) -> Path:
        with monkeypatch.context() as patch:
            patch.setattr(os, "getpid", lambda: process_id)
            path = JobFolder(0).path
        (path / "input.nrrd").write_bytes(b"voxels")
        return path

    return leave


def test_a_disk_without_room_is_noticed_before_the_run(folder, apply, monkeypatch, children):
    usage = shutil.disk_usage(folder)._replace(free=100_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    text = apply()
    assert str(folder) in text
    assert "0 MB free and the run needs 2 MB" in text
    assert "Temporary directory" in text
    assert list(folder.iterdir()) == []


def test_a_temporary_folder_that_is_gone_is_named(folder, apply):
    folder.rmdir()
    text = apply()
    assert str(folder) in text
    assert "Temporary directory" in text
    assert "Errno" not in text


@pytest.mark.parametrize("name", ["WriteImage", "ReadImage"])
def test_a_file_fault_names_the_folder_and_the_remedy(folder, apply, monkeypatch, caplog, name):
    from ArSSRModule.scene.volume_files import sitk

    def elsewhere(*arguments, **options):
        *image, path = arguments
        return original(*image, str(Path(path).parent / "missing" / "file.nrrd"), **options)

    original = getattr(sitk, name)
    monkeypatch.setattr(sitk, name, elsewhere)
    text = apply()
    assert str(folder) in text
    assert "Temporary directory" in text
    assert "Exception thrown" not in text
    assert "Exception thrown" in caplog.text


def test_a_folder_that_is_held_for_a_moment_is_removed_later(folder, apply, monkeypatch, wait):
    refused = []

    def held_at_first(path, **options):
        if len(refused) < 3:
            refused.append(path)
        else:
            remove(path, **options)

    remove = shutil.rmtree
    monkeypatch.setattr(shutil, "rmtree", held_at_first)
    assert "Done" in apply()
    assert len(list(folder.iterdir())) == 1
    wait(lambda: list(folder.iterdir()) == [])
    assert len(refused) == 3


def test_what_a_killed_slicer_left_is_removed_by_the_next_run(
    folder, apply, left_by, process_that_ended
):
    left = left_by(process_that_ended)
    two_days_ago = time.time() - 2 * 86400
    for path in (*left.iterdir(), left):
        os.utime(path, (two_days_ago, two_days_ago))
    assert "Done" in apply()
    assert not left.exists()


def test_folders_that_may_be_in_use_are_left_alone(folder, apply, left_by, process_that_ended):
    kept = [left_by(os.getppid()), left_by(os.getpid()), folder / "ArSSR-mine"]
    kept[-1].mkdir()
    assert "Done" in apply()
    assert sorted(folder.iterdir()) == sorted(kept)


def test_on_windows_the_child_gets_a_name_that_its_simpleitk_can_open(
    folder, apply, monkeypatch, tmp_path
):
    from ArSSRModule.run import job_folder, machine
    from ArSSRModule.run.worker import Worker

    def short(path):
        return path.replace("Zoë", "ZO~1")

    def recorded(worker, request):
        requests.append(request)
        return order(worker, request)

    (tmp_path / "ZO~1").symlink_to(folder)
    requests, order = [], Worker.order
    monkeypatch.setattr(job_folder, "ON_WINDOWS", True)
    monkeypatch.setattr(machine, "shortName", short)
    monkeypatch.setattr(Worker, "order", recorded)
    assert "Done" in apply()
    assert len(requests) == 2
    for request in requests:
        for path in (request["source"], request["output"]):
            assert "ZO~1" in path and path.isascii()


def test_elsewhere_the_child_gets_the_folder_s_own_name(folder):
    from ArSSRModule.run.job_folder import JobFolder

    made = JobFolder(0)
    assert made.forChild == made.path
    assert made.path.parent == folder
    made.remove()
    assert not made.path.exists()
