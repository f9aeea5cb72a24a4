"""Reading and writing volumes without the noise that the C libraries print beneath."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..volumes.volume import Volume


def read(path: str, volume_index: int | None = None) -> Volume:
    """:func:`ArSSRLib.volumes.files.reading.read_volume`, quietly."""
    from ..volumes.files.reading import read_volume

    with _native_stderr_closed():
        return read_volume(path, volume_index)


def write(
    volume: Volume, path: str, overwrite: bool, last_moment: Callable[[], None] | None = None
) -> None:
    """:func:`ArSSRLib.volumes.files.writing.write_volume`, quietly."""
    from ..volumes.files.writing import write_volume

    with _native_stderr_closed():
        write_volume(volume, path, overwrite, last_moment)


@contextmanager
def _native_stderr_closed() -> Iterator[None]:
    """ITK, GDCM and the NIfTI library write to file descriptor 2 beside raising an error.

    What Python itself prints meanwhile, a warning, still arrives.
    """
    try:
        kept = os.dup(2)
    except OSError:
        # The program was started with stderr closed: there is nothing to keep quiet.
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        with (
            os.fdopen(os.dup(kept), "w", encoding="utf-8", errors="replace") as heard,
            redirect_stderr(heard),
        ):
            os.dup2(nowhere, 2)
            yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
