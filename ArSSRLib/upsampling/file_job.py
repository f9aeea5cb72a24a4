"""From one file to another: what ``arssr upsample`` does, and each volume of a batch."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..choices import NOT_FOR_CLINICAL_USE
from ..errors import InputError
from ..running.interrupts import load_libraries, no_longer_cancellable
from ..running.machine import memory_limit, total_memory
from ..running.memory import shortage_expected
from ..running.memory_limit import refuse_beyond_limit
from ..running.native_stderr import native_stderr_silenced
from ..running.output_files import check_output_place, make_folder, refuse_input_as_output
from .progress import Progress, ProgressCallback, share_of
from .request import Upsampling

if TYPE_CHECKING:
    from ..volumes.files.dicom.derived_header import Derivation
    from ..volumes.grid import Grid
    from ..volumes.volume import Volume
    from .expected_error import ErrorSummary
    from .run import Upsampled

_log = logging.getLogger(__name__)

_SHARE_READ = 0.02
_SHARE_COMPUTED = 0.97
_BYTES_OF_A_VOXEL = 4


@dataclass(frozen=True, kw_only=True)
class FileJob:
    """One volume to upsample.

    Attributes:
        source: input file, or folder of a DICOM series.
        output: file to write.
        request: how.
        force: whether an existing output may be replaced.
        make_folder: whether the output's folder is made where it is missing.
        dicom: whether the output is a folder for a derived DICOM series; the source is a folder of
            DICOM files then.
        error_map: file for the expected error of each voxel, a folder with ``dicom``; None exactly
            where the request does not ask for it.
        sidecar: JSON file that describes the result; None for none.
        entries: what the sidecar holds besides how the result was made.
    """

    source: str
    output: str
    request: Upsampling
    force: bool = False
    make_folder: bool = False
    dicom: bool = False
    error_map: str | None = None
    sidecar: str | None = None
    entries: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if (self.error_map is not None) != self.request.expected_error:
            raise InputError(
                "The expected error needs both its option and a file to go to; give both or "
                "neither (only the method arssr gives an expected error).",
                argument="error_map",
            )

    def to_dict(self) -> dict[str, Any]:
        """Ready for JSON, for another process."""
        return {**vars(self), "request": self.request.arguments()}

    @staticmethod
    def from_dict(values: Mapping[str, Any]) -> FileJob:
        """The job of an object as :meth:`to_dict` gives it; what is missing has its default.

        Raises:
            KeyError, TypeError: an entry is missing or unknown.
            InputError: an option or the model cannot be used.
        """
        return FileJob(**{**values, "request": Upsampling.from_arguments(values["request"])})


@dataclass(frozen=True)
class FileResult:
    """What became of a volume.

    Attributes:
        grid: of the result.
        start: of the volume that was upsampled, see
            :func:`ArSSRLib.upsampling.run.starting_volume`.
        difference: share of its range by which it differs from the result downsampled again; None
            where that cannot be measured.
        errors: what to say of the expected errors; None where they were not asked for.
        noise: estimated noise of the input, see :class:`ArSSRLib.upsampling.run.Upsampled`.
    """

    grid: Grid
    start: Grid
    difference: float | None
    errors: ErrorSummary | None = None
    noise: float | None = None

    @property
    def measured(self) -> dict[str, Any]:
        """What was measured, for programs; only what there is."""
        values: dict[str, Any] = {}
        if self.difference is not None:
            values["difference"] = round(self.difference, 6)
        if self.noise is not None:
            values["noise_level"] = round(self.noise, 6)
        if self.errors is not None:
            values["expected_error"] = self.errors.to_dict()
        return values


def upsample_file(
    job: FileJob, report: ProgressCallback, admit: Callable[[int], None] | None = None
) -> FileResult:
    """Reads a volume, upsamples it and writes the result.

    Logs a warning where the model was not trained for the scale or the voxel size, and where there
    is little to sharpen.

    Args:
        job: what to do.
        report: receives progress; raising from it cancels.
        admit: called before the work begins with the bytes of memory that it needs; may wait, or
            cancel by raising.

    Raises:
        InputError: unusable input, output or region.
        EnvironmentFault: the disk is full, memory ran out, or a limit leaves too little of it.
        Cancelled: by ``admit`` or ``report``.
    """
    _check_places(job)
    report(Progress("reading", 0.0))
    load_libraries("SimpleITK", *(["torch"] if job.request.model is not None else []))
    from ..volumes.files.reading import read_volume
    from .run import starting_volume, upsample_with_error

    with native_stderr_silenced():
        volume = read_volume(job.source, job.request.volume, job.request.series)
    _refuse_labels(job, volume)
    start = starting_volume(volume, job.request)
    target = job.request.resolution.target_grid(start.grid)
    needed, least = _bytes_needed(job.request, start.grid, target)
    refuse_beyond_limit(least, memory_limit())
    if admit is not None:
        admit(needed)
    shortage = shortage_expected(needed, total_memory())
    for caution in filter(None, [job.request.caution(start.grid, target), shortage]):
        _log.warning(caution)
    progress = share_of(report, _SHARE_READ, _SHARE_COMPUTED)
    upsampled = upsample_with_error(start, job.request, target=target, progress=progress)
    result, errors = upsampled.volume, upsampled.errors
    difference = _difference(start, upsampled)
    summary = None if errors is None else errors.summary(result.array)
    made = FileResult(result.grid, start.grid, difference, summary, upsampled.noise)
    report(Progress("writing", _SHARE_COMPUTED))
    _check_places(job)
    _write(job, upsampled)
    _describe(job, volume, made)
    return made


def _write(job: FileJob, upsampled: Upsampled) -> None:
    """Writes the result, and before it the expected errors: a result is there last."""
    errors = upsampled.error_volume()
    if errors is not None:
        assert job.error_map is not None
        _write_as(errors, job.error_map, job, lambda: None)
        del errors
    _write_as(upsampled.volume, job.output, job, lambda: _before_replacing(job))


def _write_as(volume: Volume, path: str, job: FileJob, last_moment: Callable[[], None]) -> None:
    """Writes a volume as a file, or as a DICOM series with the study of the source."""
    from ..volumes.files.writing import write_volume

    if job.dicom:
        from ..volumes.files.dicom.series import chosen_series
        from ..volumes.files.dicom.writing import write_series

        source = chosen_series(Path(job.source), job.request.series)
        derivation = _derivation(job.request, path == job.error_map)
        write_series(volume, Path(path), source, derivation, last_moment)
        return
    with native_stderr_silenced():
        write_volume(volume, path, job.force, last_moment=last_moment)


def _derivation(request: Upsampling, of_error: bool) -> Derivation:
    """What a derived DICOM series says of itself."""
    from .. import __version__
    from ..volumes.files.dicom.derived_header import Derivation

    method = "" if request.method == "arssr" else f" {request.method}"
    made, explained = f"ArSSR{method}", "Upsampled"
    if of_error:
        made, explained = f"{made} expected error", "Expected absolute error of voxels upsampled"
    return Derivation(
        made=f"{made} {request.resolution.name}, not for diagnosis",
        explained=f"{explained} by {request.title} ({request.resolution.name}). "
        f"{NOT_FOR_CLINICAL_USE}",
        software=f"ArSSRLib {__version__}",
    )


def _difference(start: Volume, made: Upsampled) -> float | None:
    from .consistency import difference_from_input

    low, high = start.array, made.volume.array
    return difference_from_input(low, high, made.whole.size[::-1], made.first[::-1])


def _bytes_needed(request: Upsampling, grid: Grid, target: Grid) -> tuple[int, int]:
    """Memory of a run by estimate, and the least that it needs.

    With a region, the whole input is read all the same.
    """
    from ..volumes.region import box_of_roi
    from .estimate import estimate_cost

    low, high, read = grid, target, 0
    if request.roi is not None:
        low, high = (each.cropped(*box_of_roi(each, request.roi)) for each in (grid, target))
        read = _BYTES_OF_A_VOXEL * (grid.voxels - low.voxels)
    if request.model is not None:
        from .hardware.device import choose_device

        # "auto" would count as the CPU, whose memory a graphics card does not need.
        request = replace(request, device=choose_device(request.device).type)
    cost = estimate_cost(request, low, high)
    return cost.peak_bytes + read, cost.least_bytes + read


def _refuse_labels(job: FileJob, volume: Volume) -> None:
    """Refuses a label map for the network, and for interpolation where its header says so.

    Raises:
        InputError: the method would mix labels.
    """
    from ..volumes.labels import refuse_labels

    method = job.request.method
    if method == "arssr" or (volume.labels and method != "nearest"):
        refuse_labels(volume, job.source)


def _check_places(job: FileJob) -> None:
    """Refuses what cannot be written, before the work and again at its end.

    Another run into the same folder removes the folder when it leaves nothing there.
    """
    from ..volumes.files.writing import check_output

    outputs = [path for path in (job.output, job.error_map) if path is not None]
    if len({os.path.realpath(path) for path in outputs}) < len(outputs):
        raise InputError(
            f"The result and its expected error would both become {job.output!r}; choose another "
            "name for one of them.",
            argument="error_map",
        )
    for path in outputs:
        refuse_input_as_output(job.source, path)
        if job.make_folder:
            make_folder(Path(path).parent)
        if job.dicom:
            from ..volumes.files.dicom.writing import check_series_place

            check_series_place(Path(path), Path(job.source), job.force)
        else:
            check_output(path, job.force)
    if job.sidecar is not None:
        check_output_place(job.sidecar, overwrite=True)


def _before_replacing(job: FileJob) -> None:
    """Removes an older sidecar right before the result appears: it describes the older result.

    A result without a sidecar is an unfinished one, should writing the sidecar fail.
    """
    no_longer_cancellable()
    if job.sidecar is not None:
        Path(job.sidecar).unlink(missing_ok=True)


def _describe(job: FileJob, source: Volume, made: FileResult) -> None:
    if job.sidecar is not None:
        from .sidecar import write_sidecar

        write_sidecar(job, source, made)
