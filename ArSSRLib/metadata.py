"""Which header entries of a volume are still true of a volume on another grid."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import SimpleITK as sitk

_ABOUT_THE_GRID_OR_THE_STORAGE = (
    # NIfTI
    "dim", "pixdim", "qform", "sform", "srow", "quatern", "qoffset", "qto", "qfac", "scl_",
    "slice_", "bitpix", "datatype", "nifti_type", "vox_offset", "xyzt_units",
    # ITK's own notes on the file it has read
    "ITK_original", "ITK_sform", "ITK_InputFilterName", "ITK_Origin", "ITK_Spacing",
    "ITK_non_uniform", "ITK_Zaxis",
    # NRRD
    "NRRD_space", "NRRD_sizes", "NRRD_axis", "NRRD_thicknesses", "NRRD_old", "NRRD_block",
    "NRRD_spacings", "NRRD_content",
)  # fmt: skip
_NOTHING_WHEN_ZERO = ("cal_", "intent_", "toffset", "dim_info")
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


def entries_that_stay_true(metadata: Mapping[str, str]) -> dict[str, str]:
    """The entries that do not describe the old size, spacing, placement, scaling or storage.

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
    }


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
