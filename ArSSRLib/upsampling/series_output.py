"""A result as a derived DICOM series, beside the series that it was made of."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from ..choices import NOT_FOR_CLINICAL_USE
from ..errors import InputError

if TYPE_CHECKING:
    from ..volumes.volume import Volume
    from .file_job import FileJob


def check_series_output(job: FileJob, folder: Path) -> None:
    """Refuses a job that cannot end in a DICOM series.

    Args:
        job: with the source's folder.
        folder: of a series to come.

    Raises:
        InputError: the source is not a folder, or the output cannot be its folder.
    """
    from ..volumes.files.dicom.writing import check_series_place

    source = Path(job.source)
    if source.is_file():
        raise InputError(
            f"A DICOM series takes its patient and study from a DICOM folder, and {job.source!r} "
            "is a file; write a NIfTI, NRRD or MetaImage file instead."
        )
    if folder.resolve().is_relative_to(source.resolve()):
        raise InputError(
            f"The output {str(folder)!r} lies in the folder of the input, where the new series "
            "would be taken for a part of it; choose a folder beside it."
        )
    check_series_place(folder, job.force)


def write_derived_series(
    job: FileJob, result: Volume, folder: Path, last_moment: Callable[[], None]
) -> None:
    """Writes the result of a job, or its expected error.

    Args:
        job: with the source's folder, the error map's and the request.
        result: what to write.
        folder: of the new series.
        last_moment: see :func:`ArSSRLib.volumes.files.dicom.writing.write_series`.

    Raises:
        InputError, EnvironmentFault: see there.
    """
    from .. import __version__
    from ..volumes.files.dicom.derived_header import Derivation
    from ..volumes.files.dicom.series import chosen_series
    from ..volumes.files.dicom.writing import write_series

    request = job.request
    method = "" if request.method == "arssr" else f" {request.method}"
    made, explained = f"ArSSR{method}", "Upsampled"
    if job.error_map is not None and folder == Path(job.error_map):
        made, explained = f"{made} expected error", "Expected absolute error of voxels upsampled"
    derivation = Derivation(
        made=f"{made} {request.resolution.name}, not for diagnosis",
        explained=f"{explained} by {request.title} ({request.resolution.name}). "
        f"{NOT_FOR_CLINICAL_USE}",
        software=f"ArSSRLib {__version__}",
    )
    source = chosen_series(Path(job.source), request.series)
    write_series(result, folder, source, derivation, last_moment)
