"""The headers of volume files: written by SimpleITK for one slice, then made to tell of all.

SimpleITK writes whole images only, for which a large volume would have to be in memory twice. It
also marks every NIfTI file as being in scanner coordinates and drops the display range.
"""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from .nifti_check import SPACE_CODE

COMPRESSED_SIZE = b"CompressedDataSize = "
"""In a MetaImage header, before the number of bytes that the voxels take in the file."""
_ROOM_FOR_A_SIZE = 20
"""Spaces after it, where the number goes once it is known."""
_NOT_WHOLE = "the header was not written whole"
_NIFTI_BYTES = 352
_NIFTI_SLICES_AT = 46
_FORM_CODES_AT = 252
_DISPLAY_RANGE_AT = 124
_LARGEST_CODE = 5


def nifti_head(image: sitk.Image, depth: int, scratch: Path) -> bytes:
    """The header of a NIfTI file of ``depth`` slices.

    Args:
        image: one slice of it, with the volume's grid and header entries; of these ``cal_max``,
            ``cal_min`` and the code of the space come in here.
        depth: slices of the volume.
        scratch: a file name ending in ``.nii``, which is written to.

    Raises:
        RuntimeError, OSError: the header could not be written.
    """
    head = bytearray(_head_of_slice(image, scratch))
    if len(head) != _NIFTI_BYTES:
        raise OSError(_NOT_WHOLE)
    struct.pack_into("<h", head, _NIFTI_SLICES_AT, depth)
    metadata = {key: image.GetMetaData(key) for key in image.GetMetaDataKeys()}
    code = int(_number(metadata.get(SPACE_CODE)))
    if 0 < code <= _LARGEST_CODE:
        # Both forms hold the one affine of the image.
        struct.pack_into("<2h", head, _FORM_CODES_AT, code, code)
    highest, lowest = _number(metadata.get("cal_max")), _number(metadata.get("cal_min"))
    if highest > lowest:
        struct.pack_into("<2f", head, _DISPLAY_RANGE_AT, highest, lowest)
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
