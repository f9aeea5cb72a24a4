"""The JSON file beside a result: how it was made."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..choices import NOT_FOR_CLINICAL_USE
from ..errors import InputError
from ..running.json_files import read_json_object, write_json

if TYPE_CHECKING:
    from ..volumes.volume import Volume
    from .file_job import FileJob, FileResult
    from .request import Upsampling

_MADE = "Upsampling"
_DIFFERENCES: dict[str, tuple[object, str]] = {
    "SourceVolume": (0, "another volume of the 4-D file"),
    "FromMeasured": (False, "another start, the measured resolution or the stored one"),
    "Model": (None, "another model"),
    "Passes": (1, "another number of passes"),
    "NoiseReduction": (1.0, "another noise reduction"),
    "NoiseLevel": (None, "another noise level"),
    "IntensityRange": (None, "another intensity range"),
    "Precision": ("auto", "another precision"),
}
"""Entries that decide voxels: their value where they are missing, and what a difference means."""


def write_sidecar(job: FileJob, source: Volume, result: FileResult) -> None:
    """Writes the sidecar of a result, in one step.

    Args:
        job: with the file and what it holds besides.
        source: what was upsampled.
        result: what became of it.

    Raises:
        InputError, EnvironmentFault: it cannot be written.
    """
    from .. import __version__

    assert job.sidecar is not None
    low, high = source.grid, result.grid
    made = {
        **how_made(job.request),
        "Software": {"Name": "arssr", "Version": __version__},
        "Factors": [round(n / m, 6) for m, n in zip(low.size, high.size, strict=True)],
        "SourceVoxelSize": list(low.spacing),
        "VoxelSize": list(high.spacing),
    }
    if result.start != low:
        made["MeasuredVoxelSize"] = list(result.start.spacing)
    if result.difference is not None:
        made["DifferenceFromSource"] = round(result.difference, 6)
    if result.noise is not None:
        made["EstimatedNoiseLevel"] = round(result.noise, 6)
    if source.rounding:
        made["Rounding"] = source.rounding
    resolution = (
        f"Voxels of {_shown(high.spacing)} mm, upsampled from {_shown(low.spacing)} mm over the "
        "same field of view"
    )
    entries = {key: value for key, value in job.entries.items() if _is_finite(value)}
    values = {**entries, "Resolution": resolution, _MADE: made}
    if job.error_map is not None:
        # First: with the sidecar of the result, the result is complete.
        write_json(_beside(job.error_map), {**values, **_of_errors(job)})
    write_json(job.sidecar, values)


def _beside(path: str) -> str:
    """The sidecar of a file."""
    from ..volumes.files.names import stem_of

    return f"{stem_of(path)}.json"


def _of_errors(job: FileJob) -> dict[str, Any]:
    """What the sidecar of the expected error has instead of, or besides, that of the result."""
    assert job.request.model is not None
    head = job.request.model.header.expected_error
    assert head is not None
    return {
        "Description": f"Expected absolute error of each voxel of {Path(job.output).name}, in its "
        f"units. {NOT_FOR_CLINICAL_USE}",
        "Interval68": head.interval_68,
        "Interval95": head.interval_95,
    }


def how_made(request: Upsampling) -> dict[str, Any]:
    """The entries that tell how a run makes its result."""
    values: dict[str, Any] = {"Method": request.method}
    if request.model is not None:
        values["Model"] = request.model.to_dict()
        values["Passes"] = request.passes
        if request.model.header.spec.encoder.noise_level:
            values["NoiseReduction"] = request.noise_reduction
        if request.noise_level is not None:
            values["NoiseLevel"] = request.noise_level
        if request.intensity_range is not None:
            values["IntensityRange"] = list(request.intensity_range)
        if request.precision != "auto":
            values["Precision"] = request.precision
    if request.from_measured:
        values["FromMeasured"] = True
    if request.volume is not None:
        values["SourceVolume"] = request.volume
    if request.series is not None:
        values["SourceSeries"] = request.series
    return values


def difference_from(request: Upsampling, made: Mapping[str, Any]) -> str:
    """What distinguishes a run from the one that made a result; empty for nothing.

    Args:
        request: the run.
        made: entries as of :func:`how_made`, by the same method.
    """
    own = how_made(request)
    for entry, (default, what) in _DIFFERENCES.items():
        values = [each.get(entry, default) for each in (own, made)]
        if entry == "Model":
            values = [v.get("SHA256") if isinstance(v, Mapping) else None for v in values]
        if values[0] != values[1]:
            return what
    return ""


def made_by(path: Path) -> Mapping[str, Any] | None:
    """How the result of a sidecar was made; None when the file is missing, damaged or not ours."""
    try:
        made = read_json_object(path).get(_MADE)
    except InputError:
        return None
    return made if isinstance(made, dict) else None


def _is_finite(value: Any) -> bool:
    """Whether JSON can hold a value: Python reads 1e999 as infinity, which it cannot."""
    if isinstance(value, Mapping):
        return all(_is_finite(each) for each in value.values())
    if isinstance(value, list):
        return all(_is_finite(each) for each in value)
    return not isinstance(value, float) or math.isfinite(value)


def _shown(spacing: Sequence[float]) -> str:
    return " × ".join(f"{step:.4g}" for step in spacing)
