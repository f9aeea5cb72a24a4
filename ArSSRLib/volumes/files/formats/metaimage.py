"""MetaImage: ``.mha`` files, and ``.mhd`` headers with their voxels in a file beside them.

The header is text: lines ``Key = value``, of which ElementDataFile is the last
(https://itk.org/Wiki/ITK/MetaIO/Documentation). It is read here and not by ITK, whose reader can
be crashed by long values and fills missing voxels with leftover memory.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from ....errors import InputError, errors_naming
from ...grid import Grid, SizeTriple, size_triple, triple
from ..data_file import check_data_file
from ..file_format import Encoding, FileFormat, Header, register
from ..image_heads import head_of_slice, replaced
from ..stored_voxels import StoredVoxels

_LARGEST_HEADER = 1 << 20
_LAST_KEY = "ElementDataFile"
_IN_THE_SAME_FILE = ("LOCAL", "Local", "local")
_SEPARATOR = re.compile(r"[=:]")
"""ITK takes a colon for an equals sign."""
_SPACING = ("ElementSpacing", "ElementSize")
_ORIGIN = ("Offset", "Position", "Origin", "ImagePosition", "ElementOrigin")
_DIRECTION = ("TransformMatrix", "Rotation", "Orientation", "ElementDirection")
_BIG_ENDIAN = ("BinaryDataByteOrderMSB", "ElementByteOrderMSB")
_TYPES = {
    "MET_CHAR": "i1", "MET_ASCII_CHAR": "i1", "MET_UCHAR": "u1", "MET_SHORT": "i2",
    "MET_USHORT": "u2", "MET_INT": "i4", "MET_UINT": "u4", "MET_LONG": "i4", "MET_ULONG": "u4",
    "MET_LONG_LONG": "i8", "MET_ULONG_LONG": "u8", "MET_FLOAT": "f4", "MET_DOUBLE": "f8",
}  # fmt: skip
_KNOWN_KEYS = frozenset(key.lower() for key in (
    *_SPACING, *_ORIGIN, *_DIRECTION, *_BIG_ENDIAN, _LAST_KEY, "AcquisitionDate",
    "AnatomicalOrientation", "BinaryData", "CenterOfRotation", "Color", "Comment",
    "CompressedData", "CompressedDataSize", "CompressionLevel", "DimSize", "DistanceUnits",
    "ElementMax", "ElementMin", "ElementNBits", "ElementNumberOfChannels",
    "ElementToIntensityFunctionOffset", "ElementToIntensityFunctionSlope", "ElementType",
    "FileFormatVersion", "HeaderSize", "HeaderSizePerSlice", "ID", "Name", "NDims",
    "ObjectSubType", "ObjectType", "ParentID", "SequenceID", "TransformType",
))  # fmt: skip
"""What the format means by a line of its header, in lower case; all others are entries."""
_LONGEST_TEXT = 2000
_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")
_BAD_KEY = re.compile(r"^\s*$|[\x00-\x1f\x7f=:]")
_COMPRESSED_SIZE = b"CompressedDataSize = "
_ROOM_FOR_A_SIZE = 20
"""Spaces after it, where the number goes once it is known."""


@dataclass(frozen=True)
class _Text:
    """The header as text.

    Attributes:
        name: what messages call the file.
        entries: values by key, as they are spelt in the file.
        length: bytes up to and including the line of ElementDataFile.
    """

    name: str
    entries: Mapping[str, str]
    length: int

    def get(self, *names: str) -> str:
        """The value of the first of these keys that is there; else empty."""
        return next((self.entries[name] for name in names if name in self.entries), "")

    def says(self, *names: str) -> bool:
        """Whether a key is true."""
        return self.get(*names)[:1] in ("T", "t", "1")

    def numbers(self, count: int, default: Sequence[float], *names: str) -> list[float]:
        """The numbers of a key.

        Raises:
            InputError: not so many, or one that is not finite.
        """
        words = self.get(*names).split()
        if not words:
            return list(default)
        key = next(name for name in names if name in self.entries)
        if len(words) != count:
            raise InputError(
                f"The header of {self.name} has {len(words)} numbers in {key}, not {count}; "
                "correct the header."
            )
        found = [_number(word) for word in words]
        if not all(map(math.isfinite, found)):
            raise InputError(
                f"The header of {self.name} gives {self.entries[key][:60]!r} for {key}, which are "
                "not all finite numbers; correct the header."
            )
        return found


def read_header(path: Path) -> Header:
    """See :class:`ArSSRLib.volumes.files.file_format.FileFormat`."""
    text = _text_of(path)
    sizes = _sizes(text)
    _check_scalar(text)
    if len(sizes) < 3:
        raise InputError(f"The image {text.name} has {len(sizes)} dimensions; give a 3-D volume.")
    if math.prod(sizes[4:]) > 1:
        raise InputError(
            f"The file {text.name} has {len(sizes)} dimensions {tuple(sizes)}; save one 3-D volume "
            "of it first."
        )
    size = size_triple(sizes[:3])
    volumes = sizes[3] if len(sizes) > 3 else 1
    with errors_naming(str(path)):
        grid = _grid(text, size, len(sizes))
    own = {k: v for k, v in text.entries.items() if k.lower() not in _KNOWN_KEYS}
    return Header(grid, _voxels(path, text, size, volumes), volumes, metadata=own)


def parts(path: Path) -> list[Path]:
    """The file and, where its header names another for the voxels, that one."""
    named = _text_of(path).get(_LAST_KEY)
    return [path] if named in _IN_THE_SAME_FILE else [path, path.parent / named]


def head(image: sitk.Image, depth: int, scratch: Path) -> bytes:
    """See :class:`ArSSRLib.volumes.files.file_format.Encoding`.

    The number of compressed bytes is to be written after ``CompressedDataSize``.
    """
    content = head_of_slice(image, scratch, b"\nElementDataFile = LOCAL\n")
    sizes = b"\nDimSize = %d %d " % image.GetSize()[:2]
    content = replaced(content, sizes + b"1\n", sizes + b"%d\n" % depth)
    size = _COMPRESSED_SIZE + b" " * _ROOM_FOR_A_SIZE
    return replaced(
        content, b"\nCompressedData = False\n", b"\nCompressedData = True\n" + size + b"\n"
    )


def keep(entries: Mapping[str, str]) -> dict[str, str]:
    """See :class:`ArSSRLib.volumes.files.file_format.FileFormat`."""
    return {
        key: _CONTROL.sub(" ", value)[:_LONGEST_TEXT]
        for key, value in entries.items()
        if not _BAD_KEY.search(key)
        and len(key) <= _LONGEST_TEXT
        and key.strip().lower() not in _KNOWN_KEYS
    }


def _text_of(path: Path) -> _Text:
    name = repr(str(path))
    with open(path, "rb") as stream:
        content = stream.read(_LARGEST_HEADER)
    entries: dict[str, str] = {}
    start = 0
    while (end := content.find(b"\n", start)) >= 0 or content[start:]:
        end = len(content) if end < 0 else end
        line = content[start:end].decode("utf-8", "surrogateescape")
        start = end + 1
        separator = _SEPARATOR.search(line)
        if separator is None:
            continue
        key = line[: separator.start()].strip()
        entries[key] = line[separator.end() :].strip()
        if key == _LAST_KEY:
            return _Text(name, entries, start)
    raise InputError(
        f"The file {name} is not a MetaImage or is damaged: its header does not end in "
        f"{_LAST_KEY}; copy it again from its source."
    )


def _sizes(text: _Text) -> list[int]:
    dimensions = text.get("NDims")
    sizes = [
        int(word) if word.isascii() and word.isdigit() and len(word) < 10 else 0
        for word in text.get("DimSize").split()
    ]
    if text.get("ObjectType") not in ("", "Image") or (
        dimensions != str(len(sizes)) or not sizes or min(sizes) < 1
    ):
        raise InputError(
            f"The file {text.name} is not a MetaImage or is damaged: its header must give NDims "
            "and as many positive numbers in DimSize; copy it again from its source."
        )
    return sizes


def _check_scalar(text: _Text) -> None:
    """Refuses more than one value per voxel."""
    channels = text.get("ElementNumberOfChannels") or "1"
    if channels != "1":
        raise InputError(
            f"The volume {text.name} has {channels[:20]} values per voxel (colour or vector); save "
            "one scalar component first."
        )
    if text.get("ElementType").upper() not in _TYPES:
        raise InputError(
            f"The header of {text.name} has the ElementType {text.get('ElementType')[:40]!r}, "
            "which is not one real number per voxel; convert the file first, or copy it again from "
            "its source."
        )


def _grid(text: _Text, size: SizeTriple, count: int) -> Grid:
    spacing = text.numbers(count, [1.0] * count, *_SPACING)
    origin = text.numbers(count, [0.0] * count, *_ORIGIN)
    matrix = np.array(text.numbers(count * count, np.eye(count).ravel().tolist(), *_DIRECTION))
    # Each row of the file is the direction of one axis.
    direction = matrix.reshape(count, count)[:3, :3].T
    return Grid(size, triple(spacing[:3]), triple(origin[:3]), tuple(direction.ravel().tolist()))


def _voxels(path: Path, text: _Text, size: SizeTriple, volumes: int) -> StoredVoxels:
    named = text.get(_LAST_KEY)
    local = named in _IN_THE_SAME_FILE
    if not local:
        check_data_file(path, named)
    file = path if local else path.parent / named
    order = ">" if text.says(*_BIG_ENDIAN) else "<"
    compressed = text.says("CompressedData")
    is_text = "BinaryData" in text.entries and not text.says("BinaryData")
    voxels = StoredVoxels(
        file,
        path,
        np.dtype(order + _TYPES[text.get("ElementType").upper()]),
        size,
        volumes,
        offset=text.length if local else 0,
        compression="zlib" if compressed else "",
        text=is_text and not compressed,
    )
    if compressed:
        _check_compressed_size(text, voxels)
        return replace(voxels, tail=0)
    return _after_header(voxels, text.get("HeaderSize") or "0", text)


def _check_compressed_size(text: _Text, voxels: StoredVoxels) -> None:
    """Refuses a file that ends before the compressed bytes that its header announces."""
    announced = _number(text.get("CompressedDataSize") or "0")
    held = voxels.path.stat().st_size - voxels.offset
    if not announced <= held:
        raise InputError(
            f"The file {str(voxels.path)!r} is truncated: its header announces {announced:.0f} "
            f"compressed bytes and it holds {held}; copy it again from its source."
        )


def _after_header(voxels: StoredVoxels, size: str, text: _Text) -> StoredVoxels:
    """The voxels behind the header of another format that HeaderSize skips; -1: at the end."""
    if size == "-1":
        return replace(voxels, offset=max(0, voxels.path.stat().st_size - voxels.length))
    if not (size.isascii() and size.isdigit() and len(size) < 15):
        raise InputError(
            f"The header of {text.name} has the HeaderSize {size[:20]!r}; correct the header."
        )
    # With a HeaderSize the voxels are counted from the beginning of the file.
    return replace(voxels, offset=int(size)) if int(size) else voxels


def _number(word: str) -> float:
    try:
        return float(word)
    except ValueError:
        return math.nan


register(
    FileFormat(
        "MetaImage",
        (".mha", ".mhd"),
        read_header,
        {".mha": Encoding(head, "zlib", size_after=_COMPRESSED_SIZE)},
        ".mha",
        keep,
        parts,
    )
)
