"""``arssr upsample``: volumes in, the same field of view on a finer grid out."""

from __future__ import annotations

import argparse
import hashlib
import os
from pathlib import Path
from typing import cast

from ..choices import METHODS
from ..errors import InputError
from .arguments import (
    add_fast,
    add_force,
    add_network,
    add_progress,
    add_scale,
    add_volume_index,
    finite_number,
    positive_numbers,
)
from .batch import (
    PlannedJob,
    add_places,
    check_device,
    check_models,
    model_from_anywhere,
    run_planned,
)
from .one_volume import VolumeJob, upsample_file
from .printers import printer_for

_SHOWN_OF_DIGEST = 8
_DIGITS = 12
"""Enough that two scales or regions that differ have two names."""


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
    add_target(parser)
    parser.add_argument(
        "--method", choices=METHODS, default="arssr", help="how to upsample (default: arssr)"
    )
    add_network(parser)
    add_fast(parser)
    parser.add_argument(
        "--roi",
        type=finite_number,
        nargs=6,
        metavar=("X0", "Y0", "Z0", "X1", "Y1", "Z1"),
        help="compute only this box: two opposite corners in mm, patient coordinates (LPS)",
    )
    add_volume_index(parser)
    add_places(parser)
    add_progress(parser)
    add_force(parser)


def add_target(parser: argparse.ArgumentParser, required: bool = True) -> None:
    """``--scale`` or ``--spacing``, never both."""
    target = parser.add_mutually_exclusive_group(required=required)
    add_scale(target)
    target.add_argument(
        "--spacing",
        type=positive_numbers,
        metavar="MM|X,Y,Z",
        help="voxel size in mm instead, for all axes or for i,j,k; rounded so that the field of "
        "view is kept",
    )


def run(arguments: argparse.Namespace) -> int:
    """Upsamples; returns the exit code.

    Raises:
        InputError: unusable input, output, model or option.
        EnvironmentFault: the machine got in the way.
    """
    _refuse_empty_names(arguments)
    if _is_folder(arguments.output):
        return _run_many(arguments)
    if len(arguments.inputs) > 1:
        raise InputError(
            f"Several inputs need an output folder; end {arguments.output!r} in '/' if it is one."
        )
    if arguments.jobs is not None or arguments.scheduler is not None:
        raise InputError(
            "The options --jobs and --scheduler need an output folder; end "
            f"{arguments.output!r} in '/' if it is one."
        )
    job = _job(arguments, arguments.inputs[0], arguments.output)
    return upsample_file(job, printer_for(arguments.progress))


def _refuse_empty_names(arguments: argparse.Namespace) -> None:
    """An empty name, as of a variable that is not set, would be the current folder."""
    if not all(arguments.inputs):
        raise InputError(
            "The name of an input is empty; give a file or the folder of a DICOM series."
        )
    if not arguments.output:
        raise InputError(
            "The name of the output is empty; give a file, such as fine.nii.gz, or a folder."
        )


def _is_folder(name: str) -> bool:
    """Whether an output is a folder: it ends in a slash, has no file extension, or is one already.

    A name that ends like a volume is a file in any case.
    """
    if name.endswith(tuple(filter(None, (os.sep, os.altsep)))):
        return True
    from ..volumes.files.names import is_volume_name

    return not is_volume_name(Path(name).name) and (os.path.isdir(name) or not Path(name).suffix)


def _run_many(arguments: argparse.Namespace) -> int:
    folder = Path(arguments.output).absolute()
    maker, weights = _maker(arguments)
    if arguments.method == "arssr":
        arguments.model = model_from_anywhere(arguments.model)
    planned = []
    for output, source in _sources(folder, maker, arguments).items():
        job = _job(arguments, str(Path(source).absolute()), str(output))
        exists = os.path.isfile(output) and not arguments.force
        planned.append(PlannedJob(source, job, exists, made_from=(job.source, *weights)))
    check_models(planned)
    check_device(planned, arguments)
    return run_planned(planned, arguments, arguments.output)


def _sources(folder: Path, maker: str, arguments: argparse.Namespace) -> dict[Path, str]:
    """The inputs by the results they become; one that is given twice is one.

    Raises:
        InputError: two inputs would have the same result.
    """
    sources: dict[Path, str] = {}
    for source in arguments.inputs:
        output = folder / _result_name(source, maker, arguments)
        other = sources.setdefault(output, source)
        if os.path.realpath(other) != os.path.realpath(source):
            raise InputError(
                f"{other!r} and {source!r} would both become {output.name!r}; rename one, or use "
                "two runs with two folders."
            )
    return sources


def _job(arguments: argparse.Namespace, source: str, output: str) -> VolumeJob:
    return VolumeJob(
        source,
        output,
        arguments.scale,
        arguments.spacing,
        arguments.method,
        arguments.model,
        arguments.device,
        cast(
            "tuple[float, float, float, float, float, float] | None",
            arguments.roi and tuple(arguments.roi),
        ),
        arguments.volume,
        arguments.threads,
        arguments.force,
        arguments.fast,
    )


def _maker(arguments: argparse.Namespace) -> tuple[str, tuple[str, ...]]:
    """What computes, for names, and the files whose change those names do not show.

    The method, and for the network what differs from the default: the model, and whether a
    mirrored pass that it asks for is left out. A model file is told by its contents as well,
    because training calls them all ``best.npz``; bundled models change with the program alone.
    """
    if arguments.method != "arssr":
        return arguments.method, ()
    from ..networks.catalogue import DEFAULT, MODELS, model_info

    info = model_info(arguments.model)
    bundled = info.path.parent == MODELS
    parts = ["arssr"]
    if not bundled:
        digest = hashlib.sha256(info.path.read_bytes()).hexdigest()
        parts += [info.path.stem, digest[:_SHOWN_OF_DIGEST]]
    elif info.name != DEFAULT:
        parts.append(info.name)
    if arguments.fast and info.header.mirrored:
        parts.append("fast")
    return "-".join(parts), (str(info.path),) if bundled else ()


def _result_name(source: str, maker: str, arguments: argparse.Namespace) -> str:
    from ..volumes.files.names import result_suffix, stem_of

    name = Path(source).absolute().name
    stem = stem_of(name)
    which = "" if arguments.volume is None else f"_volume{arguments.volume}"
    target = f"{_shown(arguments.scale)}x" if arguments.scale else f"{_shown(arguments.spacing)}mm"
    region = "" if arguments.roi is None else f"_roi_{_shown(tuple(arguments.roi), '_')}"
    return f"{stem}{which}_{maker}_{target}{region}{result_suffix(name)}"


def _shown(value: float | tuple[float, ...], between: str = "x") -> str:
    """``2.5``, or ``1x1x2.3`` for several values."""
    values = value if isinstance(value, tuple) else (value,)
    return between.join(f"{v:.{_DIGITS}g}" for v in values)
