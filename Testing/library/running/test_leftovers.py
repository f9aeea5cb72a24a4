"""What a killed process has left is removed by the next one; what may be in use never is."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ArSSRLib.running import leftovers
from ArSSRLib.running.leftovers import clear_leftovers, temporary_name

ACCESS_DENIED, NO_SUCH_NUMBER = 5, 87
RUNS, HAS_ENDED = 0x102, 0
NameOf = Callable[[int], str]


@pytest.fixture
def dead() -> int:
    """Number of a process that is gone."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


@pytest.fixture
def name_of(monkeypatch: pytest.MonkeyPatch) -> NameOf:
    """A name for a temporary file as the process of that number would give it."""

    def name(pid: int) -> str:
        with monkeypatch.context() as patch:
            patch.setattr(os, "getpid", lambda: pid)
            return temporary_name(".tmp")

    return name


def test_files_and_folders_of_a_dead_process_are_removed(
    tmp_path: Path, name_of: NameOf, dead: int
) -> None:
    (tmp_path / name_of(dead)).write_bytes(b"half a result")
    folder = tmp_path / name_of(dead)
    folder.mkdir()
    (folder / "input.nrrd").write_bytes(b"voxels")
    clear_leftovers(tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="only Linux tells zombies")
def test_a_process_that_has_ended_is_dead_before_its_parent_asks(
    tmp_path: Path, name_of: NameOf
) -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        leftover = tmp_path / name_of(process.pid)
        leftover.touch()
        clear_leftovers(tmp_path)
        assert not leftover.exists()


def test_what_may_be_in_use_or_is_no_leftover_stays(
    tmp_path: Path, name_of: NameOf, dead: int
) -> None:
    kept = {
        tmp_path / name_of(os.getpid()),
        tmp_path / name_of(os.getppid()),
        tmp_path / name_of(10**30),  # no number of a process here
        tmp_path / name_of(dead).replace(leftovers._MACHINE, "00000000"),  # of another computer
        tmp_path / ".arssr-part-of-a-user.tmp",
    }
    for path in kept:
        path.touch()
    clear_leftovers(tmp_path)
    assert set(tmp_path.iterdir()) == kept


def test_a_number_that_a_later_process_got_does_not_keep_a_leftover(
    tmp_path: Path, name_of: NameOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leftovers, "_start_of", lambda pid: "100")
    (tmp_path / name_of(os.getppid())).touch()
    monkeypatch.setattr(leftovers, "_start_of", lambda pid: "200")
    clear_leftovers(tmp_path)
    assert list(tmp_path.iterdir()) == []


class Kernel:
    """Windows' answers about one process; remembers what was opened and is still open.

    ``state`` is what waiting for it says, or None where it cannot be opened.
    """

    def __init__(self, state: int | None) -> None:
        self.state, self.asked, self.open = state, [], set()
        self.OpenProcess = self._Open(self)

    class _Open:
        """A function of ctypes, which takes the type of its result as an attribute."""

        def __init__(self, kernel: Kernel) -> None:
            self.kernel, self.restype = kernel, ctypes.c_int

        def __call__(self, access: int, inherited: bool, pid: int) -> int | None:
            self.kernel.asked.append(pid)
            if self.kernel.state is None:
                return None
            self.kernel.open.add(2**40)
            return 2**40 if self.restype is ctypes.c_void_p else 0

    def WaitForSingleObject(self, handle: ctypes.c_void_p, milliseconds: int) -> int | None:
        assert handle.value in self.open
        assert milliseconds == 0
        return self.state

    def CloseHandle(self, handle: ctypes.c_void_p) -> None:
        self.open.remove(handle.value)


@pytest.mark.parametrize(
    ("state", "error", "stays"),
    [
        (RUNS, 0, True),
        (HAS_ENDED, 0, False),
        (None, ACCESS_DENIED, True),
        (None, NO_SUCH_NUMBER, False),
    ],
)
def test_on_windows_a_process_is_asked_about_and_not_ended(
    tmp_path: Path,
    name_of: NameOf,
    monkeypatch: pytest.MonkeyPatch,
    state: int | None,
    error: int,
    stays: bool,
) -> None:
    kernel, ended = Kernel(state), []
    monkeypatch.setattr(leftovers, "_ON_WINDOWS", True)
    monkeypatch.setattr(leftovers, "_start_of", lambda pid: "0")  # Windows has no /proc
    monkeypatch.setattr(ctypes, "WinDLL", lambda name, use_last_error: kernel, raising=False)
    monkeypatch.setattr(ctypes, "get_last_error", lambda: error, raising=False)
    monkeypatch.setattr(os, "kill", lambda *arguments: ended.append(arguments))
    (tmp_path / name_of(4321)).touch()
    clear_leftovers(tmp_path)
    assert bool(list(tmp_path.iterdir())) == stays
    assert kernel.asked == [4321]
    assert kernel.open == set()
    assert ended == []
