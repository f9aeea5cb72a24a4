"""What the commands for many volumes share: where they run, what they show, how they end."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ..errors import Cancelled, EnvironmentFault, InputError
from ..running.batch.jobs import BatchProgress, Job, Outcome, run_jobs
from ..running.batch.local import ThisMachine
from ..running.interrupts import no_longer_cancellable
from ..running.machine import usable_cpus
from ..running.output_files import folders_kept_if_used
from ..running.printable import printable
from ..upsampling.progress import Progress
from .advice import memory_advice, with_option
from .arguments import whole_number
from .one_volume import VolumeJob
from .outcome import EXIT_DONE
from .printers import JsonPrinter, Printer, printer_for, rounded, warnings_shown_by

_MOST_NAMES = 10
"""Names of volumes in one message."""


@dataclass(frozen=True)
class PlannedJob:
    """A volume of a batch.

    Attributes:
        name: what people call it.
        job: what to do, with absolute paths.
        already_there: whether the result exists and is kept.
        refused: one sentence where it is known beforehand that it cannot be done.
        made_from: files whose later change makes a result that is kept doubtful.
    """

    name: str
    job: VolumeJob
    already_there: bool = False
    refused: str = ""
    made_from: tuple[str, ...] = ()


def add_places(parser: argparse.ArgumentParser) -> None:
    """``--jobs`` and ``--scheduler``."""
    parser.add_argument(
        "--jobs",
        type=whole_number(1),
        metavar="N",
        help="volumes computed at a time on this machine, each with its share of the CPUs and "
        "fewer when memory is short (default: 1, which is best with one graphics card)",
    )
    parser.add_argument(
        "--scheduler",
        metavar="ADDRESS",
        help="compute on the Dask cluster with this scheduler, for example tcp://host:8786, or "
        "its scheduler file; its workers see the same files and use one CPU a volume unless "
        "--threads says more (pip install 'arssr[cluster]')",
    )


def model_from_anywhere(model: str) -> str:
    """The same model for a process with another working folder, here or on a cluster.

    Raises:
        InputError: no such model.
    """
    from ..networks.catalogue import MODELS, model_path

    path = model_path(model)
    return model if path.parent == MODELS else str(path.absolute())


def check_models(planned: Sequence[PlannedJob]) -> None:
    """Refuses a model that is none, before anything is made.

    Raises:
        InputError: there is no such model.
    """
    for model in {each.job.model for each in planned if each.job.method == "arssr"}:
        from ..networks.catalogue import model_info

        model_info(model)


def check_device(planned: Sequence[PlannedJob], arguments: argparse.Namespace) -> None:
    """Refuses a device that this machine does not have, once instead of for each volume.

    Args:
        planned: all volumes.
        arguments: with ``device`` and ``scheduler``; the machines of a cluster are others.

    Raises:
        InputError: it is not there, and a volume that is left to compute needs it.
    """
    left = (each for each in planned if not each.already_there and not each.refused)
    if arguments.scheduler is not None or arguments.device in ("auto", "cpu"):
        # Only for the others is it worth loading torch here.
        return
    if any(each.job.method == "arssr" for each in left):
        from ..upsampling.device import choose_device

        choose_device(arguments.device)


def run_planned(planned: Sequence[PlannedJob], arguments: argparse.Namespace, output: str) -> int:
    """Computes what is missing and reports on it; returns the exit code.

    Args:
        planned: all volumes.
        arguments: with ``jobs``, ``scheduler`` and ``progress``.
        output: folder of the results, for messages.

    Raises:
        InputError: the folder of a result cannot be made.
        EnvironmentFault: the cluster cannot be reached.
        Cancelled: the user stopped the run; complete results are kept.
    """
    report = _Report(printer_for(arguments.progress), arguments, output)
    report.note_age([each for each in planned if each.already_there and not each.refused])
    missing = []
    for each in planned:
        if each.refused:
            report.record(each, Outcome(InputError.exit_code, each.refused))
        elif each.already_there:
            report.record(each, Outcome(EXIT_DONE), kept=True)
        else:
            missing.append(each)
    try:
        with folders_kept_if_used(Path(each.job.output).parent for each in missing):
            report.run(missing, arguments)
    except (KeyboardInterrupt, Cancelled):
        raise Cancelled(
            "Cancelled. Finished results were kept; run the same command to continue."
        ) from None
    no_longer_cancellable()
    return report.finish()


class _Report:
    """Reports on a batch; a :class:`ArSSRLib.running.batch.jobs.Watcher`."""

    def __init__(self, printer: Printer, arguments: argparse.Namespace, output: str) -> None:
        self._printer = printer
        self._options = vars(arguments)
        self._json = JsonPrinter() if arguments.progress == "json" else None
        self._output = output
        self._planned: dict[str, PlannedJob] = {}
        self._failed: list[tuple[PlannedJob, Outcome]] = []
        self._done = 0
        self._kept = 0

    def note_age(self, kept: Sequence[PlannedJob]) -> None:
        """Warns, once, of results that may be of another state of what they were made from."""
        old = [each for each in kept if _is_outdated(each)]
        if old:
            more = f" and {len(old) - 1} more" if len(old) > 1 else ""
            self._printer.warn(
                f"{Path(old[0].job.output).name}{more} is older than its input or model but was "
                "kept. Use --force to recompute."
            )

    def run(self, missing: Sequence[PlannedJob], arguments: argparse.Namespace) -> None:
        """Computes these volumes."""
        if not missing:
            return
        at_once = min(arguments.jobs or 1, len(missing))
        threads = arguments.threads or _threads_of_each(at_once, arguments.scheduler is not None)
        # A result that appears during the run is the same one, from a lost worker or another run.
        orders = [
            replace(each.job, threads=threads, force=True, make_folder=True).to_json()
            for each in missing
        ]
        self._planned = dict(zip(orders, missing, strict=True))
        jobs = [Job(each.name, order) for each, order in zip(missing, orders, strict=True)]
        if arguments.scheduler is None:
            run_jobs(jobs, ThisMachine(at_once), self)
            return
        from ..running.batch.cluster import DaskCluster

        with warnings_shown_by(self._printer):
            run_jobs(jobs, DaskCluster(arguments.scheduler), self)

    def progressed(self, progress: BatchProgress) -> None:
        """A bar or a line over all volumes."""
        if self._json is not None:
            self._json.line(
                stage="upsampling",
                fraction=round(progress.fraction, 4),
                seconds_left=rounded(progress.seconds_left),
                volumes_ended=progress.ended,
                volumes=progress.total,
            )
            return
        stage = f"{progress.ended} of {progress.total} finished"
        self._printer.report(Progress(stage, progress.fraction, progress.seconds_left))

    def warned(self, job: Job, sentence: str) -> None:
        """A warning with the volume's name."""
        self._printer.warn(f"{job.name}: {sentence}")

    def ended(self, job: Job, outcome: Outcome) -> None:
        """Notes how a volume ended."""
        self.record(self._planned[job.request], outcome)

    def record(self, each: PlannedJob, outcome: Outcome, kept: bool = False) -> None:
        """Notes how a volume ended, and reports it to programs."""
        state = "kept" if kept else "failed" if outcome.exit_code else "done"
        self._kept += state == "kept"
        self._done += state == "done"
        if state == "failed":
            outcome = replace(outcome, reason=self._reason(outcome))
            self._failed.append((each, outcome))
        if self._json is not None:
            entries = {"volume": each.name, "state": state, "output": each.job.output}
            self._json.line(**entries, **({"error": outcome.reason} if outcome.reason else {}))

    def _reason(self, outcome: Outcome) -> str:
        """Why a volume failed, with the options that remedy it."""
        if outcome.out_of_memory:
            return f"{outcome.reason.removesuffix('.')}; {memory_advice(self._options)}."
        if outcome.argument in self._options:
            return with_option(outcome.reason, outcome.argument)
        return outcome.reason

    def finish(self) -> int:
        """Prints what failed and what was made; returns the exit code."""
        failed = len(self._failed)
        if self._json is not None:
            self._json.line(
                stage="done", fraction=1.0, seconds_left=0.0, output=self._output,
                done=self._done, kept=self._kept, failed=failed,
            )  # fmt: skip
        else:
            parts = [f"{self._done} upsampled"]
            parts += [f"{self._kept} there already"] * bool(self._kept)
            parts += [f"{failed} failed"] * bool(failed)
            self._printer.done(self._output, f"{self._output}: {', '.join(parts)}")
        for sentence in self._sentences():
            print(f"arssr: {printable(sentence)}", file=sys.stderr, flush=True)
        codes = {outcome.exit_code for _, outcome in self._failed}
        if InputError.exit_code in codes:
            return InputError.exit_code
        return EnvironmentFault.exit_code if codes else EXIT_DONE

    def _sentences(self) -> list[str]:
        """Why volumes failed; a reason that many share, such as a full disk, is given once."""
        names: dict[str, list[str]] = {}
        for each, outcome in self._failed:
            shown = "" if Path(each.job.source).name in outcome.reason else each.name
            names.setdefault(outcome.reason, []).append(shown)
        return [": ".join(filter(None, [_few(which), why])) for why, which in names.items()]


def _few(names: Sequence[str]) -> str:
    """The names, or the first of very many."""
    more = len(names) - _MOST_NAMES
    return ", ".join(names[:_MOST_NAMES]) + (f" and {more} more" if more > 0 else "")


def _is_outdated(each: PlannedJob) -> bool:
    """Whether something that the result was made from has changed since."""
    try:
        made = os.stat(each.job.output).st_mtime_ns
        return any(os.stat(path).st_mtime_ns > made for path in each.made_from)
    except OSError:
        return False


def _threads_of_each(at_once: int, elsewhere: bool) -> int | None:
    """CPU threads for each volume, so that those beside each other share the machine."""
    if elsewhere:
        return 1
    return max(1, usable_cpus() // at_once) if at_once > 1 else None
