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

_MADE = "Upsampling"


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
        **job.request.to_dict(),
        "Software": {"Name": "arssr", "Version": __version__},
        "Factors": [round(n / m, 6) for m, n in zip(low.size, high.size, strict=True)],
        "SourceVoxelSize": list(low.spacing),
        "VoxelSize": list(high.spacing),
    }
    if result.start != low:
        made["MeasuredVoxelSize"] = list(result.start.spacing)
    if result.difference is not None:
        made["DifferenceFromSource"] = round(result.difference, 6)
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
