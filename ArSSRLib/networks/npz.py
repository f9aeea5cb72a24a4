"""Arrays of a numpy archive (.npz) that may come from anywhere.

What an array claims about itself is read before memory is asked for, and nothing is unpickled.
"""

from __future__ import annotations

import os
import zipfile
import zlib
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from ..errors import InputError

DAMAGED_ARCHIVE = (
    ValueError,
    TypeError,
    SyntaxError,
    OSError,
    EOFError,
    RuntimeError,
    OverflowError,
    KeyError,
    zipfile.BadZipFile,
    zlib.error,
)
"""What numpy and zipfile raise on a truncated, foreign or corrupted archive (RuntimeError covers
claims of encryption and NotImplementedError those of unknown compression)."""
_LARGEST_DIRECTORY = 4 << 20
"""Bytes of the table of contents: enough for tens of thousands of arrays."""
_END_RECORD = b"PK\x05\x06"
_END_BYTES = 22


class NumpyArchive:
    """A numpy archive that is open for reading.

    Raises:
        InputError: no such file, not such an archive, or it cannot be read.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = str(path)
        try:
            _check_directory(Path(path))
            self._zip = zipfile.ZipFile(path)
        except DAMAGED_ARCHIVE as error:
            if isinstance(error, OSError) and error.strerror:
                raise InputError(
                    f"The file {self.path!r} cannot be read ({error.strerror}); check its "
                    "permissions and its disk."
                ) from error
            raise InputError(
                f"The file {self.path!r} is not a readable ArSSR model; choose a .npz model file, "
                "or import it first if it is a published state dict."
            ) from error

    def __enter__(self) -> NumpyArchive:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._zip.close()

    def claim(self, name: str) -> tuple[tuple[int, ...], np.dtype[Any]]:
        """Shape and type that an array says it has; nothing more of it is read.

        Raises:
            one of DAMAGED_ARCHIVE: no such array, or it is damaged.
        """
        with self._zip.open(f"{name}.npy") as stream:
            # A header of format 1 has at most 64 KiB; the others may claim any size.
            if np.lib.format.read_magic(stream) != (1, 0):
                raise ValueError("array format")
            shape, _, dtype = np.lib.format.read_array_header_1_0(stream)
        return shape, dtype

    def read(self, name: str) -> Any:
        """An array. Look at its :meth:`claim` first: this asks for the memory it claims.

        Raises:
            one of DAMAGED_ARCHIVE: no such array, or it is damaged.
        """
        with self._zip.open(f"{name}.npy") as stream:
            return np.lib.format.read_array(stream, allow_pickle=False)


def _check_directory(path: Path) -> None:
    """Refuses a file that does not end as numpy's archives do, or whose contents take memory."""
    with path.open("rb") as stream:
        stream.seek(max(0, path.stat().st_size - _END_BYTES))
        end = stream.read(_END_BYTES)
    if not end.startswith(_END_RECORD) or len(end) != _END_BYTES:
        raise zipfile.BadZipFile("no end record")
    if int.from_bytes(end[12:16], "little") > _LARGEST_DIRECTORY:
        raise zipfile.BadZipFile("a table of contents that is too long")
