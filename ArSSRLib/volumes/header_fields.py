"""Which header entries of a volume are carried into a result: an allow-list.

Kept is what describes how the image was acquired or how to show it. Everything else is left out: it
describes the old grid or the storage, or may name the patient under any key.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import SimpleITK as sitk

ACQUISITION_TAGS = {
    "0008|0060": "Modality",
    "0008|0070": "Manufacturer",
    "0008|1090": "ManufacturerModelName",
    "0008|103e": "SeriesDescription",
    "0018|0020": "ScanningSequence",
    "0018|0024": "SequenceName",
    "0018|0080": "RepetitionTime",
    "0018|0081": "EchoTime",
    "0018|0082": "InversionTime",
    "0018|0083": "NumberOfAverages",
    "0018|0087": "MagneticFieldStrength",
    "0018|0095": "PixelBandwidth",
    "0018|1030": "ProtocolName",
    "0018|1314": "FlipAngle",
}
"""DICOM tags that are carried over: how the series was acquired, never who the patient is."""
_OTHER_NAMES = (
    "Protocol",
    # NIfTI, by the names SimpleITK gives the fields; its codes of the forms are ours.
    "cal_max", "cal_min", "descrip", "dim_info", "intent_code", "intent_name", "intent_p1",
    "intent_p2", "intent_p3", "nifti_form_codes",
)  # fmt: skip
_ALLOWED = {name.lower() for name in (*ACQUISITION_TAGS.values(), *_OTHER_NAMES)}
_ALLOWED_TAGS = {tag.replace("|", "") for tag in ACQUISITION_TAGS}
_TAG = re.compile(r"(?:dicom[._])?\(?([0-9a-f]{4})[|,_]?([0-9a-f]{4})\)?(?:[._]([a-z]+))?")
"""``0018|0081``, ``DICOM_0018_0081_EchoTime`` and the like, in lower case."""
_PREFIX = "dicom."
_ZERO_MEANS_NONE = ("cal_max", "cal_min", "intent_code", "intent_p1", "intent_p2", "intent_p3",
                    "dim_info")  # fmt: skip


def entries_to_keep(metadata: Mapping[str, str]) -> dict[str, str]:
    """The entries that are carried into a result.

    Args:
        metadata: header entries by SimpleITK's names.
    """
    return {
        key: value
        for key, value in metadata.items()
        if is_allowed(key)
        and value.strip()
        and is_text(key + value)
        and not (key in _ZERO_MEANS_NONE and value.strip() == "0")
    }


def is_allowed(key: str) -> bool:
    """Whether an entry of this name describes the acquisition or how to show the image."""
    name = key.strip().lower()
    tag = _TAG.fullmatch(name)
    if tag:
        return tag[1] + tag[2] in _ALLOWED_TAGS
    return name.removeprefix(_PREFIX) in _ALLOWED


def text_entries(image: sitk.Image) -> dict[str, str]:
    """The header entries of an image whose name is text."""
    keys = [key for key in image.GetMetaDataKeys() if is_text(key)]
    return {key: image.GetMetaData(key) for key in keys}


def is_text(words: str) -> bool:
    """Whether all of ``words`` came from bytes that are UTF-8."""
    try:
        words.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
