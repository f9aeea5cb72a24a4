"""Worker processes that end when the program that started them is gone."""

from __future__ import annotations

import os
import threading
import time

_SECONDS_BETWEEN_LOOKS = 0.5
_WATCHED: set[int] = set()


def end_with(parent: int) -> None:
    """Ends this process soon after ``parent``, which must have started it, has died.

    A killed parent cannot end its workers, and one in the middle of a long computation would go
    on with it. Called in the parent itself, or again in the same worker, this does nothing.

    Args:
        parent: process number.
    """
    if os.name == "nt" or os.getpid() == parent or parent in _WATCHED:
        return
    _WATCHED.add(parent)
    threading.Thread(target=_watch, args=(parent,), daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_SECONDS_BETWEEN_LOOKS)
    os._exit(1)
