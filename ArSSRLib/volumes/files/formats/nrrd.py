"""NRRD: ``.nrrd`` files, and ``.nhdr`` headers with their voxels in a file beside them.

What the fields of the header mean: axes, grid and stored voxels.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

import numpy as np
import numpy.typing as npt
import SimpleITK as sitk

from ....errors import InputError, errors_naming
from ...grid import Grid, SizeTriple, size_triple, triple
from ..byte_streams import Compression
from ..data_file import check_data_file
from ..file_format import Encoding, FileFormat, Header, register
from ..image_heads import head_of_slice, replaced
from ..stored_voxels import StoredVoxels
from .nrrd_header import LARGEST_HEADER, HeaderText, read_text

_TYPES = {
    name: dtype
    for dtype, names in {
        "i1": "signed char, int8, int8_t",
        "u1": "uchar, unsigned char, uint8, uint8_t",
        "i2": "short, short int, signed short, signed short int, int16, int16_t",
        "u2": "ushort, unsigned short, unsigned short int, uint16, uint16_t",
        "i4": "int, signed int, int32, int32_t",
        "u4": "uint, unsigned int, uint32, uint32_t",
        "i8": "longlong, long long, long long int, signed long long, signed long long int, int64, "
        "int64_t",
        "u8": "ulonglong, unsigned long long, unsigned long long int, uint64, uint64_t",
        "f4": "float",
        "f8": "double",
    }.items()
    for name in names.split(", ")
}
_COMPRESSIONS: dict[str, Compression] = {
    "raw": "", "gz": "gzip", "gzip": "gzip", "bz2": "bzip2", "bzip2": "bzip2",
}  # fmt: skip
_TEXT = ("txt", "text", "ascii")
_SPATIAL_KINDS = ("domain", "space", "???", "none", "")
_KINDS_OF_SEVERAL_VOLUMES = ("list", "time", "stub", "scalar")
_TO_LPS = {
    "left-posterior-superior": (1, 1, 1), "lps": (1, 1, 1),
    "right-anterior-superior": (-1, -1, 1), "ras": (-1, -1, 1),
    "left-anterior-superior": (1, -1, 1), "las": (1, -1, 1),
}  # fmt: skip
"""Signs of the patient's axes; other spaces are taken as they are, as in SimpleITK."""
_VECTOR = re.compile(r"\(([^()]*)\)|none")
_SEGMENTATION = "Segmentation_"
"""How the keys begin that 3D Slicer writes into ``.seg.nrrd`` files."""
_BAD_KEY = re.compile(r"^\s*$|[\x00-\x1f\x7f]|:($|[ =])")


@dataclass(frozen=True)
class _Axes:
    """Which axes of the file are spatial, and the one that counts volumes.

    Attributes:
        spatial: the three spatial ones.
        volumes: the other one, if there is one.
    """

    spatial: tuple[int, ...]
    volumes: int | None


def read_header(path: Path) -> Header:
    """See :class:`ArSSRLib.volumes.files.file_format.FileFormat`."""
    text = read_text(path)
    sizes = _sizes(text)
    axes = _axes(text, sizes)
    size = size_triple(sizes[a] for a in axes.spatial)
    volumes = 1 if axes.volumes is None else sizes[axes.volumes]
    with errors_naming(str(path)):
        grid = _grid(text, size, axes)
    labels = any(key.startswith(_SEGMENTATION) for key in text.entries)
    return Header(
        grid,
        _voxels(path, text, size, volumes, interleaved=axes.volumes == 0),
        volumes,
        metadata=text.entries,
        labels="its header is that of a segmentation of 3D Slicer" if labels else "",
    )


def parts(path: Path) -> list[Path]:
    """The file and, where its header names another for the voxels, that one."""
    named = read_text(path).get("data file", "datafile")
    return [path, path.parent / named] if named else [path]


def head(image: sitk.Image, depth: int, scratch: Path) -> bytes:
    """See :class:`ArSSRLib.volumes.files.file_format.Encoding`."""
    content = head_of_slice(image, scratch, b"\n\n")
    sizes = b"\nsizes: %d %d " % image.GetSize()[:2]
    content = replaced(content, sizes + b"1\n", sizes + b"%d\n" % depth)
    return replaced(content, b"\nencoding: raw\n", b"\nencoding: gzip\n")


def keep(entries: Mapping[str, str]) -> dict[str, str]:
    """See :class:`ArSSRLib.volumes.files.file_format.FileFormat`."""
    return {key: value for key, value in entries.items() if not _BAD_KEY.search(key)}


def _sizes(text: HeaderText) -> list[int]:
    words = text.get("sizes").split()
    sizes = [int(w) if w.isascii() and w.isdigit() and len(w) < 12 else 0 for w in words]
    if text.get("dimension") != str(len(sizes)) or not sizes or min(sizes) < 1:
        raise text.error(
            f"gives the sizes {text.get('sizes')[:60]!r} for {text.get('dimension')[:20]!r} axes"
        )
    return sizes


def _axes(text: HeaderText, sizes: Sequence[int]) -> _Axes:
    """Which axes are spatial: those with a direction, else those whose kind says so.

    Raises:
        InputError: not three of them, or another one with more than one value per voxel.
    """
    count = len(sizes)
    kinds = _kinds(text, count)
    directions = _vectors(text, "space directions", count)
    if text.get("space directions"):
        spatial = [n for n in range(count) if directions[n] is not None]
    else:
        spatial = [n for n in range(count) if kinds[n] in _SPATIAL_KINDS]
    if len(spatial) == 4 and count == 4:
        # What SimpleITK writes for four dimensions: the last axis counts volumes.
        spatial = spatial[:3]
    others = [n for n in range(count) if n not in spatial and sizes[n] > 1]
    if len(spatial) > 3 or len(others) > 1:
        raise InputError(
            f"The file {text.name} has {count} dimensions {tuple(sizes)}; save one 3-D volume of "
            "it first."
        )
    for n in others:
        _check_kind(text, kinds[n], sizes[n])
        if n not in (0, count - 1):
            raise text.error("has its list of volumes between the spatial axes")
    if len(spatial) < 3:
        raise InputError(f"The image {text.name} has {len(spatial)} dimensions; give a 3-D volume.")
    return _Axes(tuple(spatial), others[0] if others else None)


def _kinds(text: HeaderText, count: int) -> list[str]:
    kinds = text.get("kinds").lower().split()
    if kinds and len(kinds) != count:
        raise text.error(f"has {len(kinds)} kinds for {count} axes")
    return kinds or [""] * count


def _check_kind(text: HeaderText, kind: str, count: int) -> None:
    """Refuses an axis whose values belong to one voxel."""
    if kind == "complex":
        raise InputError(f"The volume {text.name} is complex; save its magnitude first.")
    if kind not in (*_KINDS_OF_SEVERAL_VOLUMES, *_SPATIAL_KINDS):
        raise InputError(
            f"The volume {text.name} has {count} values per voxel (kind {kind!r}); save one scalar "
            "component first."
        )


def _vectors(text: HeaderText, field: str, count: int) -> list[npt.NDArray[np.float64] | None]:
    """The vectors of a field; None for an axis without one.

    Raises:
        InputError: another number of vectors, or what is not a number in one.
    """
    value = text.get(field)
    found = list(_VECTOR.finditer(value))
    if not value:
        return [None] * count
    if len(found) != count or _VECTOR.sub("", value).strip():
        raise text.error(f"gives {value[:60]!r} for its {field}, not {count} vectors")
    return [None if m[1] is None else _numbers(text, field, m[1].split(",")) for m in found]


def _numbers(text: HeaderText, field: str, words: Sequence[str]) -> npt.NDArray[np.float64]:
    try:
        return np.array([float(word) for word in words])
    except ValueError as error:
        raise text.error(f"gives {' '.join(words)[:60]!r} for its {field}, not numbers") from error


def _grid(text: HeaderText, size: SizeTriple, axes: _Axes) -> Grid:
    count = len(text.get("sizes").split())
    if not text.get("space directions"):
        return _plain_grid(text, size, axes, count)
    vectors = [_vectors(text, "space directions", count)[n] for n in axes.spatial]
    (origin,) = _vectors(text, "space origin", 1)
    origin = np.zeros(3) if origin is None else origin
    if any(v is None or len(v) not in (3, 4) for v in [*vectors, origin]):
        raise text.error("does not give three numbers for each axis and the origin")
    signs = np.array(_TO_LPS.get(text.get("space").lower().removesuffix("-time"), (1, 1, 1)))
    columns = np.column_stack([cast("npt.NDArray[np.float64]", v)[:3] * signs for v in vectors])
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        lengths = np.sqrt((columns * columns).sum(axis=0))
        cosines = columns * (1.0 / lengths)
    place = triple(origin[:3] * signs)
    return Grid(size, triple(lengths), place, tuple(cosines.ravel().tolist()))


def _plain_grid(text: HeaderText, size: SizeTriple, axes: _Axes, count: int) -> Grid:
    """The grid of a file without directions: spacings and, for the origin, axis mins."""

    def per_axis(default: float, *names: str) -> list[float]:
        words = text.get(*names).split()
        if words and len(words) != count:
            raise text.error(f"has {len(words)} numbers in {names[0]} for {count} axes")
        numbers = _numbers(text, names[0], words) if words else np.full(count, math.nan)
        return [default if math.isnan(numbers[n]) else float(numbers[n]) for n in axes.spatial]

    spacing = per_axis(1.0, "spacings")
    origin = per_axis(0.0, "axis mins", "axismins")
    return Grid(size, triple(spacing), triple(origin))


def _voxels(
    path: Path, text: HeaderText, size: SizeTriple, volumes: int, *, interleaved: bool
) -> StoredVoxels:
    named = text.get("data file", "datafile")
    if named:
        check_data_file(path, named)
    file = path.parent / named if named else path
    encoding = text.get("encoding").lower()
    if encoding not in (*_COMPRESSIONS, *_TEXT):
        raise text.error(f"has the encoding {encoding[:20]!r}, which cannot be read here")
    dtype = _dtype(text, encoding in _TEXT)
    voxels = StoredVoxels(
        file,
        path,
        dtype,
        size,
        volumes,
        interleaved,
        0 if named else text.length,
        _COMPRESSIONS.get(encoding, ""),
        text=encoding in _TEXT,
    )
    return _after_skips(voxels, text)


def _dtype(text: HeaderText, as_text: bool) -> np.dtype[np.generic]:
    kind = _TYPES.get(" ".join(text.get("type").lower().split()))
    if kind is None:
        raise text.error(f"has the type {text.get('type')[:20]!r}, which is not a real number")
    order = {"little": "<", "big": ">"}.get(text.get("endian").lower())
    if order is None and kind[1] != "1" and not as_text:
        raise text.error("does not say whether its endian is little or big")
    return np.dtype((order or "<") + kind)


def _after_skips(voxels: StoredVoxels, text: HeaderText) -> StoredVoxels:
    """The voxels behind the lines and bytes that the header says come first."""
    lines = text.get("line skip", "lineskip") or "0"
    count = text.get("byte skip", "byteskip") or "0"
    if not lines.isdigit() or not (count.isdigit() or count == "-1") or len(lines + count) > 15:
        raise text.error(f"skips {lines[:20]!r} lines and {count[:20]!r} bytes")
    if count == "-1":
        # The voxels are the last bytes of the file.
        if voxels.compression or voxels.text:
            raise text.error("skips bytes up to the end of compressed voxels")
        return replace(voxels, offset=max(0, voxels.path.stat().st_size - voxels.length))
    offset = voxels.offset + _bytes_of_lines(voxels.path, voxels.offset, int(lines))
    if voxels.compression:
        return replace(voxels, offset=offset, skipped=int(count), tail=0)
    return replace(voxels, offset=offset + int(count))


def _bytes_of_lines(path: Path, offset: int, lines: int) -> int:
    if not lines:
        return 0
    with open(path, "rb") as stream:
        stream.seek(offset)
        content = stream.read(LARGEST_HEADER)
    ends = [n for n, byte in enumerate(content) if byte == 10]
    if len(ends) < lines:
        raise InputError(
            f"The file {str(path)!r} has fewer lines than its header skips; copy it again from its "
            "source."
        )
    return ends[lines - 1] + 1


register(
    FileFormat(
        "NRRD",
        (".nrrd", ".nhdr"),
        read_header,
        {".nrrd": Encoding(head, "gzip")},
        ".nrrd",
        keep,
        parts,
    )
)
