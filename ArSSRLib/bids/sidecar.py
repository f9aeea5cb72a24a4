"""What BIDS requires in the JSON file beside an upsampled volume."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Any

from ..choices import NOT_FOR_CLINICAL_USE
from ..running.json_files import read_json_object, write_json
from .dataset import Source

RAW = "raw"
"""What the source dataset is called in BIDS URIs; ``DatasetLinks`` says where it lies."""
_METHODS = {
    "arssr": "ArSSR, an implicit neural representation",
    "cubic": "cubic B-spline interpolation",
    "linear": "linear interpolation",
    "nearest": "nearest neighbour interpolation",
}
_CONTRASTS = {
    "T1w": "T1-weighted", "T2w": "T2-weighted", "PDw": "Proton density weighted",
    "T2starw": "T2*-weighted",
}  # fmt: skip
_STILL_TRUE = (
    "Modality", "Manufacturer", "ManufacturersModelName", "MagneticFieldStrength",
    "PulseSequenceType", "ScanningSequence", "SequenceVariant", "SequenceName", "RepetitionTime",
    "RepetitionTimeExcitation", "RepetitionTimePreparation", "EchoTime", "InversionTime",
    "FlipAngle", "ContrastBolusIngredient", "TaskName", "SkullStripped",
)  # fmt: skip
"""Entries of the source's sidecar that upsampling does not make wrong."""
_SKULL = "SkullStripped"
_OF_THIS_DATASET = "bids::"
_URI = re.compile(r"(bids:|[a-zA-Z][a-zA-Z0-9+.-]*://).+")


def static_entries(source: Source, method: str, stripped: bool | None) -> dict[str, Any]:
    """What is known before the volume is computed.

    Args:
        source: the volume.
        method: how it will be upsampled.
        stripped: whether the skull has been removed, where only the user says so.
    """
    uri = f"bids:{RAW}:{source.relative}"
    entries = {key: source.metadata[key] for key in _STILL_TRUE if key in source.metadata}
    if not isinstance(entries.get(_SKULL), bool):
        entries.pop(_SKULL, None)
    if stripped is not None:
        entries.setdefault(_SKULL, stripped)
    contrast = _CONTRASTS.get(source.name.suffix, source.name.suffix)
    caution = (
        NOT_FOR_CLINICAL_USE
        if method == "arssr"
        else "Interpolation adds no detail. Not for clinical use."
    )
    return {
        "Description": f"{contrast} image upsampled by {_METHODS[method]}. {caution}",
        "Sources": [uri],
        "SpatialReference": _spatial_reference(source, uri),
        **entries,
    }


def _spatial_reference(source: Source, uri: str) -> str:
    """What the source says it is aligned to, as the derivative dataset can say it; else itself."""
    said = source.metadata.get("SpatialReference")
    if not isinstance(said, str):
        return uri
    path = said.removeprefix(_OF_THIS_DATASET)
    if path == said and (said == "orig" or _URI.fullmatch(said)):
        return said
    # A path means the source dataset there and ours here.
    return f"bids:{RAW}:{path}" if path and os.path.isfile(source.root / path) else uri


def add_skull(path: str, entries: Mapping[str, Any]) -> None:
    """Adds to a sidecar what is known by now of the skull, where it says nothing.

    Args:
        path: the file, of a result that is kept.
        entries: see :func:`static_entries`.

    Raises:
        InputError, EnvironmentFault: it cannot be written.
    """
    values = read_json_object(path)
    if _SKULL in entries and _SKULL not in values:
        write_json(path, {**values, _SKULL: entries[_SKULL]})
