"""Files that appear complete or not at all.

A file is written under a temporary name in its own folder and moved to its place when whole. The
temporary name holds the machine and the process, so that the next run can clear away what a
killed one has left, and nothing else.
"""

from __future__ import annotations

import os
import platform
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .errors import EnvironmentFault, InputError

_PREFIX = ".arssr-part-"
_HOST = re.sub(r"[^A-Za-z0-9]", "", platform.node())[:32] or "host"
_NAME = re.compile(re.escape(_PREFIX) + r"(?P<host>[A-Za-z0-9]+)-(?P<pid>\d+)-[0-9a-f]+\.")


def check_output_place(path: str | os.PathLike[str], overwrite: bool) -> Path:
    """The absolute path of an output, once it is certain that it may be written.

    Args:
        path: the file to come.
        overwrite: whether an existing file may be replaced.

    Raises:
        InputError: the folder does not exist or cannot be written, the path is a folder, or the
            file exists and may not be replaced.
    """
    target = Path(path).absolute()
    if not target.parent.is_dir():
        raise InputError(f"The folder {str(target.parent)!r} does not exist; create it first.")
    if target.is_dir():
        raise InputError(f"The output {str(path)!r} is a folder; give a file name.")
    if target.exists() and not overwrite:
        raise InputError(
            f"The output {str(path)!r} exists; choose another name or allow it to be replaced "
            "(--force)."
        )
    if not os.access(target.parent, os.W_OK | os.X_OK):
        raise InputError(
            f"The folder {str(target.parent)!r} cannot be written; choose another output."
        )
    return target


@contextmanager
def replacing(
    path: str | os.PathLike[str], overwrite: bool = False, suffix: str | None = None
) -> Iterator[Path]:
    """A temporary path to write to; at the end of the block it becomes ``path`` in one step.

    Whatever ends the block early, an error, a cancel, Ctrl-C, removes the temporary file.

    Args:
        path: the file to come.
        overwrite: whether an existing file may be replaced.
        suffix: ending of the temporary name, for writers that go by it; that of ``path`` by
            default.

    Yields:
        the temporary path, in the folder of ``path``.

    Raises:
        InputError: see :func:`check_output_place`.
        EnvironmentFault: the disk is full or refuses the file.
    """
    target = check_output_place(path, overwrite)
    clear_leftovers(target.parent)
    ending = "".join(target.suffixes[-1:]) if suffix is None else suffix
    temporary = target.parent / (
        f"{_PREFIX}{_HOST}-{os.getpid()}-{secrets.token_hex(6)}{ending or '.tmp'}"
    )
    try:
        yield temporary
        _flush_to_disk(temporary)
        if not overwrite and target.exists():
            raise InputError(f"The output {str(path)!r} has appeared meanwhile; it was left alone.")
        os.replace(temporary, target)
    except OSError as error:
        raise EnvironmentFault(
            f"The file {str(path)!r} cannot be written: {error.strerror or error}."
        ) from error
    finally:
        temporary.unlink(missing_ok=True)


def clear_leftovers(folder: Path) -> None:
    """Removes temporary files in ``folder`` whose process on this machine has died."""
    try:
        names = [entry.name for entry in os.scandir(folder) if entry.name.startswith(_PREFIX)]
    except OSError:
        return
    for name in names:
        match = _NAME.match(name)
        if match and match["host"] == _HOST and not _is_running(int(match["pid"])):
            try:
                (folder / name).unlink(missing_ok=True)
            except OSError:
                # Somebody else's file in a shared folder: it is theirs to remove.
                continue


def _flush_to_disk(path: Path) -> None:
    with open(path, "rb+") as stream:
        os.fsync(stream.fileno())


def _is_running(pid: int) -> bool:
    if os.name == "nt":
        # On Windows os.kill(pid, 0) would end the process; a leftover is then kept.
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
