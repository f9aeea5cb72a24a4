"""One run per folder: two at once would overwrite each other's files."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import InputError


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
    held = [handle]
    # Otherwise a data-loading worker would hold the lock for a while after this process's death.
    os.register_at_fork(after_in_child=lambda: _let_go(held))
    try:
        yield
    finally:
        _let_go(held)


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


def _let_go(held: list[int]) -> None:
    while held:
        os.close(held.pop())
