"""Temporary files and folders whose names tell the next run that their process is dead.

A process that is killed cannot remove its temporary files. Their names hold the machine, the
process and when it started, so that the next run clears away exactly those, and never one that
is in use.
"""

from __future__ import annotations

import ctypes
import os
import platform
import re
import secrets
import shutil
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_PREFIX = ".arssr-part-"
_UNKNOWN = "0"
_ZOMBIE = "Z"
"""The first field of /proc/PID/stat after the program's name, once a process has ended."""
_START_FIELD = 19
"""Of /proc/PID/stat, counted after the program's name: clock ticks from boot to start."""
_ON_WINDOWS = os.name == "nt"
_SYNCHRONIZE = 0x00100000
_WAIT_TIMEOUT = 0x102
_ERROR_ACCESS_DENIED = 5


def _machine() -> str:
    """The host, and on Linux the container: process numbers mean nothing in another one."""
    try:
        space = os.readlink("/proc/self/ns/pid")
    except OSError:
        space = ""
    return f"{zlib.crc32(f'{platform.node()} {space}'.encode(errors='replace')):08x}"


_MACHINE = _machine()
_NAME = re.compile(
    re.escape(_PREFIX) + r"(?P<machine>[0-9a-f]{8})-(?P<pid>\d+)-(?P<start>\d+)-[0-9a-f]+\."
)


def temporary_name(ending: str) -> str:
    """A new name for a temporary file or folder of this process, ending in ``.tmp`` or the like."""
    pid = os.getpid()
    return f"{_PREFIX}{_MACHINE}-{pid}-{_start_of(pid)}-{secrets.token_hex(4)}{ending}"


def clear_leftovers(folder: Path) -> None:
    """Removes what dead processes of this machine have left in ``folder``."""
    try:
        names = [entry.name for entry in os.scandir(folder) if entry.name.startswith(_PREFIX)]
    except OSError:
        return
    for name in names:
        match = _NAME.match(name)
        if match and match["machine"] == _MACHINE and not _lives(int(match["pid"]), match["start"]):
            _remove(folder / name)


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """A folder for temporary files in the system's place for them; removed at the end."""
    place = Path(tempfile.gettempdir())
    clear_leftovers(place)
    folder = place / temporary_name(".tmp")
    folder.mkdir(mode=0o700)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _remove(path: Path) -> None:
    try:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    except OSError:
        # Somebody else's in a shared folder: it is theirs to remove.
        return


def _lives(pid: int, start: str) -> bool:
    """Whether the process that was given this number then still runs."""
    now = _start_of(pid)
    known_to_be_another = _UNKNOWN not in (start, now) and start != now
    return _number_is_taken(pid) and not known_to_be_another and not _has_ended(pid)


def _number_is_taken(pid: int) -> bool:
    if _ON_WINDOWS:  # where os.kill(pid, 0) would end the process
        return _number_is_taken_on_windows(pid)
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True


def _number_is_taken_on_windows(pid: int) -> bool:
    kernel = ctypes.WinDLL("kernel32", use_last_error=True)  # type: ignore[attr-defined]
    kernel.OpenProcess.restype = ctypes.c_void_p
    handle = kernel.OpenProcess(_SYNCHRONIZE, False, pid)
    if not handle:
        return ctypes.get_last_error() == _ERROR_ACCESS_DENIED  # type: ignore[attr-defined]
    try:
        # A process that has ended keeps its number for as long as somebody holds it open.
        return kernel.WaitForSingleObject(ctypes.c_void_p(handle), 0) == _WAIT_TIMEOUT
    finally:
        kernel.CloseHandle(ctypes.c_void_p(handle))


def _has_ended(pid: int) -> bool:
    """Whether a process keeps its number for nothing but its parent to ask how it ended.

    In a container that may be for good: its first process is often a program that never asks.
    """
    return _status_of(pid)[:1] == [_ZOMBIE]


def _start_of(pid: int) -> str:
    """When a process started; a later one of the same number started later."""
    fields = _status_of(pid)
    return fields[_START_FIELD] if len(fields) > _START_FIELD else _UNKNOWN


def _status_of(pid: int) -> list[str]:
    """The fields of /proc/PID/stat after the program's name; none where there is no such file."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    return text.rpartition(")")[2].split()
