"""What SimpleITK does not check in a NIfTI file: that it is whole and that its numbers are sane.

SimpleITK reads a truncated NIfTI file without a word and fills the rest with zeros, and it turns
NaN and infinite voxels into zeros.
"""

from __future__ import annotations

import gzip
import math
import zlib
from pathlib import Path
from typing import IO, cast

import numpy as np

from ...errors import InputError
from ..volume import not_finite_message
from .nifti_header import NiftiHeader, read_header

_CHUNK = 1 << 22
_FLOATS = {16: "f4", 64: "f8"}
"""NIfTI codes of the real floating types."""
_BITS = {1: 1, 2: 8, 4: 16, 8: 32, 16: 32, 32: 64, 64: 64, 128: 24, 256: 8, 512: 16, 768: 32,
         1024: 64, 1280: 64, 1536: 128, 1792: 128, 2048: 256, 2304: 32}  # fmt: skip
"""Bits a voxel of each NIfTI data type."""
_LARGEST_OFFSET = 1 << 40
_LONGEST_TAIL = 1 << 26
"""Bytes that may follow the voxels; a few kilobytes of gzip can hold gigabytes of nothing."""
_NO_EXTENSIONS = 4
"""Bytes between the header of a file and its voxels, at least."""


def check_nifti(path: Path, volume_index: int = 0) -> NiftiHeader:
    """Checks a ``.nii`` or ``.nii.gz`` file as far as SimpleITK does not.

    Args:
        path: the file.
        volume_index: the volume of a 4-D file whose voxels must be finite.

    Returns:
        its header.

    Raises:
        InputError: the file is no NIfTI file, is truncated or damaged, its header holds an
            impossible size, scaling or place of the voxels, or voxels are not finite.
        OSError: the file cannot be opened.
    """
    opener = gzip.open if path.name.lower().endswith(".gz") else open
    with opener(path, "rb") as stream:
        try:
            header = read_header(cast("IO[bytes]", stream), path)
            _check_magic(header)
            _check_spacing(header)
            _check_scaling(header)
            _check_voxels(cast("IO[bytes]", stream), path, header, volume_index)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise InputError(
                f"The file {str(path)!r} is truncated or damaged; copy it again from its source."
            ) from error
    return header


def _check_magic(header: NiftiHeader) -> None:
    """Refuses what SimpleITK takes for a file of the older format Analyze, which has no affine."""
    at, magic = header.layout.magic
    found, wanted = (mark.rstrip(b"\0").decode("latin-1") for mark in
                     (header.content[at : at + len(magic)], magic))  # fmt: skip
    if found != wanted:
        raise InputError(
            f"The header of {header.name} is marked {found!r} instead of {wanted!r}: it is no "
            "NIfTI file in one piece; convert it to one first, or copy it again from its source."
        )


def _check_scaling(header: NiftiHeader) -> None:
    """Refuses what SimpleITK silently leaves out; a slope of 0 or NaN means no scaling."""
    slope, intercept = header.numbers(header.layout.scaling)
    if math.isinf(slope) or (slope and math.isfinite(slope) and not math.isfinite(intercept)):
        raise InputError(
            f"The header of {header.name} scales the voxels by scl_slope {slope:g} and scl_inter "
            f"{intercept:g}, which are not finite; correct the header."
        )


def _check_spacing(header: NiftiHeader) -> None:
    """Refuses what SimpleITK silently takes for 1 mm."""
    sizes = header.sizes[:3]
    spacing = header.spacing[: len(sizes)]
    # The distance of the slices of a single slice means nothing and is often left 0.
    if not all(math.isfinite(s) and s > 0 for s, n in zip(spacing, sizes, strict=True) if n > 1):
        shown = ", ".join(f"{s:g}" for s in spacing)
        raise InputError(
            f"The header of {header.name} gives the voxel spacing ({shown}) mm, which is not all "
            "positive numbers; correct the header."
        )


def _check_voxels(stream: IO[bytes], path: Path, header: NiftiHeader, volume_index: int) -> None:
    """Reads on to the end, which for a compressed file also verifies its checksum."""
    sizes = header.sizes
    code, bits = (int(n) for n in header.numbers((header.layout.datatype, "2h")))
    item = bits // 8
    if bits < 1 or _BITS.get(code, bits) != bits:
        raise InputError(
            f"The header of {str(path)!r} gives {bits} bits a voxel for the data type {code}; "
            "correct the header."
        )
    offset = header.numbers(header.layout.vox_offset)[0]
    least = header.layout.length + _NO_EXTENSIONS
    if not least <= offset < _LARGEST_OFFSET:
        raise InputError(
            f"The header of {str(path)!r} puts the voxels at byte {offset:g}, not at {least} or "
            "after it; correct its vox_offset."
        )
    start = int(offset)
    volume_bytes = math.prod(sizes[:3]) * bits // 8
    needed = start + volume_bytes * math.prod(sizes[3:])
    first = start + volume_bytes * volume_index
    stream.seek(start)
    found, bad = start, 0
    while chunk := stream.read(_CHUNK):
        if code in _FLOATS:
            inside = chunk[max(0, first - found) : max(0, first + volume_bytes - found)]
            whole = len(inside) - len(inside) % item
            values = np.frombuffer(inside[:whole], dtype=header.order + _FLOATS[code])
            bad += values.size - int(np.count_nonzero(np.isfinite(values)))
        found += len(chunk)
        if found > needed + _LONGEST_TAIL:
            raise InputError(
                f"The file {str(path)!r} goes on long after the {needed} bytes that its header "
                f"{tuple(sizes)} needs; correct the header or copy the file again from its source."
            )
    if found < needed:
        # Seeking goes on past the end of a file, but not of a compressed one.
        held = found if isinstance(stream, gzip.GzipFile) else path.stat().st_size
        raise InputError(
            f"The file {str(path)!r} is truncated: its header {tuple(sizes)} needs {needed} bytes "
            f"and it holds {held}; copy it again from its source."
        )
    if bad:
        raise InputError(not_finite_message(bad, str(path)))
