"""``arssr bids``: a BIDS App; the T1w volumes of a dataset in, a derivative dataset out."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from ..choices import METHODS, Method
from ..errors import InputError
from .arguments import add_fast, add_force, add_network, add_progress, add_volume_index
from .batch import (
    PlannedJob,
    add_places,
    check_device,
    check_models,
    model_from_anywhere,
    run_planned,
)
from .one_volume import VolumeJob
from .outcome import EXIT_DONE
from .printers import printer_for
from .upsample import add_target

if TYPE_CHECKING:
    from ..bids.dataset import Source

_NO_GROUP_STAGE = (
    "arssr bids has no group stage: each volume is upsampled on its own, in the stage participant; "
    "nothing is left to do."
)
_OF_ANOTHER_MODEL = (
    "There is a result of another model, or of another number of passes (--fast), already; allow "
    "it to be replaced (--force) or give another output folder."
)
_OF_ANOTHER_VOLUME = (
    "There is a result of another volume of this 4-D file (--volume) already; allow it to be "
    "replaced (--force) or give another output folder."
)
_ORDER = "put options with several values after 'participant'"
"""Options such as ``--participant-label 01`` in front take the folders for more values."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Defines the options of ``arssr bids``."""
    from .. import __version__

    _explain_order(parser)
    parser.add_argument("bids_dir", metavar="BIDS_DIR", help="root folder of a BIDS dataset")
    parser.add_argument(
        "output",
        metavar="OUT",
        help="folder of the derivative dataset, for example BIDS_DIR/derivatives/arssr; made if "
        "missing, and results that are there already are kept",
    )
    parser.add_argument(
        "level",
        metavar="participant",
        choices=("participant", "group"),
        help="the stage: participant; group is understood and does nothing",
    )
    for key, what in (("participant", "sub"), ("session", "ses")):
        parser.add_argument(
            f"--{key}-label",
            f"--{key}_label",
            nargs="+",
            action="extend",
            default=[],
            metavar="LABEL",
            help=f"only these {key}s, with or without '{what}-' (default: all)",
        )
    add_target(parser, required=False)
    parser.add_argument(
        "--method",
        nargs="+",
        action="extend",
        choices=METHODS,
        help="how to upsample, each to files of its own (default: arssr)",
    )
    parser.add_argument(
        "--skull-stripped",
        choices=("yes", "no"),
        help="what the results' sidecars say where the sources' say nothing; BIDS wants it said",
    )
    parser.add_argument(
        "--skip-bids-validation",
        "--skip_bids_validation",
        "--skip-bids-validator",
        "--skip_bids_validator",
        action="store_true",
        help="understood and without effect: datasets are not validated here",
    )
    add_network(parser)
    add_fast(parser)
    add_volume_index(parser)
    add_places(parser)
    add_progress(parser)
    add_force(parser)
    parser.add_argument("--version", action="version", version=f"arssr {__version__}")


def _explain_order(parser: argparse.ArgumentParser) -> None:
    """Adds a remedy to the sentence about folders that are missing from the command."""
    complain = parser.error

    def error(message: str) -> NoReturn:
        missing = message.startswith("the following arguments are required")
        complain(f"{message}; {_ORDER}" if missing else message)

    parser.error = error  # type: ignore[method-assign]


def run(arguments: argparse.Namespace) -> int:
    """Upsamples what is missing; returns the exit code.

    Raises:
        InputError: no dataset, nothing to do, or an unusable option.
        EnvironmentFault: the machine got in the way.
    """
    if arguments.level == "group":
        print(_NO_GROUP_STAGE)
        return EXIT_DONE
    _refuse_empty_names(arguments)
    if arguments.scale is None and arguments.spacing is None:
        raise InputError("One of --scale and --spacing is required; see 'arssr bids --help'.")
    from ..bids.dataset import find_volumes, read_description
    from ..bids.derivative import prepared
    from ..bids.sidecar import add_skull

    root, output = Path(arguments.bids_dir).absolute(), Path(arguments.output).absolute()
    description = read_description(root)
    found = find_volumes(root, arguments.participant_label, arguments.session_label)
    printer = printer_for(arguments.progress)
    planned = _without_twins(_planned(found.sources, output, arguments))
    check_models(planned)
    check_device(planned, arguments)
    with prepared(root, output, description):
        for note in [*found.notes, *_notes_on_skulls(found.sources, arguments.skull_stripped)]:
            printer.warn(note)
        for each in planned:
            if each.already_there and not each.refused and each.job.sidecar is not None:
                add_skull(each.job.sidecar, each.job.entries)
        return run_planned(planned, arguments, arguments.output)


def _refuse_empty_names(arguments: argparse.Namespace) -> None:
    """An empty name, as of a variable that is not set, would be the current folder."""
    if not arguments.bids_dir:
        raise InputError("The name of the dataset is empty; give its root folder.")
    if not arguments.output:
        raise InputError("The name of the output is empty; give a folder for the results.")


def _planned(
    sources: Sequence[Source], output: Path, arguments: argparse.Namespace
) -> Iterator[PlannedJob]:
    for source in sources:
        for method in _methods(arguments):
            yield _one(source, output, method, arguments)


def _methods(arguments: argparse.Namespace) -> list[Method]:
    return list(dict.fromkeys(arguments.method or ["arssr"]))


def _without_twins(planned: Iterable[PlannedJob]) -> list[PlannedJob]:
    """The same jobs, where a second one with the same result is refused."""
    first: dict[str, str] = {}
    jobs = []
    for each in planned:
        other = first.setdefault(each.job.output, each.name)
        sentence = (
            f"{other!r} and {each.name!r} would both become {Path(each.job.output).name!r}; the "
            "second was left out, so remove or rename one of them in the dataset."
        )
        jobs.append(each if other == each.name else replace(each, refused=sentence))
    return jobs


def _one(source: Source, output: Path, method: Method, arguments: argparse.Namespace) -> PlannedJob:
    from ..bids.derivative import result_path
    from ..bids.names import resolution_label
    from ..bids.sidecar import made_by, static_entries

    resolution = resolution_label(arguments.scale, arguments.spacing)
    result = result_path(output, source, resolution, method)
    sidecar = result.with_name(result.name.removesuffix(".nii.gz") + ".json")
    stripped = {"yes": True, "no": False}.get(arguments.skull_stripped or "")
    job = VolumeJob(
        str(source.path),
        str(result),
        arguments.scale,
        arguments.spacing,
        method,
        model_from_anywhere(arguments.model) if method == "arssr" else arguments.model,
        arguments.device,
        volume=arguments.volume,
        fast=arguments.fast,
        sidecar=str(sidecar),
        entries=static_entries(source, method, stripped),
    )
    name = source.relative if len(_methods(arguments)) == 1 else f"{source.relative} ({method})"
    # A result without its sidecar is an unfinished one.
    made = made_by(sidecar) if os.path.isfile(result) and not arguments.force else None
    refused = "" if made is None else _made_otherwise(made, method, arguments)
    return PlannedJob(name, job, made is not None, refused, made_from=(job.source,))


def _made_otherwise(made: Mapping[str, Any], method: Method, arguments: argparse.Namespace) -> str:
    """A sentence when a result is not what this call would make; its name does not show it."""
    from ..bids.sidecar import made_the_same_way

    if made.get("SourceVolume", 0) != (arguments.volume or 0):
        return _OF_ANOTHER_VOLUME
    if method == "arssr" and not made_the_same_way(made, arguments.model, arguments.fast):
        return _OF_ANOTHER_MODEL
    return ""


def _notes_on_skulls(sources: Sequence[Source], said: str | None) -> list[str]:
    unknown = [s for s in sources if not isinstance(s.metadata.get("SkullStripped"), bool)]
    if said is not None or not unknown:
        return []
    return [
        f"Whether skulls were removed is not known for {len(unknown)} of {len(sources)} volumes "
        "and is left out of their sidecars, although BIDS wants it; say --skull-stripped yes or no."
    ]
