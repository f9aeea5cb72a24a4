"""What ITK's NRRD reader does not check: which file the voxels are in.

An ``.nrrd`` or ``.nhdr`` file begins with ``NRRD0001`` to ``NRRD0005`` and lines ``field: value``
up to an empty line or, where the voxels are in another file, to the end.
"""

from __future__ import annotations

from pathlib import Path

from ...errors import InputError
from .data_file import check_data_file

_MAGIC = b"NRRD000"
_LARGEST_HEADER = 1 << 20
_DATA_FILE = ("data file", "datafile")


def check_nrrd(path: Path) -> None:
    """Checks the beginning of an ``.nrrd`` or ``.nhdr`` file.

    Raises:
        InputError: the file is no NRRD file, or its voxels are in a file that cannot be read.
        OSError: the file cannot be opened.
    """
    header = _header(path)
    if not header.startswith(_MAGIC):
        raise InputError(
            f"The file {str(path)!r} is not a NRRD file or is damaged; copy it again from its "
            "source."
        )
    named = _data_file(header)
    if named is not None:
        check_data_file(path, named)


def data_file_of(path: Path) -> str | None:
    """The file that an ``.nrrd`` or ``.nhdr`` file names for its voxels; None for itself.

    Raises:
        OSError: the file cannot be opened.
    """
    return _data_file(_header(path))


def _header(path: Path) -> bytes:
    with open(path, "rb") as stream:
        return stream.read(_LARGEST_HEADER)


def _data_file(header: bytes) -> str | None:
    """What the first line of this kind names; ITK refuses a header with a second."""
    for line in header.decode("utf-8", "surrogateescape").splitlines()[1:]:
        if not line.strip():
            break
        field, _, value = line.partition(":")
        if field.strip().lower() in _DATA_FILE:
            return value.strip()
    return None
