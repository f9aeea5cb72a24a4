"""``arssr upsample``: upsamples volumes to a finer grid over the same field of view."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from pathlib import Path

from ..errors import InputError
from ..upsampling.file_job import FileJob, upsample_file
from ..upsampling.options import add_options
from ..upsampling.request import Upsampling
from ..upsampling.result_names import result_paths
from .arguments import add_force, add_progress
from .batch import PlannedJob, add_places, check_device, planned_job, run_planned
from .outcome import EXIT_DONE
from .printers import Printer, printer_for, warnings_shown_by


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Defines the options of ``arssr upsample``."""
    parser.add_argument(
        "inputs",
        nargs="+",
        metavar="INPUT",
        help=".nii, .nii.gz, .hdr/.img, .nrrd, .nhdr, .mha, .mhd, .mgh, .mgz or a DICOM series "
        "folder; several go to a folder",
    )
    parser.add_argument(
        "-o",
        "--output",
        required=True,
        metavar="OUTPUT",
        help="file to write (.nii, .nii.gz, .nrrd, .mha), or a folder, which is made if missing. "
        "In a folder head.nii becomes head_arssr_2x.nii.gz: the name holds the method, the scale "
        "or voxel size, and every option that differs from its default. NRRD and MetaImage keep "
        "their format. Results that exist are kept unless --force is given",
    )
    parser.add_argument(
        "--dicom",
        action="store_true",
        help="write a derived DICOM series with the patient and study of the input, a folder of "
        "DICOM files; OUTPUT is the folder of the new series",
    )
    parser.add_argument(
        "--error-map",
        metavar="FILE",
        help="also write the expected error of each voxel to this file, a folder with --dicom",
    )
    add_options(parser, Upsampling)
    add_places(parser)
    add_progress(parser)
    add_force(parser)


def run(arguments: argparse.Namespace) -> int:
    """Upsamples; returns the exit code.

    Raises:
        InputError: unusable input, output, model or option.
        EnvironmentFault: the disk is full, or memory ran out.
    """
    sources, output = arguments.inputs, arguments.output
    _refuse_empty_names(sources, output)
    if arguments.error_map is not None:
        arguments.expected_error = True
    request = Upsampling.from_namespace(arguments)
    _refuse_without_error(arguments, request)
    if _is_folder(output) and not arguments.dicom:
        if arguments.error_map is not None:
            raise InputError(
                "The option --error-map names one file, and the results go to a folder; use "
                "--expected-error, which names one for each result."
            )
        planned = _planned(sources, Path(output).absolute(), request, arguments.force)
        check_device(planned, arguments)
        return run_planned(planned, arguments)
    _refuse_many(arguments)
    job = FileJob(
        source=sources[0],
        output=output,
        request=request,
        force=arguments.force,
        dicom=arguments.dicom,
        error_map=arguments.error_map or _error_map_of(output, request, arguments.dicom),
    )
    return run_job(job, printer_for(arguments.progress))


def run_job(job: FileJob, printer: Printer, admit: Callable[[int], None] | None = None) -> int:
    """Upsamples one file to another and shows its progress; returns the exit code.

    Args:
        job: what to do.
        printer: shows progress and warnings.
        admit: see :func:`ArSSRLib.upsampling.file_job.upsample_file`.

    Raises:
        InputError, EnvironmentFault, Cancelled: see there.
    """
    with warnings_shown_by(printer):
        result = upsample_file(job, printer.report, admit)
    size = "×".join(map(str, result.grid.size))
    spacing = " × ".join(f"{s:.4g}" for s in result.grid.spacing)
    lines = [f"{job.output}: {size} voxels of {spacing} mm"]
    if result.difference is not None:
        lines.append(
            "Downsampled again, it differs from the input by "
            f"{100 * result.difference:.2f} % of its range."
        )
    if result.errors is not None:
        lines.append(result.errors.sentence)
    printer.done(job.output, "\n".join(lines), result.measured)
    return EXIT_DONE


def _refuse_empty_names(sources: list[str], output: str) -> None:
    """Refuses empty names, as of a variable that is not set: they would be the current folder."""
    if not all(sources):
        raise InputError(
            "The name of an input is empty; give a file or the folder of a DICOM series."
        )
    if not output:
        raise InputError(
            "The name of the output is empty; give a file, such as fine.nii.gz, or a folder."
        )


def _is_folder(name: str) -> bool:
    """Whether an output is a folder: it ends in a slash, has no file extension, or is one already.

    A name that ends like a volume always counts as a file.
    """
    if name.endswith(tuple(filter(None, (os.sep, os.altsep)))):
        return True
    from ..volumes.files.names import is_volume_name

    is_volume = is_volume_name(os.path.basename(name))
    return not is_volume and (os.path.isdir(name) or not Path(name).suffix)


def _refuse_without_error(arguments: argparse.Namespace, request: Upsampling) -> None:
    """Refuses to give the expected error of an interpolation."""
    if arguments.expected_error and not request.expected_error:
        raise InputError(
            f"The method {request.method} gives no expected error; leave "
            f"{'--expected-error' if arguments.error_map is None else '--error-map'} out, or use "
            "--method arssr."
        )


def _error_map_of(output: str, request: Upsampling, dicom: bool = False) -> str | None:
    """Where the expected error is written beside a result; None where it is not asked for."""
    if not request.expected_error:
        return None
    from ..upsampling.result_names import error_path

    return error_path(output, dicom)


def _refuse_many(arguments: argparse.Namespace) -> None:
    """Refuses what only an output folder can take."""
    hint = f"need an output folder; end {arguments.output!r} in '/' if it is one."
    if len(arguments.inputs) > 1 and arguments.dicom:
        raise InputError("A DICOM series is made of one input; run the command for each of them.")
    if len(arguments.inputs) > 1:
        raise InputError(f"Several inputs {hint}")
    if arguments.jobs is not None or arguments.scheduler is not None:
        raise InputError(f"The options --jobs and --scheduler {hint}")


def _planned(
    sources: list[str], folder: Path, request: Upsampling, force: bool
) -> list[PlannedJob]:
    """The jobs of a folder of results, with absolute paths."""
    # Names show which model file it is, but not which version of a bundled one.
    model = request.model
    weights = (str(model.path),) if model is not None and model.bundled else ()
    planned = []
    for source, output in result_paths(sources, folder, request.name_part).items():
        place = str(Path(source).absolute())
        job = FileJob(
            source=place,
            output=str(output),
            request=request,
            error_map=_error_map_of(str(output), request),
        )
        planned.append(planned_job(source, job, force, (place, *weights)))
    return planned
