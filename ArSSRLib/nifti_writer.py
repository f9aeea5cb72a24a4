"""Writes NIfTI files with what SimpleITK forgets: which space the coordinates are in.

SimpleITK marks every file as being in scanner coordinates and drops the display range. The file
is therefore written uncompressed, its header completed, and then compressed here, which also
notices a full disk at once.
"""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Mapping
from pathlib import Path

import SimpleITK as sitk

from .nifti_header import SPACE_CODE, check_nifti

_FORM_CODES_AT = 252
_DISPLAY_RANGE_AT = 124
_LARGEST_CODE = 5
_CHUNK = 1 << 22
_LEVEL = 4
"""Of zlib: much faster than its default for files a few percent larger."""
_GZIP_FORMAT = 31


def write_nifti(image: sitk.Image, path: Path, metadata: Mapping[str, str]) -> None:
    """Writes ``.nii`` or ``.nii.gz``.

    Args:
        image: what to write.
        path: the file; beside a ``.nii.gz`` an uncompressed file is made for a while.
        metadata: of it, ``cal_max``, ``cal_min`` and the code of the space are used here.

    Raises:
        RuntimeError, InputError, OSError: the file could not be written whole.
    """
    compressed = path.name.lower().endswith(".gz")
    # SimpleITK does not write to a name that ends in .nii.gz.nii.
    raw = path.with_name(path.name[: -len(".nii.gz")] + ".raw.nii") if compressed else path
    try:
        sitk.WriteImage(image, str(raw), useCompression=False)
        # SimpleITK does not report a full disk here.
        check_nifti(raw)
        _complete_header(raw, metadata)
        if compressed:
            _compress(raw, path)
    finally:
        if compressed:
            raw.unlink(missing_ok=True)


def _complete_header(path: Path, metadata: Mapping[str, str]) -> None:
    with open(path, "rb+") as stream:
        code = int(_number(metadata.get(SPACE_CODE)))
        if 0 < code <= _LARGEST_CODE:
            # Both forms hold the one affine of the image.
            stream.seek(_FORM_CODES_AT)
            stream.write(struct.pack("<2h", code, code))
        highest, lowest = _number(metadata.get("cal_max")), _number(metadata.get("cal_min"))
        if highest > lowest:
            stream.seek(_DISPLAY_RANGE_AT)
            stream.write(struct.pack("<2f", highest, lowest))


def _compress(source: Path, target: Path) -> None:
    packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, _GZIP_FORMAT)
    with open(source, "rb") as read, open(target, "wb") as written:
        while chunk := read.read(_CHUNK):
            written.write(packer.compress(chunk))
        written.write(packer.flush())


def _number(text: str | None) -> float:
    """A header entry as a finite number; 0 where it is missing or none."""
    try:
        value = float(text or 0)
    except ValueError:
        return 0.0
    return value if math.isfinite(value) else 0.0
