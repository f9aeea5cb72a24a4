"""The header that SimpleITK writes for one slice, which a format then makes fit all slices.

SimpleITK writes whole images only, for which a large volume would have to be in memory twice.
"""

from __future__ import annotations

from pathlib import Path

import SimpleITK as sitk

INCOMPLETE_HEADER = "the header was not written completely"


def head_of_slice(image: sitk.Image, scratch: Path, end: bytes = b"") -> bytes:
    """What SimpleITK writes in front of the voxels of an image, which ends in ``end``.

    Raises:
        RuntimeError, OSError: the header could not be written.
    """
    sitk.WriteImage(image, str(scratch), useCompression=False)
    content = scratch.read_bytes()
    voxels = image.GetNumberOfPixels() * image.GetSizeOfPixelComponent()
    head = content[: max(0, len(content) - voxels)]
    # On a full disk SimpleITK may write less without an error.
    if not head.endswith(end):
        raise OSError(INCOMPLETE_HEADER)
    return head


def replaced(head: bytes, old: bytes, new: bytes) -> bytes:
    """The header with the first ``old`` replaced; no entry of the user's looks like it.

    Raises:
        OSError: it is not there.
    """
    before, found, after = head.partition(old)
    if not found:
        raise OSError(INCOMPLETE_HEADER)
    return before + new + after
