"""One run per folder: two at once would overwrite each other's files."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import InputError

_held: set[int] = set()
"""The open folders that this process has locked."""


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Keeps other runs out of ``folder`` until the block, or this process, ends.

    The lock goes with the process, however that ends. Windows and some network file systems have no
    such locks: there no run is kept out.

    Raises:
        InputError: another run is in the folder.
    """
    handle = _locked(folder)
    if handle is None:
        yield
        return
    _held.add(handle)
    try:
        yield
    finally:
        if handle in _held:
            _held.remove(handle)
            os.close(handle)


def _locked(folder: Path) -> int | None:
    """The open folder with its lock, or None where locks are not supported."""
    if sys.platform == "win32":
        return None
    import fcntl

    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        raise InputError(
            f"Another run is training in {str(folder)!r}; wait for its end, stop it, or name "
            "another folder."
        ) from None
    except OSError:
        os.close(handle)
        return None
    return handle


def _unlock_in_child() -> None:
    """A forked data-loading worker must not hold the lock after this process's death."""
    while _held:
        os.close(_held.pop())


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_unlock_in_child)
