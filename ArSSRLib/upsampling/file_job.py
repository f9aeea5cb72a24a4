"""From one file to another: what ``arssr upsample`` does, and each volume of a batch."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..running.interrupts import load_libraries, no_longer_cancellable
from ..running.machine import total_memory
from ..running.memory import shortage_expected
from ..running.native_stderr import native_stderr_silenced
from ..running.output_files import check_output_place, make_folder, refuse_input_as_output
from .progress import Progress, ProgressCallback, share_of
from .request import Upsampling

if TYPE_CHECKING:
    from ..volumes.grid import Grid
    from ..volumes.volume import Volume

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
        sidecar: JSON file that describes the result; None for none.
        entries: what the sidecar holds besides how the result was made.
    """

    source: str
    output: str
    request: Upsampling
    force: bool = False
    make_folder: bool = False
    dicom: bool = False
    sidecar: str | None = None
    entries: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> str:
        """As one line of text, for another process."""
        return json.dumps({**vars(self), "request": self.request.arguments()})

    @staticmethod
    def from_dict(values: Mapping[str, Any]) -> FileJob:
        """The job of an object as :meth:`to_json` writes it; what is missing has its default.

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
            :func:`ArSSRLib.upsampling.start.starting_volume`.
        difference: share of its range by which it differs from the result made coarse again; None
            where that cannot be measured.
    """

    grid: Grid
    start: Grid
    difference: float | None


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
        EnvironmentFault: the disk is full, or memory ran out.
        Cancelled: by ``admit`` or ``report``.
    """
    refuse_input_as_output(job.source, job.output)
    _check_places(job)
    report(Progress("reading", 0.0))
    load_libraries("SimpleITK", *(["torch"] if job.request.model is not None else []))
    from ..volumes.files.reading import read_volume
    from .run import upsample_volume
    from .start import starting_volume

    with native_stderr_silenced():
        volume = read_volume(job.source, job.request.volume, job.request.series)
    _refuse_labels(job, volume)
    start = starting_volume(volume, job.request)
    target = job.request.target_grid(start.grid)
    needed = _bytes_needed(job.request, start.grid, target)
    if admit is not None:
        admit(needed)
    shortage = shortage_expected(needed, total_memory())
    for caution in filter(None, [*job.request.cautions(start.grid, target), shortage]):
        _log.warning(caution)
    progress = share_of(report, _SHARE_READ, _SHARE_COMPUTED)
    result = upsample_volume(start, job.request, target=target, progress=progress)
    made = FileResult(result.grid, start.grid, _difference(start, result, target, job.request))
    report(Progress("writing", _SHARE_COMPUTED))
    _check_places(job)
    _write(job, result)
    _describe(job, volume, made)
    return made


def _write(job: FileJob, result: Volume) -> None:
    """Writes the result as a file, or as a DICOM series beside that of the source."""
    from ..volumes.files.writing import write_volume

    if job.dicom:
        from .series_output import write_derived_series

        write_derived_series(job, result, last_moment=lambda: _before_replacing(job))
        return
    with native_stderr_silenced():
        write_volume(result, job.output, job.force, last_moment=lambda: _before_replacing(job))


def _difference(start: Volume, result: Volume, target: Grid, request: Upsampling) -> float | None:
    from ..volumes.region import box_of_roi
    from .consistency import difference_from_input

    first = (0, 0, 0) if request.roi is None else box_of_roi(target, request.roi)[0]
    return difference_from_input(start.array, result.array, target.size[::-1], first[::-1])


def _bytes_needed(request: Upsampling, grid: Grid, target: Grid) -> int:
    """An estimate of the memory of a run; with a region, the whole input is read all the same."""
    from ..volumes.region import box_of_roi
    from .estimate import estimate_cost

    if request.roi is None:
        return estimate_cost(request, grid, target).peak_bytes
    low, high = (each.cropped(*box_of_roi(each, request.roi)) for each in (grid, target))
    read = _BYTES_OF_A_VOXEL * (grid.voxels - low.voxels)
    return estimate_cost(request, low, high).peak_bytes + read


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

    if job.make_folder:
        make_folder(Path(job.output).parent)
    if job.dicom:
        from .series_output import check_series_output

        check_series_output(job)
    else:
        check_output(job.output, job.force)
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
