"""Temporary files and folders, and the removal of those that killed processes have left.

A process that is killed cannot remove its temporary files. The next one removes those that nobody
has written to for a day, whichever computer they are from: the folder may be on a network drive.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_PREFIX = ".arssr-part-"
_NAME = re.compile(re.escape(_PREFIX) + r"[0-9a-f]{16}\.")
_SECONDS_UNTIL_ABANDONED = 24 * 3600.0
_SECONDS_BETWEEN_TOUCHES = 3600.0


def temporary_name(ending: str) -> str:
    """A new name for a temporary file or folder, ending in ``.tmp`` or the like."""
    return f"{_PREFIX}{secrets.token_hex(8)}{ending}"


def clear_leftovers(folder: Path) -> None:
    """Removes temporary files and folders in ``folder`` that are more than a day old.

    The age counts from the last change, so that a file that is being written stays.
    """
    with suppress(OSError):
        for entry in os.scandir(folder):
            if _NAME.match(entry.name) and _age(entry) > _SECONDS_UNTIL_ABANDONED:
                _remove(Path(entry.path))


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """A folder for temporary files in the system's place for them; removed at the end.

    However long the block lasts, other processes do not take the folder for a leftover.
    """
    place = Path(tempfile.gettempdir())
    clear_leftovers(place)
    folder = place / temporary_name(".tmp")
    folder.mkdir(mode=0o700)
    ended = threading.Event()
    threading.Thread(target=_keep_young, args=(folder, ended), daemon=True).start()
    try:
        yield folder
    finally:
        ended.set()
        shutil.rmtree(folder, ignore_errors=True)


def _keep_young(folder: Path, ended: threading.Event) -> None:
    while not ended.wait(_SECONDS_BETWEEN_TOUCHES):
        with suppress(OSError):
            os.utime(folder)


def _age(entry: os.DirEntry[str]) -> float:
    """Seconds since the last change; negative after the clock was set back."""
    try:
        return time.time() - entry.stat(follow_symlinks=False).st_mtime
    except OSError:
        return 0.0


def _remove(path: Path) -> None:
    # A file of another user in a shared folder stays: only that user may remove it.
    with suppress(OSError):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
