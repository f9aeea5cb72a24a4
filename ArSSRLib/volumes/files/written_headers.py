"""The headers of volume files: written by SimpleITK for one slice, then made to tell of all.

SimpleITK writes whole images only, for which a large volume would have to be in memory twice. It
also marks every NIfTI file as being in scanner coordinates, and drops its display range, its intent
and the directions of its acquisition.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from .nifti_place import FORM_CODES

COMPRESSED_SIZE = b"CompressedDataSize = "
"""In a MetaImage header, before the number of bytes that the voxels take in the file."""
_ROOM_FOR_A_SIZE = 20
"""Spaces after it, where the number goes once it is known."""
_NOT_WHOLE = "the header was not written whole"
_NIFTI_BYTES = 352
_NIFTI_SLICES_AT = 46
_FORM_CODES_AT = 252
_QFORM_AND_SFORM = re.compile(r"[0-5] [0-5]")
_DISPLAY_RANGE_AT = 124
_NUMBERS = {
    "dim_info": (39, "B"), "intent_p1": (56, "f"), "intent_p2": (60, "f"), "intent_p3": (64, "f"),
    "intent_code": (68, "h"),
}  # fmt: skip
"""Numbers of the header that hold on any grid: where each is and its format."""
_INTENT_NAME_AT = 328


def nifti_head(image: sitk.Image, depth: int, scratch: Path) -> bytes:
    """The header of a NIfTI file of ``depth`` slices.

    Args:
        image: one slice of it, with the volume's grid and header entries.
        depth: slices of the volume.
        scratch: a file name ending in ``.nii``, which is written to.

    Raises:
        RuntimeError, OSError: the header could not be written.
    """
    head = bytearray(_head_of_slice(image, scratch))
    if len(head) != _NIFTI_BYTES:
        raise OSError(_NOT_WHOLE)
    struct.pack_into("<h", head, _NIFTI_SLICES_AT, depth)
    _put_entries(head, {key: image.GetMetaData(key) for key in image.GetMetaDataKeys()})
    return bytes(head)


def nrrd_head(image: sitk.Image, depth: int, scratch: Path) -> bytes:
    """The header of a NRRD file whose voxels are compressed by gzip; see :func:`nifti_head`."""
    head = _head_of_slice(image, scratch, b"\n\n")
    sizes = b"\nsizes: %d %d " % image.GetSize()[:2]
    head = _replaced(head, sizes + b"1\n", sizes + b"%d\n" % depth)
    return _replaced(head, b"\nencoding: raw\n", b"\nencoding: gzip\n")


def metaimage_head(image: sitk.Image, depth: int, scratch: Path) -> bytes:
    """The header of a MetaImage whose voxels are compressed by zlib; see :func:`nifti_head`.

    How many bytes they take is to be written behind :data:`COMPRESSED_SIZE`.
    """
    head = _head_of_slice(image, scratch, b"\nElementDataFile = LOCAL\n")
    sizes = b"\nDimSize = %d %d " % image.GetSize()[:2]
    head = _replaced(head, sizes + b"1\n", sizes + b"%d\n" % depth)
    size = COMPRESSED_SIZE + b" " * _ROOM_FOR_A_SIZE
    return _replaced(
        head, b"\nCompressedData = False\n", b"\nCompressedData = True\n" + size + b"\n"
    )


def _put_entries(head: bytearray, metadata: Mapping[str, str]) -> None:
    """Puts the header entries, which SimpleITK leaves out, into a NIfTI header."""
    codes = metadata.get(FORM_CODES, "")
    if _QFORM_AND_SFORM.fullmatch(codes):
        # Both forms hold the one affine of the image.
        struct.pack_into("<2h", head, _FORM_CODES_AT, *map(int, codes.split()))
    highest, lowest = _number(metadata.get("cal_max")), _number(metadata.get("cal_min"))
    if highest > lowest:
        struct.pack_into("<2f", head, _DISPLAY_RANGE_AT, highest, lowest)
    for key, (at, kind) in _NUMBERS.items():
        with suppress(struct.error):
            value = _number(metadata.get(key))
            struct.pack_into("<" + kind, head, at, value if kind == "f" else int(value))
    name = metadata.get("intent_name", "").encode()
    head[_INTENT_NAME_AT : _INTENT_NAME_AT + len(name)] = name


def _head_of_slice(image: sitk.Image, scratch: Path, end: bytes = b"") -> bytes:
    """What SimpleITK writes in front of the voxels of an image, which ends in ``end``."""
    sitk.WriteImage(image, str(scratch), useCompression=False)
    content = scratch.read_bytes()
    voxels = image.GetNumberOfPixels() * image.GetSizeOfPixelComponent()
    head = content[: max(0, len(content) - voxels)]
    # On a full disk SimpleITK may write less without a word.
    if not head.endswith(end):
        raise OSError(_NOT_WHOLE)
    return head


def _replaced(head: bytes, old: bytes, new: bytes) -> bytes:
    """The first ``old`` is replaced; no entry of the user's looks like it.

    Raises:
        OSError: it is not there.
    """
    before, found, after = head.partition(old)
    if not found:
        raise OSError(_NOT_WHOLE)
    return before + new + after


def _number(text: str | None) -> float:
    """A header entry as a number that NIfTI can hold; 0 where it is missing or none."""
    try:
        value = float(text or 0)
    except ValueError:
        return 0.0
    return value if abs(value) <= float(np.finfo(np.float32).max) else 0.0
