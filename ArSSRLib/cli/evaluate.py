"""``arssr evaluate``: the paper's comparison on a folder of volumes, with tables and a report."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..choices import ALL_KERNELS
from ..errors import Cancelled, InputError
from ..running.interrupts import load_libraries
from ..running.machine import free_memory, usable_cpus
from ..upsampling.hardware.device import choose_device
from ..upsampling.options import add_options, finite_number, whole_number
from ..upsampling.request import MOST_THREADS, Upsampling
from .arguments import MOST_PROCESSES, add_low_resolution, add_progress, blur_of
from .printers import printer_for, warnings_shown_by

if TYPE_CHECKING:
    from ..evaluation.measuring.methods import EvaluatedMethod
    from ..evaluation.settings import Settings

_MOST_JOBS = 4
"""Default limit: each job holds a volume in several copies; more only with --jobs."""
_BYTES_OF_A_JOB = 700 * 2**20
"""Memory of a job with PyTorch and a volume of ordinary size, and of the program itself."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Defines the options of ``arssr evaluate``."""
    _add_source(parser)
    parser.add_argument(
        "-o", "--output", required=True, metavar="FOLDER", help="folder of the report"
    )
    parser.add_argument(
        "--scales",
        default="2,2.5,3,3.5,4",
        metavar="S,…",
        help="upsampling scales (default: the paper's 2,2.5,3,3.5,4)",
    )
    parser.add_argument(
        "--methods",
        default="cubic,arssr:default",
        metavar="NAME,…",
        help="nearest, linear, cubic, zoom (the paper's cubic), srcnn3d, dcsrn, rescnn, "
        "arssr:MODEL with a bundled name or a model file, or arssr:MODEL:fast for one pass "
        "without the mirrored one, or arssr:MODEL:denoise0 to keep the grain, up to :denoise2 "
        "(default: cubic,arssr:default)",
    )
    parser.add_argument(
        "--baselines",
        metavar="FOLDER",
        help="networks of srcnn3d, dcsrn and rescnn, as srcnn3d-2/best.npz and so on",
    )
    add_low_resolution(parser, ALL_KERNELS)
    _add_measures(parser)
    _add_pictures(parser)
    _add_machine(parser)
    add_progress(parser)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = _metric_list()


def _add_source(parser: argparse.ArgumentParser) -> None:
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument(
        "--hr",
        metavar="FOLDER|LIST",
        help="sharp volumes, from which low-resolution ones are simulated: a folder, searched with "
        "its subfolders (of an HCP release the restored brain of each subject), or a list of "
        "volumes (.txt, one path per line)",
    )
    source.add_argument(
        "--lr",
        metavar="FOLDER|LIST",
        help="real scans without ground truth, named in the same ways: they are upsampled as they "
        "are, and measured without a sharp volume",
    )


def _add_measures(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--axes",
        default="ijk",
        metavar="AXES",
        help="the file axes that the scales apply to, for example k for thick slices alone "
        "(default: ijk)",
    )
    parser.add_argument(
        "--metrics",
        metavar="NAME,…",
        help="metrics from the list below (default: those marked with the data in use)",
    )
    parser.add_argument(
        "--masks",
        metavar="FOLDER",
        help="brain masks on the volumes' grids, with their file names and subfolders (the file "
        "name alone does where no other volume has it)",
    )
    parser.add_argument(
        "--expected-error",
        action="store_true",
        help="measure how far the expected error of models that give it can be relied on: "
        "calibration, ranking, sparsification (takes about two and a half times as long)",
    )
    parser.add_argument(
        "--segmentation",
        action="store_true",
        help="Dice of CSF, grey and white matter against the sharp volume (needs antspyx)",
    )
    parser.add_argument(
        "--atlas",
        metavar="FOLDER",
        help="Dice of the paper's six regions, from template.nii.gz and labels.nii.gz there",
    )


def _metric_list() -> str:
    """Every registered metric, with the data that it is measured on by default."""
    from ..evaluation.metrics import METRICS

    options = {"simulated": "--hr", "real": "--lr"}
    lines = ["metrics:"]
    for name, metric in METRICS.items():
        data = ", ".join(options[data] for data in metric.measured_on)
        lines.append(f"  {name:<8} {f'({data})':<13} {metric.help}")
    return "\n".join(lines).replace("%", "%%")


def _add_pictures(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--line",
        nargs=6,
        type=finite_number,
        metavar=("X0", "Y0", "Z0", "X1", "Y1", "Z1"),
        help="ends of the intensity profile in LPS mm",
    )
    parser.add_argument(
        "--pictures",
        type=whole_number(0),
        default=3,
        metavar="N",
        help="volumes shown in pictures (default: 3)",
    )


def _add_machine(parser: argparse.ArgumentParser) -> None:
    add_options(parser, Upsampling, ("device", "precision"))
    parser.add_argument(
        "--jobs",
        type=whole_number(1, MOST_PROCESSES),
        metavar="N",
        help=f"cases measured at a time (default: one per CPU, up to {_MOST_JOBS} and as memory "
        "allows; 1 where a network runs on a GPU)",
    )
    parser.add_argument(
        "--threads",
        type=whole_number(1, MOST_THREADS),
        metavar="N",
        help="CPU threads of each job (default: its share of the CPUs)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Evaluates, continuing where an earlier run stopped; returns the exit code.

    Raises:
        InputError: unusable volumes or options.
        EnvironmentFault: the system failed (disk, memory, a missing package).
    """
    load_libraries("SimpleITK", "torch", "skimage", "matplotlib.figure")
    from ..evaluation.report.page import write_report
    from ..evaluation.report.tables import tables_of
    from ..evaluation.run import evaluate

    settings = _settings(arguments)
    printer = printer_for(arguments.progress)
    try:
        with warnings_shown_by(printer):
            evaluation = evaluate(settings, printer.report, printer.warn)
            page = write_report(evaluation, arguments.pictures)
    except (KeyboardInterrupt, Cancelled):
        print(
            "arssr: Cancelled. Finished measurements were kept; run the same command to continue.",
            file=sys.stderr,
        )
        return Cancelled.exit_code
    failed = len(evaluation.failed)
    summary = f"{page}: {len(evaluation.measured)} cases measured"
    summary += f", {failed} failed (see the report)" if failed else ""
    if arguments.progress != "json":
        short = [table.to_text() for table in tables_of(evaluation) if not table.long]
        summary = "\n".join([*short, summary])
    printer.done(str(page), summary)
    return evaluation.exit_code


def _settings(arguments: argparse.Namespace) -> Settings:
    from ..evaluation.measuring.methods import parse_methods
    from ..evaluation.settings import Settings, parse_axes, parse_metrics, parse_scales

    methods = parse_methods(arguments.methods)
    jobs = arguments.jobs or _jobs_by_default(methods, arguments.device)
    return Settings(
        source=Path(arguments.hr or arguments.lr),
        output=Path(arguments.output),
        scales=parse_scales(arguments.scales),
        methods=methods,
        blur=blur_of(arguments),
        noise=arguments.noise,
        noise_kind=arguments.noise_kind,
        metrics=parse_metrics(arguments.metrics) if arguments.metrics else (),
        reference_free=arguments.lr is not None,
        baselines=_folder(arguments.baselines, "--baselines"),
        masks=_folder(arguments.masks, "--masks"),
        segmentation=arguments.segmentation,
        atlas=_folder(arguments.atlas, "--atlas"),
        device=arguments.device,
        precision=arguments.precision,
        jobs=jobs,
        threads=arguments.threads or max(1, usable_cpus() // jobs),
        line=tuple(arguments.line) if arguments.line else None,
        axes=parse_axes(arguments.axes),
        expected_error=arguments.expected_error,
    )


def _jobs_by_default(methods: Sequence[EvaluatedMethod], device: str) -> int:
    """One on a GPU: networks that share one only wait for each other and for its memory."""
    networks = any(method.kind in ("arssr", "baseline") for method in methods)
    if networks and choose_device(device).type != "cpu":
        return 1
    fitting = free_memory() // _BYTES_OF_A_JOB - 1
    return max(1, min(_MOST_JOBS, usable_cpus(), fitting))


def _folder(name: str | None, option: str) -> Path | None:
    if name is None:
        return None
    folder = Path(name)
    if not folder.is_dir():
        raise InputError(f"There is no folder {name!r}; name the folder for {option}.")
    return folder
