"""The JSON file beside an upsampled volume: where it comes from and how it was made."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import InputError
from ..running.json_files import read_json_object, write_json
from .dataset import Source

if TYPE_CHECKING:
    from ..volumes.grid import Grid

RAW = "raw"
"""What the source dataset is called in BIDS URIs; ``DatasetLinks`` says where it lies."""
_METHODS = {
    "arssr": "ArSSR, an implicit neural representation",
    "cubic": "cubic B-spline interpolation",
    "linear": "linear interpolation",
    "nearest": "nearest neighbour interpolation",
}
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
    caution = (
        "Super-resolution can invent detail. Not for clinical use."
        if method == "arssr"
        else "Interpolation adds no detail. Not for clinical use."
    )
    return {
        "Description": f"T1-weighted volume upsampled by {_METHODS[method]}. {caution}",
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


def model_entries(model: str) -> dict[str, str]:
    """Name, version and SHA-256 of a bundled model or a model file.

    Raises:
        InputError: no such model.
    """
    from ..networks.catalogue import MODELS, model_info

    info = model_info(model)
    changed = info.path.stat()
    return {
        "Name": info.path.stem if info.path.parent == MODELS else info.path.name,
        "Version": info.header.version,
        "SHA256": _digest(info.path, changed.st_mtime_ns, changed.st_size),
    }


@lru_cache
def _digest(path: Path, modified: int, size: int) -> str:
    """SHA-256 of a file, read once until it changes."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def passes(model: str, fast: bool) -> int:
    """How often the network sees the volume: twice where the model asks for a mirrored pass.

    Args:
        model: bundled name or model file.
        fast: whether the mirrored pass is left out.

    Raises:
        InputError: no such model.
    """
    from ..networks.catalogue import model_info

    return 2 if model_info(model).header.mirrored and not fast else 1


def made_the_same_way(made: Mapping[str, Any], model: str, fast: bool) -> bool:
    """Whether a result of the network has these weights and this number of passes.

    Args:
        made: see :func:`made_by`; results of before there were mirrored passes name none.
        model, fast: see :func:`passes`.

    Raises:
        InputError: no such model.
    """
    weights = made.get("Model")
    return (
        isinstance(weights, dict)
        and weights.get("SHA256") == model_entries(model)["SHA256"]
        and made.get("Passes", 1) == passes(model, fast)
    )


def write_sidecar(
    path: str,
    entries: Mapping[str, Any],
    method: str,
    model: str,
    low: Grid,
    high: Grid,
    fast: bool = False,
    volume: int | None = None,
) -> None:
    """Writes the sidecar of a result, atomically.

    Args:
        path: the file.
        entries: see :func:`static_entries`.
        method: how the volume was upsampled.
        model: bundled name or model file; it took part with the method ``arssr``.
        low: grid of the source.
        high: grid of the result.
        fast: whether the model's mirrored pass was left out.
        volume: which volume of a 4-D source it was made from, where that was chosen.

    Raises:
        EnvironmentFault: it cannot be written.
    """
    from .. import __version__

    made = {
        "Method": method,
        "Software": {"Name": "arssr", "Version": __version__},
        **_network_entries(method, model, fast),
        **({} if volume is None else {"SourceVolume": volume}),
        "Factors": [round(n / m, 6) for m, n in zip(low.size, high.size, strict=True)],
        "SourceVoxelSize": list(low.spacing),
        "VoxelSize": list(high.spacing),
    }
    resolution = (
        f"Voxels of {_shown(high.spacing)} mm, upsampled from {_shown(low.spacing)} mm over the "
        "same field of view"
    )
    values = {**entries, "Resolution": resolution, "Upsampling": made}
    write_json(path, values)


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


def _network_entries(method: str, model: str, fast: bool) -> dict[str, Any]:
    if method != "arssr":
        return {}
    return {"Model": model_entries(model), "Passes": passes(model, fast)}


def made_by(path: Path) -> Mapping[str, Any] | None:
    """The entry ``Upsampling`` of a sidecar; None when there is none or it is damaged."""
    try:
        made = read_json_object(path).get("Upsampling")
    except InputError:
        return None
    return made if isinstance(made, dict) else None


def _shown(spacing: Sequence[float]) -> str:
    return " × ".join(f"{step:.4g}" for step in spacing)
