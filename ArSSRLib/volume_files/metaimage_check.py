"""What ITK's MetaImage reader does not check, and crashes the whole process over.

An ``.mha`` or ``.mhd`` file begins with lines ``Key = value``. A number of dimensions out of range,
or a list that does not have that many numbers, makes the reader write past its arrays.
"""

from __future__ import annotations

import math
from pathlib import Path

from ..errors import InputError
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
    with open(path, "rb") as stream:
        entries = _entries(stream.read(_LARGEST_HEADER))
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
    voxels = entries.get(_LAST_KEY, "")
    if voxels not in _IN_THE_SAME_FILE:
        check_data_file(path, voxels)


def _entries(data: bytes) -> dict[str, str]:
    entries: dict[str, str] = {}
    for line in data.decode("latin-1").split("\n"):
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
