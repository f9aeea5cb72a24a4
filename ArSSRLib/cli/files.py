"""Reading and writing volumes without the noise that the C libraries print beneath."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..volume import Volume


def read(path: str, volume_index: int | None = None) -> Volume:
    """:func:`ArSSRLib.volume.read_volume`, quietly."""
    from ..volume import read_volume

    with _native_stderr_closed():
        return read_volume(path, volume_index)


def write(volume: Volume, path: str, overwrite: bool) -> None:
    """:func:`ArSSRLib.volume.write_volume`, quietly."""
    from ..volume import write_volume

    with _native_stderr_closed():
        write_volume(volume, path, overwrite)


@contextmanager
def _native_stderr_closed() -> Iterator[None]:
    """ITK, GDCM and the NIfTI library write to file descriptor 2 beside raising an error.

    What Python itself prints meanwhile, a warning, still arrives.
    """
    kept = os.dup(2)
    python_stderr = sys.stderr
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        sys.stderr = open(os.dup(kept), "w", encoding="utf-8", errors="replace")
        os.dup2(nowhere, 2)
        yield
    finally:
        sys.stderr.close()
        sys.stderr = python_stderr
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
