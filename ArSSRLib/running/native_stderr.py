"""Silences what C libraries print."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr


@contextmanager
def native_stderr_silenced() -> Iterator[None]:
    """Within the block, file descriptor 2 leads to /dev/null; what Python prints still arrives.

    ITK, GDCM and the NIfTI library print to it, besides raising an error.
    """
    try:
        kept = os.dup(2)
    except OSError:
        # The program was started with stderr closed: nothing can be printed.
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        with (
            os.fdopen(os.dup(kept), "w", encoding="utf-8", errors="replace") as python_stderr,
            redirect_stderr(python_stderr),
        ):
            os.dup2(nowhere, 2)
            yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
