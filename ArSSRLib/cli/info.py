"""``arssr info``: what a volume holds, how fine it was measured, and what upsampling would do."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import InputError
from ..running.durations import duration_text
from ..running.interrupts import load_libraries
from ..running.native_stderr import native_stderr_silenced
from ..running.printable import printable
from ..upsampling.options import add_options
from ..upsampling.request import Upsampling
from .outcome import EXIT_DONE

if TYPE_CHECKING:
    from ..volumes.files.dicom.series import Series
    from ..volumes.measured_resolution import MeasuredResolution
    from ..volumes.volume import Volume

_SCALE_WITHOUT_CHOICE = 2.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Defines the options of ``arssr info``."""
    parser.add_argument("input", metavar="INPUT", help="a volume file or a DICOM folder")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of text")
    add_options(parser, Upsampling, ("scale", "spacing", "isotropic"), required=False)
    add_options(parser, Upsampling, ("model", "fast", "from_measured", "volume", "series"))


def run(arguments: argparse.Namespace) -> int:
    """Prints what a volume holds; returns the exit code.

    Raises:
        InputError: the input or an option cannot be used.
    """
    load_libraries("SimpleITK")
    from ..volumes.files.reading import read_volume
    from ..volumes.labels import label_reason

    request = Upsampling.from_namespace(arguments)
    if arguments.series is None and Path(arguments.input).is_dir():
        series = _series_in(arguments.input)
        if len(series) > 1:
            _print_series(arguments.input, series, arguments.json)
            return EXIT_DONE
    with native_stderr_silenced():
        volume = read_volume(arguments.input, arguments.volume, arguments.series)
    facts = _facts(arguments.input, volume)
    reason = label_reason(volume, arguments.input)
    facts |= {"label_map": reason} if reason else _measurements(volume, request)
    print(json.dumps(facts, indent=2) if arguments.json else printable_text(facts))
    return EXIT_DONE


def _series_in(folder: str) -> list[Series]:
    from ..volumes.files.dicom.series import list_series

    with native_stderr_silenced():
        return list_series(folder)


def _print_series(folder: str, series: Sequence[Series], as_json: bool) -> None:
    """Lists what a folder holds; ``--series`` chooses one of it."""
    if as_json:
        print(json.dumps({"file": folder, "series": [_series_facts(s) for s in series]}, indent=2))
        return
    head = f"{len(series)} DICOM series; choose one with --series NUMBER or DESCRIPTION"
    print("\n".join(printable(line) for line in (folder, head, *(s.line for s in series))))


def _series_facts(series: Series) -> dict[str, Any]:
    grid = series.grid
    return {
        "number": series.number,
        "description": series.description,
        "contrast": series.contrast,
        "size": list(grid.size) if grid is not None else None,
        "voxel_mm": [round(mm, 6) for mm in grid.spacing] if grid is not None else None,
        "problem": series.problem,
    }


def _facts(path: str, volume: Volume) -> dict[str, Any]:
    from ..volumes.files.dicom.contrast import guessed_contrast

    entries = {key.rpartition("_")[2]: value for key, value in volume.metadata.items()}
    described = " ".join(entries.get(key, "") for key in ("SeriesDescription", "ProtocolName"))
    contrast = guessed_contrast(described, entries) or guessed_contrast(Path(path).name, {})
    return {
        "file": path,
        "size": list(volume.grid.size),
        "voxel_mm": [round(mm, 6) for mm in volume.grid.spacing],
        "type": volume.pixel_type,
        "contrast": contrast,
    }


def _measurements(volume: Volume, request: Upsampling) -> dict[str, Any]:
    from ..volumes.measured_resolution import MeasuredResolution
    from ..volumes.noise import estimate_noise
    from ..volumes.outliers import split_outliers

    seen = split_outliers(volume.array, volume.padding).seen
    measured = MeasuredResolution.of(seen, volume.grid)
    return {
        "measured_mm": [round(mm, 3) for mm in measured.spacing],
        "measured_how": [axis.how for axis in measured.axes],
        "noise": round(estimate_noise(seen), 4),
        "upsample": _plan(volume, measured, request),
    }


def _plan(volume: Volume, measured: MeasuredResolution, request: Upsampling) -> dict[str, Any]:
    """What ``arssr upsample`` would do with these options."""
    from ..upsampling.estimate import estimate_cost

    start = measured.grid_of(volume.grid) if request.from_measured else volume.grid
    if (request.scale, request.spacing, request.isotropic) == (None, None, False):
        request = replace(request, isotropic=True)
        try:
            request.resolution.target_grid(start)
        except InputError:
            request = replace(request, isotropic=False, scale=_SCALE_WITHOUT_CHOICE)
    target = request.resolution.target_grid(start)
    cost = estimate_cost(request, start, target)
    cautions = [request.caution(start, target)]
    if not request.from_measured:
        cautions.append(measured.caution(start, target))
    return {
        "resolution": request.resolution.title,
        "size": list(target.size),
        "voxel_mm": [round(mm, 6) for mm in target.spacing],
        "method": request.title,
        "seconds": round(cost.seconds, 1),
        "peak_bytes": cost.peak_bytes,
        "warnings": list(filter(None, cautions)),
    }


def printable_text(facts: Mapping[str, Any]) -> str:
    """The facts as lines for people."""
    grid = f"{_by(facts['size'], '×')} voxels of {_by(facts['voxel_mm'])} mm, {facts['type']}"
    lines = [("", facts["file"]), ("grid", grid), ("contrast", facts["contrast"] or "not known")]
    if "label_map" in facts:
        lines.append(("label map", f"{facts['label_map']}; upsample it with --method nearest"))
    else:
        plan = facts["upsample"]
        lines += [
            ("measured", _measured_text(facts)),
            ("noise", f"{100 * facts['noise']:.1f} % of the intensity range"),
            ("upsample", f"{plan['resolution']}: {_by(plan['size'], '×')} voxels of "
             f"{_by(plan['voxel_mm'])} mm by {plan['method']}; about "
             f"{duration_text(plan['seconds'])} on this CPU and {plan['peak_bytes'] / 1e9:.1f} GB"),
            *(("warning", sentence) for sentence in plan["warnings"]),
        ]  # fmt: skip
    return "\n".join(printable(f"{name:<10}{text}" if name else text) for name, text in lines)


def _measured_text(facts: Mapping[str, Any]) -> str:
    hows = facts["measured_how"]
    finer = [
        f"{how} along {axis}"
        for axis, how in zip("ijk", hows, strict=True)
        if how != "as stored" and how != "unknown"
    ]
    unknown = [axis for axis, how in zip("ijk", hows, strict=True) if how == "unknown"]
    notes = [*finer, *([f"cannot be judged along {', '.join(unknown)}"] if unknown else [])]
    return f"{_by(facts['measured_mm'])} mm" + (f" ({'; '.join(notes)})" if notes else "")


def _by(numbers: Sequence[float], sign: str = " × ") -> str:
    return sign.join(f"{number:.4g}" for number in numbers)
