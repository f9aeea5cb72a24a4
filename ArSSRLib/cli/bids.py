"""``arssr bids``: a BIDS App; the T1w volumes of a dataset in, a derivative dataset out."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import InputError
from ..upsampling.methods import METHODS, Method
from .arguments import add_fast, add_force, add_network, add_progress
from .batch import PlannedJob, add_places, check_planned, model_from_anywhere, run_planned
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


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Defines the options of ``arssr bids``."""
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
            default=[],
            metavar="LABEL",
            help=f"only these {key}s, with or without '{what}-' (default: all)",
        )
    add_target(parser, required=False)
    parser.add_argument(
        "--method",
        nargs="+",
        choices=METHODS,
        default=["arssr"],
        help="how to upsample, each to files of its own (default: arssr)",
    )
    parser.add_argument(
        "--skull-stripped",
        choices=("yes", "no"),
        help="what the results' sidecars say where the sources' say nothing; BIDS wants it said",
    )
    add_network(parser)
    add_fast(parser)
    add_places(parser)
    add_progress(parser)
    add_force(parser)


def run(arguments: argparse.Namespace) -> int:
    """Upsamples what is missing; returns the exit code.

    Raises:
        InputError: no dataset, nothing to do, or an unusable option.
        EnvironmentFault: the machine got in the way.
    """
    if arguments.level == "group":
        print(_NO_GROUP_STAGE)
        return EXIT_DONE
    if arguments.scale is None and arguments.spacing is None:
        raise InputError("One of --scale and --spacing is required; see 'arssr bids --help'.")
    from ..bids.dataset import find_volumes, read_description
    from ..bids.derivative import prepare

    root, output = Path(arguments.bids_dir).absolute(), Path(arguments.output).absolute()
    description = read_description(root)
    found = find_volumes(root, arguments.participant_label, arguments.session_label)
    printer = printer_for(arguments.progress)
    planned = list(_planned(found.sources, output, arguments))
    check_planned(planned)
    prepare(root, output, description)
    for note in [*found.notes, *_notes_on_skulls(found.sources, arguments.skull_stripped)]:
        printer.warn(note)
    return run_planned(planned, arguments, arguments.output)


def _planned(
    sources: Sequence[Source], output: Path, arguments: argparse.Namespace
) -> Iterator[PlannedJob]:
    for source in sources:
        for method in dict.fromkeys(arguments.method):
            yield _one(source, output, method, arguments)


def _one(source: Source, output: Path, method: Method, arguments: argparse.Namespace) -> PlannedJob:
    from ..bids.derivative import result_path
    from ..bids.names import resolution_label
    from ..bids.sidecar import made_by, made_the_same_way, static_entries

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
        fast=arguments.fast,
        sidecar=str(sidecar),
        entries=static_entries(source, method, stripped),
    )
    name = source.relative if len(arguments.method) == 1 else f"{source.relative} ({method})"
    # A result without its sidecar is an unfinished one.
    made = made_by(sidecar) if os.path.exists(result) and not arguments.force else None
    refused = ""
    if made is not None and method == "arssr":
        same = made_the_same_way(made, arguments.model, arguments.fast)
        refused = "" if same else _OF_ANOTHER_MODEL
    return PlannedJob(name, job, made is not None, refused, made_from=(job.source,))


def _notes_on_skulls(sources: Sequence[Source], said: str | None) -> list[str]:
    unknown = [s for s in sources if not isinstance(s.metadata.get("SkullStripped"), bool)]
    if said is not None or not unknown:
        return []
    return [
        f"Whether skulls were removed is not known for {len(unknown)} of {len(sources)} volumes "
        "and is left out of their sidecars, although BIDS wants it; say --skull-stripped yes or no."
    ]
