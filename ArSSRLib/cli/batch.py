"""What the commands for many volumes share: where they run, what they show, how they end."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ..errors import Cancelled, EnvironmentFault, InputError
from ..running.batch.jobs import BatchProgress, run_jobs
from ..running.batch.local import ThisMachine
from ..running.interrupts import no_longer_cancellable
from ..running.machine import usable_cpus
from ..running.output_files import folders_kept_if_used
from ..running.printable import printable
from ..running.process_end import Ended
from ..upsampling.file_job import FileJob
from ..upsampling.options import whole_number
from ..upsampling.progress import Progress
from .outcome import EXIT_DONE, memory_advice, with_option
from .printers import print_json, printer_for, rounded, warnings_shown_by

_MOST_NAMES = 10
"""Names of volumes in one message."""


@dataclass(frozen=True)
class PlannedJob:
    """A volume of a batch.

    Attributes:
        name: how messages call it.
        job: what to do, with absolute paths.
        kept: whether the result exists and is kept.
        refused: one sentence where it is known beforehand that it cannot be done.
        made_from: files whose later change makes a result that is kept doubtful.
        damaged: results that are there but not whole, and are computed again.
    """

    name: str
    job: FileJob
    kept: bool = False
    refused: str = ""
    made_from: tuple[str, ...] = ()
    damaged: tuple[str, ...] = ()


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
        "its scheduler file; its workers need the same files and use one CPU per volume unless "
        "--threads is given (pip install 'arssr[cluster]')",
    )


def planned_job(name: str, job: FileJob, force: bool, made_from: tuple[str, ...]) -> PlannedJob:
    """The job beside what there is of its results already.

    Args:
        name: how messages call it.
        job: what to do.
        force: whether what is there is replaced.
        made_from: see :class:`PlannedJob`.
    """
    if force:
        return PlannedJob(name, job, made_from=made_from)
    from ..volumes.files.wholeness import is_whole

    results = [path for path in (job.output, job.error_map) if path is not None]
    there = [path for path in results if os.path.isfile(path)]
    damaged = tuple(path for path in there if not is_whole(Path(path)))
    kept = len(there) == len(results) and not damaged
    refused = next(filter(None, map(_reason_to_refuse, results)), "")
    return PlannedJob(name, job, kept, refused, made_from, damaged)


def _reason_to_refuse(output: str) -> str:
    """One sentence where something that is not a file has the name of a result; else empty."""
    if os.path.isfile(output) or os.path.isdir(output) or not os.path.lexists(output):
        return ""
    what = "a link to a missing file" if os.path.islink(output) else "not a regular file"
    return (
        f"The output {output!r} exists and is {what}; remove it, choose another output folder, or "
        "use --force to replace it."
    )


def check_device(planned: Sequence[PlannedJob], arguments: argparse.Namespace) -> None:
    """Refuses a device that this machine does not have, once instead of for each volume.

    Args:
        planned: all volumes.
        arguments: of :func:`add_places`; the machines of a cluster have other devices.

    Raises:
        InputError: a volume that is left to compute needs a device that is not there.
    """
    left = (each for each in planned if not each.kept and not each.refused)
    devices = {each.job.request.device for each in left if each.job.request.model is not None}
    # Only for the others is it worth loading torch here.
    for device in devices - {"auto", "cpu"}:
        if arguments.scheduler is None:
            from ..upsampling.hardware.device import choose_device

            choose_device(device)


def run_planned(planned: Sequence[PlannedJob], arguments: argparse.Namespace) -> int:
    """Computes what is missing and reports how it went; returns the exit code.

    Args:
        planned: all volumes.
        arguments: of :func:`add_places`, with ``output`` and ``progress``.

    Raises:
        InputError: the folder of a result cannot be made.
        EnvironmentFault: the cluster cannot be reached.
        Cancelled: the user stopped the run; complete results are kept.
    """
    report = _Report(arguments)
    report.note_damage(planned)
    report.note_age([each for each in planned if each.kept and not each.refused])
    missing = []
    for each in planned:
        if each.refused:
            report.record(each, Ended(InputError.exit_code, each.refused))
        elif each.kept:
            report.record(each, Ended(EXIT_DONE), kept=True)
        else:
            missing.append(each)
    try:
        with folders_kept_if_used(Path(each.job.output).parent for each in missing):
            report.run(missing)
    except (KeyboardInterrupt, Cancelled):
        raise Cancelled(
            "Cancelled. Finished results were kept; run the same command to continue."
        ) from None
    no_longer_cancellable()
    return report.finish()


class _Report:
    """Shows how a batch goes; a :class:`ArSSRLib.running.batch.jobs.Watcher`."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        self._printer = printer_for(arguments.progress)
        self._arguments = arguments
        self._json = arguments.progress == "json"
        self._output: str = arguments.output
        self._missing: Sequence[PlannedJob] = ()
        self._failed: list[tuple[PlannedJob, Ended]] = []
        self._at_once = 1
        self._done = 0
        self._kept = 0
        self._differences: dict[str, float] = {}

    def note_damage(self, planned: Sequence[PlannedJob]) -> None:
        """Warns, once, of results that an interrupted copy left."""
        damaged = [Path(path).name for each in planned for path in each.damaged]
        if damaged:
            subject = _few(damaged) + (" is" if len(damaged) == 1 else " are")
            self._printer.warn(f"{subject} empty or truncated; computed again.")

    def note_age(self, kept: Sequence[PlannedJob]) -> None:
        """Warns, once, of results that are older than what they were made from."""
        old = [each for each in kept if _is_outdated(each)]
        if old:
            more = f" and {len(old) - 1} more" if len(old) > 1 else ""
            self._printer.warn(
                f"{Path(old[0].job.output).name}{more} is older than its input or model but was "
                "kept. Use --force to recompute."
            )

    def run(self, missing: Sequence[PlannedJob]) -> None:
        """Computes these volumes."""
        if not missing:
            return
        self._missing = missing
        scheduler = self._arguments.scheduler
        self._at_once = at_once = min(self._arguments.jobs or 1, len(missing))
        shared = _threads_of_each(at_once, scheduler is not None)
        # A result that appears during the run is the same, from a lost worker or another run.
        orders = [
            replace(
                each.job,
                request=replace(each.job.request, threads=each.job.request.threads or shared),
                force=True,
                make_folder=True,
            ).to_dict()
            for each in missing
        ]
        if scheduler is None:
            run_jobs(len(orders), ThisMachine(orders, at_once), self)
            return
        from ..running.batch.cluster import DaskCluster

        with warnings_shown_by(self._printer):
            run_jobs(len(orders), DaskCluster(orders, scheduler), self)

    def progressed(self, progress: BatchProgress) -> None:
        """A bar or a line over all volumes."""
        if self._json:
            print_json(
                stage="upsampling",
                fraction=round(progress.fraction, 4),
                seconds_left=rounded(progress.seconds_left),
                volumes_ended=progress.ended,
                volumes=progress.total,
            )
            return
        stage = f"{progress.ended} of {progress.total} finished"
        self._printer.report(Progress(stage, progress.fraction, progress.seconds_left))

    def warned(self, number: int, sentence: str) -> None:
        """A warning with the volume's name."""
        self._printer.warn(f"{self._missing[number].name}: {sentence}")

    def ended(self, number: int, end: Ended) -> None:
        """Notes how a volume ended."""
        self.record(self._missing[number], end)

    def record(self, each: PlannedJob, end: Ended, kept: bool = False) -> None:
        """Notes how a volume ended; prints it as JSON where that was asked for."""
        state = "kept" if kept else "failed" if end.code else "done"
        self._kept += state == "kept"
        self._done += state == "done"
        if state == "failed":
            end = replace(end, error=self._reason(end))
            self._failed.append((each, end))
        if self._json:
            entries = {"volume": each.name, "state": state, "output": each.job.output}
            error = {"error": end.error} if end.error else {}
            print_json(**entries, **error, **end.measured)
        if "difference" in end.measured:
            self._differences[each.name] = float(end.measured["difference"])

    def _reason(self, end: Ended) -> str:
        """Why a volume failed, with the options that remedy it."""
        given = vars(self._arguments)
        if end.out_of_memory:
            advice = memory_advice({**given, "jobs": self._at_once})
            return f"{end.error.removesuffix('.')}; {advice}."
        if end.argument in given:
            return with_option(end.error, end.argument)
        return end.error

    def finish(self) -> int:
        """Prints what failed and how many volumes were made; returns the exit code."""
        failed = len(self._failed)
        if self._json:
            print_json(
                stage="done", fraction=1.0, seconds_left=0.0, output=self._output,
                done=self._done, kept=self._kept, failed=failed,
            )  # fmt: skip
        else:
            parts = [f"{self._done} upsampled"]
            parts += [f"{self._kept} there already"] * bool(self._kept)
            parts += [f"{failed} failed"] * bool(failed)
            lines = [f"{self._output}: {', '.join(parts)}"]
            if self._differences:
                name, most = max(self._differences.items(), key=lambda item: item[1])
                lines.append(
                    "Downsampled again, they differ from their inputs by at most "
                    f"{100 * most:.2f} % of the range ({name})."
                )
            self._printer.done(self._output, "\n".join(lines))
        for sentence in self._sentences():
            print(f"arssr: {printable(sentence)}", file=sys.stderr, flush=True)
        codes = {end.code for _, end in self._failed}
        if InputError.exit_code in codes:
            return InputError.exit_code
        return EnvironmentFault.exit_code if codes else EXIT_DONE

    def _sentences(self) -> list[str]:
        """Why volumes failed; a reason that many share, such as a full disk, is given once."""
        names: dict[str, list[str]] = {}
        for each, end in self._failed:
            shown = "" if Path(each.job.source).name in end.error else each.name
            names.setdefault(end.error, []).append(shown)
        return [": ".join(filter(None, [_few(which), why])) for why, which in names.items()]


def _few(names: Sequence[str]) -> str:
    """The names, or the first of very many."""
    more = len(names) - _MOST_NAMES
    return ", ".join(names[:_MOST_NAMES]) + (f" and {more} more" if more > 0 else "")


def _is_outdated(each: PlannedJob) -> bool:
    """Whether something that a result was made from has changed since."""
    try:
        made = os.stat(each.job.output).st_mtime_ns
        return any(os.stat(path).st_mtime_ns > made for path in each.made_from)
    except OSError:
        return False


def _threads_of_each(at_once: int, elsewhere: bool) -> int | None:
    """CPU threads for each volume; volumes computed at the same time share the machine."""
    if elsewhere:
        return 1
    return max(1, usable_cpus() // at_once) if at_once > 1 else None
