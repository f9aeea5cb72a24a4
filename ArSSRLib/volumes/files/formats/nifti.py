"""NIfTI: ``.nii`` and ``.nii.gz`` files of both versions, and ``.hdr``/``.img`` pairs.

Whether a file is compressed is decided by its content, not by its name.
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import cast

import numpy as np
import SimpleITK as sitk

from ....errors import InputError
from ...grid import SizeTriple, size_triple
from ..byte_streams import is_gzip
from ..file_format import Encoding, FileFormat, Header, register
from ..image_heads import INCOMPLETE_HEADER, head_of_slice
from ..stored_voxels import StoredVoxels
from .nifti_header import (
    DESCRIPTION_BYTES,
    LABEL_INTENT,
    NAME_BYTES,
    NIFTI1,
    NiftiHeader,
    read_nifti_header,
)
from .nifti_orientation import FORM_CODES, orientation_of

_HEADER_OF_PAIR, _VOXELS_OF_PAIR = (".hdr", ".hdr.gz"), (".img", ".img.gz")
_HEAD_BYTES = 352
_SLICES_AT = NIFTI1.dim[0] + 6
_QFORM_AND_SFORM = re.compile(r"[0-5] [0-5]")


def read_header(path: Path) -> Header:
    """See :class:`ArSSRLib.volumes.files.file_format.FileFormat`."""
    header_path, voxel_path = _files(path)
    header = read_nifti_header(header_path)
    if header.is_pair != (header_path != voxel_path):
        raise InputError(
            f"The header of {header.name} has the magic "
            f"{header.magic.rstrip(bytes(1)).decode('latin-1')!r}, which does not fit its name: a "
            "pair is called .hdr and .img, a single file .nii; rename or convert it first."
        )
    size, volumes = _size_and_volumes(header)
    orientation = orientation_of(header)
    grid, warnings = orientation.grid(size)
    offset, compressed = header.voxel_offset, is_gzip(voxel_path)
    stored = StoredVoxels(voxel_path, header_path, header.dtype, size, volumes)
    entries = header.entries
    codes = "{} {}".format(*orientation.codes(grid))
    labels = "its header has the NIfTI intent “label”"
    return Header(
        grid,
        stored.behind(offset, compressed),
        volumes,
        header.scaling,
        {**entries, FORM_CODES: codes},
        labels if entries.get("intent_code") == str(LABEL_INTENT) else "",
        warnings,
    )


def parts(path: Path) -> list[Path]:
    """The file, or the header and the voxels of a pair."""
    return list(dict.fromkeys(_files(path)))


def head(image: sitk.Image, depth: int, scratch: Path) -> bytes:
    """See :class:`ArSSRLib.volumes.files.file_format.Encoding`.

    SimpleITK marks every file as being in scanner coordinates and drops the display range, the
    intent and the directions of the acquisition, so those are written here.
    """
    entries = {key: image.GetMetaData(key) for key in image.GetMetaDataKeys()}
    bare = sitk.Image(image)
    for key in entries:
        bare.EraseMetaData(key)
    # SimpleITK does not write to a name that ends in .nii.gz.
    plain = scratch.with_name(scratch.name.removesuffix(".gz").removesuffix(".nii") + ".raw.nii")
    try:
        content = bytearray(head_of_slice(bare, plain))
    finally:
        plain.unlink(missing_ok=True)
    if len(content) != _HEAD_BYTES:
        raise OSError(INCOMPLETE_HEADER)
    struct.pack_into("<h", content, _SLICES_AT, depth)
    _put_entries(content, entries)
    return bytes(content)


def keep(entries: Mapping[str, str]) -> dict[str, str]:
    """See :class:`ArSSRLib.volumes.files.file_format.FileFormat`: texts are cut to their room."""
    longest = {"descrip": DESCRIPTION_BYTES - 1, "intent_name": NAME_BYTES - 1}
    return {
        key: _cut(value, longest[key]) if key in longest else value
        for key, value in entries.items()
    }


def _cut(words: str, most: int) -> str:
    """The beginning of a text that is at most so many bytes long in UTF-8."""
    return words.encode()[:most].decode(errors="ignore")


def _files(path: Path) -> tuple[Path, Path]:
    """The header and the voxels; one file unless the name is that of a pair.

    Raises:
        InputError: half of the pair is missing.
    """
    name = path.name.lower()
    if not name.endswith((*_HEADER_OF_PAIR, *_VOXELS_OF_PAIR)):
        return path, path
    stem = path.name[: name.rindex(".hdr" if ".hdr" in name[-7:] else ".img")]
    found = [
        next((p for ending in half if (p := path.with_name(stem + ending)).is_file()), None)
        for half in (_HEADER_OF_PAIR, _VOXELS_OF_PAIR)
    ]
    if None in found:
        ending = (_HEADER_OF_PAIR, _VOXELS_OF_PAIR)[found.index(None)][0]
        raise InputError(
            f"The file {stem + ending!r} that belongs to {str(path)!r} is missing; put it back "
            "beside it."
        )
    return cast("tuple[Path, Path]", tuple(found))


def _size_and_volumes(header: NiftiHeader) -> tuple[SizeTriple, int]:
    """The size of one volume and how many there are.

    Raises:
        InputError: fewer than three axes, or more than one value per voxel.
    """
    sizes = header.sizes
    if len(sizes) < 3:
        raise InputError(f"The image {header.name} has {len(sizes)} dimensions; give a 3-D volume.")
    if math.prod(sizes[4:]) > 1:
        raise InputError(
            f"The file {header.name} has {len(sizes)} dimensions {tuple(sizes)}, which is more "
            "than one value per voxel; save one 3-D volume of it first."
        )
    return size_triple(sizes[:3]), sizes[3] if len(sizes) > 3 else 1


def _put_entries(content: bytearray, entries: Mapping[str, str]) -> None:
    """Puts header entries into the bytes of a header; values that do not fit stay 0."""
    codes = entries.get(FORM_CODES, "")
    if _QFORM_AND_SFORM.fullmatch(codes):
        # Both forms hold the one affine of the image.
        struct.pack_into("<2h", content, NIFTI1.form_codes[0], *map(int, codes.split()))
    highest, lowest = _number(entries.get("cal_max")), _number(entries.get("cal_min"))
    if highest > lowest:
        struct.pack_into("<2f", content, NIFTI1.display[0], highest, lowest)
    parameters = [_number(entries.get(f"intent_p{n}")) for n in (1, 2, 3)]
    struct.pack_into("<3f", content, NIFTI1.intent[0], *parameters)
    for key, (start, kind) in (
        ("dim_info", NIFTI1.dim_info),
        ("intent_code", NIFTI1.intent_code),
    ):
        with suppress(struct.error):
            struct.pack_into("<" + kind, content, start, int(_number(entries.get(key))))
    for key, start in (("intent_name", NIFTI1.intent_name), ("descrip", NIFTI1.description)):
        text = entries.get(key, "").encode()
        content[start : start + len(text)] = text


def _number(text: str | None) -> float:
    """A header entry as a number that NIfTI can hold; 0 where it is missing or not a number."""
    try:
        value = float(text or 0)
    except ValueError:
        return 0.0
    return value if abs(value) <= float(np.finfo(np.float32).max) else 0.0


_FORMAT = FileFormat(
    "NIfTI",
    (".nii", ".nii.gz"),
    read_header,
    {".nii": Encoding(head), ".nii.gz": Encoding(head, "gzip", whole=True)},
    keep=keep,
)
register(_FORMAT)
register(
    replace(_FORMAT, name="NIfTI pair", suffixes=(*_HEADER_OF_PAIR, *_VOXELS_OF_PAIR),
            encodings={}, parts=parts)
)  # fmt: skip
