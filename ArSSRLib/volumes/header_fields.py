"""Which header entries of a volume are still true of a volume on another grid."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import SimpleITK as sitk

_ABOUT_THE_GRID_OR_THE_STORAGE = (
    # NIfTI
    "dim[", "pixdim", "qform", "sform", "srow", "quatern", "qoffset", "qto", "qfac", "scl_",
    "slice_", "bitpix", "datatype", "nifti_type", "vox_offset", "xyzt_units", "toffset",
    # ITK's own notes on the file it has read
    "ITK_original", "ITK_sform", "ITK_InputFilterName", "ITK_Origin", "ITK_Spacing",
    "ITK_non_uniform", "ITK_Zaxis",
    # NRRD
    "NRRD_space", "NRRD_sizes", "NRRD_axis", "NRRD_thicknesses", "NRRD_old", "NRRD_block",
    "NRRD_spacings", "NRRD_content",
)  # fmt: skip
_NOTHING_WHEN_ZERO = ("cal_", "intent_", "dim_info")
_METAIMAGE_FIELDS = frozenset((
    "acquisitiondate", "anatomicalorientation", "binarydata", "binarydatabyteordermsb",
    "centerofrotation", "color", "comment", "compresseddata", "compresseddatasize",
    "compressionlevel", "dimsize", "distanceunits", "elementbyteordermsb", "elementdatafile",
    "elementmax", "elementmin", "elementnbits", "elementnumberofchannels", "elementorigin",
    "elementsize", "elementspacing", "elementtointensityfunctionoffset",
    "elementtointensityfunctionslope", "elementtype", "headersize", "headersizeperslice", "id",
    "name", "ndims", "objectsubtype", "objecttype", "offset", "orientation", "origin", "parentid",
    "position", "rotation", "sequenceid", "transformmatrix", "transformtype",
))  # fmt: skip
"""What the format means by a line of its header, in lower case."""
_LONGEST_METAIMAGE_TEXT = 2000
_LONGEST_NIFTI_TEXT = {"descrip": 79, "aux_file": 23, "intent_name": 15}
"""Bytes that a NIfTI header has for a text."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")
_NO_NRRD_KEY = re.compile(r"^\s*$|[\x00-\x1f\x7f]|:($|[ =])")
_NO_METAIMAGE_KEY = re.compile(r"^\s*$|[\x00-\x1f\x7f=]")
_UNPRINTABLE = "[UNKNOWN_PRINT_CHARACTERISTICS]"

ACQUISITION_TAGS = {
    "0008|0060": "Modality",
    "0008|0070": "Manufacturer",
    "0008|103e": "SeriesDescription",
    "0018|0020": "ScanningSequence",
    "0018|0080": "RepetitionTime",
    "0018|0081": "EchoTime",
    "0018|0082": "InversionTime",
    "0018|0087": "MagneticFieldStrength",
    "0018|1030": "ProtocolName",
    "0018|1314": "FlipAngle",
}
"""DICOM tags that are carried over: how the series was acquired, never who the patient is."""
_DICOM_TAG = re.compile(r"[0-9a-f]{4}\|[0-9a-f]{4}", re.IGNORECASE)


def entries_that_stay_true(metadata: Mapping[str, str]) -> dict[str, str]:
    """The entries that do not describe the old size, spacing, placement, scaling or storage.

    Of DICOM tags, which SimpleITK keeps in NRRD and MetaImage files too, only those of the
    acquisition stay: the others name the patient, the old grid or the file itself.

    Args:
        metadata: header entries by SimpleITK's names.
    """
    return {
        key: value
        for key, value in metadata.items()
        if value.strip()
        and _UNPRINTABLE not in value
        and not key.startswith(_ABOUT_THE_GRID_OR_THE_STORAGE)
        and not (key.startswith(_NOTHING_WHEN_ZERO) and value.strip() == "0")
        and (key.lower() in ACQUISITION_TAGS or not _DICOM_TAG.fullmatch(key))
    }


def entries_that_fit(metadata: Mapping[str, str], suffix: str) -> dict[str, str]:
    """The entries as a file can hold them that ends in ``suffix``.

    SimpleITK writes all of them, and some then make the file unreadable.

    Args:
        metadata: header entries by SimpleITK's names.
        suffix: ``.nii``, ``.nii.gz``, ``.nrrd`` or ``.mha``.
    """
    match suffix:
        case ".mha":
            return {
                key: _CONTROL.sub(" ", value)[:_LONGEST_METAIMAGE_TEXT]
                for key, value in metadata.items()
                if not _NO_METAIMAGE_KEY.search(key)
                and len(key) <= _LONGEST_METAIMAGE_TEXT
                and key.strip().lower() not in _METAIMAGE_FIELDS
            }
        case ".nrrd":
            return {k: value for k, value in metadata.items() if not _NO_NRRD_KEY.search(k)}
        case _:
            longest = _LONGEST_NIFTI_TEXT
            return {
                key: _cut(value, longest[key]) if key in longest else value
                for key, value in metadata.items()
            }


def _cut(words: str, most: int) -> str:
    """The beginning of a text that is at most so many bytes long in UTF-8."""
    return words.encode()[:most].decode(errors="ignore")


def acquisition_entries(tags: Mapping[str, str]) -> dict[str, str]:
    """Header entries, under readable names, of the DICOM tags that say how a series was made."""
    return {
        name: tags[tag].strip()
        for tag, name in ACQUISITION_TAGS.items()
        if tags.get(tag, "").strip()
    }


def text_entries(image: sitk.Image) -> dict[str, str]:
    """The header entries of an image that are text; some programs write bytes that are not."""
    keys = [key for key in image.GetMetaDataKeys() if is_text(key)]
    entries = {key: image.GetMetaData(key) for key in keys}
    return {key: value for key, value in entries.items() if is_text(value)}


def is_text(words: str) -> bool:
    """Whether all of ``words`` came from bytes that are UTF-8."""
    try:
        words.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
