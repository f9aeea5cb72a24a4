"""What ITK's MetaImage reader does not check, and crashes the whole process over.

An ``.mha`` or ``.mhd`` file begins with lines ``Key = value``. A number of dimensions out of range,
or a list that does not have that many numbers, makes the reader write past its arrays.
"""

from __future__ import annotations

import math
from pathlib import Path

from ...errors import InputError
from .data_file import check_data_file

_LARGEST_HEADER = 1 << 16
_LAST_KEY = "ElementDataFile"
_IN_THE_SAME_FILE = ("LOCAL", "Local", "local")
_DIMENSIONS = range(1, 11)
_PER_AXIS = ("DimSize", "ElementSpacing", "ElementSize", "Offset", "Origin", "Position",
             "CenterOfRotation")  # fmt: skip
_MATRICES = ("TransformMatrix", "Orientation", "Rotation")


def check_metaimage(path: Path) -> None:
    """Checks the header of an ``.mha`` or ``.mhd`` file.

    Raises:
        InputError: the header does not fit together, or its voxels are in a file that cannot be
            read.
        OSError: the file cannot be opened.
    """
    entries = _entries(path)
    dimensions = _whole(entries.get("NDims", ""))
    sizes = entries.get("DimSize", "").split()
    if dimensions not in _DIMENSIONS or len(sizes) != dimensions or not all(map(_whole, sizes)):
        raise InputError(
            f"The file {str(path)!r} is not a MetaImage or is damaged: its header must give NDims "
            "and as many positive numbers in DimSize; copy it again from its source."
        )
    for names, count in ((_PER_AXIS, dimensions), (_MATRICES, dimensions**2)):
        for name in names:
            numbers = entries[name].split() if name in entries else ["0"] * count
            found = len(numbers)
            if found != count:
                raise InputError(
                    f"The header of {str(path)!r} has {found} numbers in {name}, not {count}; "
                    "correct the header."
                )
            if not all(map(_is_finite, numbers)):
                raise InputError(
                    f"The header of {str(path)!r} gives {entries[name]!r} for {name}, which are "
                    "not all finite numbers; correct the header."
                )
    named = _data_file(entries)
    if named is not None:
        check_data_file(path, named)


def data_file_of(path: Path) -> str | None:
    """The file that an ``.mha`` or ``.mhd`` file names for its voxels; None for itself.

    Raises:
        OSError: the file cannot be opened.
    """
    return _data_file(_entries(path))


def _data_file(entries: dict[str, str]) -> str | None:
    named = entries.get(_LAST_KEY, "")
    return None if named in _IN_THE_SAME_FILE else named


def _entries(path: Path) -> dict[str, str]:
    """The lines of the header; the last is the one after which voxels may follow."""
    with open(path, "rb") as stream:
        header = stream.read(_LARGEST_HEADER)
    entries: dict[str, str] = {}
    for line in header.decode("utf-8", "surrogateescape").split("\n"):
        key, separator, value = line.partition("=")
        if separator:
            entries[key.strip()] = value.strip()
        if key.strip() == _LAST_KEY:
            break
    return entries


def _is_finite(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def _whole(text: str) -> int:
    """A positive whole number; 0 where the text is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
