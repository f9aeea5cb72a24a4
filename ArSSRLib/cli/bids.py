"""``arssr bids``: a BIDS App that upsamples the anatomical images of a dataset."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from ..bids.selection import ALL_SUFFIXES, SUFFIXES, Selection, chosen_suffixes, read_filters
from ..choices import METHODS
from ..errors import InputError
from ..upsampling.file_job import FileJob
from ..upsampling.options import add_options
from ..upsampling.request import Upsampling
from .arguments import OF_THE_NETWORK, add_force, add_progress
from .batch import PlannedJob, add_places, check_device, planned_job, run_planned
from .outcome import EXIT_DONE
from .printers import printer_for

if TYPE_CHECKING:
    from ..bids.dataset import Found, Source

_NO_GROUP_STAGE = (
    "arssr bids has no group stage: each volume is upsampled by itself in the participant stage. "
    "There is nothing to do."
)
_TRAINED_SUFFIXES = ("FLAIR", "T1w", "T2w")
"""Of the images that trained the bundled default."""
_ORDER = "put options with several values after 'participant'"
"""Options such as ``--participant-label 01`` before the folders take them for more values."""


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
        help="the stage: participant; group is accepted and does nothing",
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
    parser.add_argument(
        "--suffix",
        nargs="+",
        action="extend",
        default=[],
        choices=(*SUFFIXES, ALL_SUFFIXES),
        metavar="SUFFIX",
        help=f"which images: {', '.join(SUFFIXES)}, or {ALL_SUFFIXES} (default: T1w, which the "
        "bundled models were trained on)",
    )
    parser.add_argument(
        "--bids-filter-file",
        metavar="FILE",
        help="JSON file with the entities that images must have, as for fMRIPrep: "
        '{"t1w": {"acquisition": "mprage", "ceagent": null}}',
    )
    add_options(parser, Upsampling, ("scale", "spacing", "isotropic"), required=False)
    parser.add_argument(
        "--method",
        nargs="+",
        action="extend",
        choices=METHODS,
        help="how to upsample; one result for each method (default: arssr)",
    )
    parser.add_argument(
        "--skull-stripped",
        choices=("yes", "no"),
        help="SkullStripped value to write when the source sidecar has none (required by BIDS for "
        "derivatives)",
    )
    parser.add_argument(
        "--skip-bids-validation",
        "--skip_bids_validation",
        "--skip-bids-validator",
        "--skip_bids_validator",
        action="store_true",
        help="accepted for compatibility; ArSSR does not validate datasets",
    )
    add_options(parser, Upsampling, (*OF_THE_NETWORK, "from_measured", "volume"))
    parser.add_argument(
        "--expected-error",
        action="store_true",
        help="also write the expected error of each voxel, as desc-arssrExpectedError; the method "
        "arssr alone gives it",
    )
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
    from ..bids.dataset import find_volumes, read_description
    from ..bids.derivative import prepared
    from ..bids.sidecar import add_skull

    requests = _requests(arguments)
    root, output = Path(arguments.bids_dir).absolute(), Path(arguments.output).absolute()
    description = read_description(root)
    found = find_volumes(root, _selection(arguments))
    stripped = {"yes": True, "no": False}.get(arguments.skull_stripped or "")
    places = _Places(output, arguments.force, stripped)
    planned = _without_twins(places.planned(found.sources, requests))
    check_device(planned, arguments)
    with prepared(root, output, description):
        printer = printer_for(arguments.progress)
        for note in [*found.notes, *_cautions(found, requests), *_notes_on_skulls(found, stripped)]:
            printer.warn(note)
        for each in planned:
            if each.kept and not each.refused and each.job.sidecar is not None:
                add_skull(each.job.sidecar, each.job.entries)
        return run_planned(planned, arguments)


def _selection(arguments: argparse.Namespace) -> Selection:
    file = arguments.bids_filter_file
    return Selection(
        participants=arguments.participant_label,
        sessions=arguments.session_label,
        suffixes=chosen_suffixes(arguments.suffix),
        filters={} if file is None else read_filters(file),
    )


def _requests(arguments: argparse.Namespace) -> list[Upsampling]:
    """What to make of each volume: one result for each method."""
    given = (arguments.scale, arguments.spacing, arguments.isotropic or None)
    if all(each is None for each in given):
        raise InputError(
            "One of --scale, --spacing and --isotropic is required; see 'arssr bids --help'."
        )
    methods = dict.fromkeys(arguments.method or ["arssr"])
    if arguments.expected_error and "arssr" not in methods:
        raise InputError("Only the method arssr gives --expected-error; leave it out, or add it.")
    return [
        Upsampling.from_namespace(argparse.Namespace(**{**vars(arguments), "method": method}))
        for method in methods
    ]


def _refuse_empty_names(arguments: argparse.Namespace) -> None:
    """An empty name, as of a variable that is not set, would be the current folder."""
    if not arguments.bids_dir:
        raise InputError("The name of the dataset is empty; give its root folder.")
    if not arguments.output:
        raise InputError("The name of the output is empty; give a folder for the results.")


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


@dataclass(frozen=True)
class _Places:
    """Where results go and whether they may replace others.

    Attributes:
        output: the derivative dataset's folder.
        force: whether existing results are replaced.
        stripped: whether the skull has been removed, where only the user knows; else None.
    """

    output: Path
    force: bool
    stripped: bool | None

    def planned(
        self, sources: Sequence[Source], requests: Sequence[Upsampling]
    ) -> Iterator[PlannedJob]:
        """The jobs of all volumes."""
        for source in sources:
            for request in requests:
                which = f" ({request.method})" if len(requests) > 1 else ""
                yield self._planned(f"{source.relative}{which}", self._job(source, request))

    def _job(self, source: Source, request: Upsampling) -> FileJob:
        from ..bids.derivative import EXPECTED_ERROR, result_path
        from ..bids.names import resolution_label
        from ..bids.sidecar import static_entries

        label = resolution_label(request.resolution)
        result = result_path(self.output, source, label, request.method)
        error_map = None
        if request.expected_error:
            error_map = str(result_path(self.output, source, label, EXPECTED_ERROR))
        return FileJob(
            source=str(source.path),
            output=str(result),
            request=request,
            error_map=error_map,
            sidecar=str(result).removesuffix(".nii.gz") + ".json",
            entries=static_entries(source, request.method, self.stripped),
        )

    def _planned(self, name: str, job: FileJob) -> PlannedJob:
        from ..upsampling.sidecar import difference_from, made_by

        planned = planned_job(name, job, self.force, (job.source,))
        # A result without its sidecar is an unfinished one.
        made = made_by(Path(job.sidecar)) if planned.kept and job.sidecar is not None else None
        refused = planned.refused
        if made is not None and (difference := difference_from(job.request, made)):
            refused = (
                f"The existing result was made with {difference}. Use --force to replace it, or "
                "another output folder."
            )
        return replace(planned, kept=made is not None, refused=refused)


def _cautions(found: Found, requests: Sequence[Upsampling]) -> Iterator[str]:
    """What to know about the contrasts of a dataset."""
    if found.other_suffixes:
        counts = ", ".join(
            f"{count} {name}" for name, count in sorted(found.other_suffixes.items())
        )
        yield (
            f"Images with other suffixes were left out ({counts}); name them with --suffix to "
            "upsample them."
        )
    odd = sorted({source.name.suffix for source in found.sources} - {*_TRAINED_SUFFIXES})
    if odd and any(request.model is not None for request in requests):
        yield (
            f"The bundled models were trained on {', '.join(_TRAINED_SUFFIXES)} at most, not on "
            f"{', '.join(odd)}; compare with cubic interpolation before you trust the detail."
        )


def _notes_on_skulls(found: Found, stripped: bool | None) -> list[str]:
    sources = found.sources
    unknown = [s for s in sources if not isinstance(s.metadata.get("SkullStripped"), bool)]
    if stripped is not None or not unknown:
        return []
    return [
        f"The sidecars of {len(unknown)} of {len(sources)} volumes do not say whether the skull "
        "was removed, which BIDS requires of derivatives; add --skull-stripped yes or no."
    ]
