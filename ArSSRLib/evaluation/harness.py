"""Runs an evaluation: every volume, scale and method; resumable, parallel, with progress."""

from __future__ import annotations

import importlib.util
import json
import multiprocessing
import os
import platform
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from importlib import metadata
from multiprocessing.connection import Connection
from pathlib import Path

from ..atomic import replacing
from ..batch.local import processors
from ..errors import EnvironmentFault, InputError
from ..leftovers import scratch_folder
from ..upsampling.device import choose_device
from ..upsampling.progress import ProgressCallback, ProgressClock
from ..workers import end_with, interrupts_left_to_this_process
from .cases import TRUTH, Case, failed, measure
from .methods import check_network, model_file
from .records import Record, digest, save_record
from .segmentation import AtlasSegmenter, load_ants
from .settings import Settings, find_volumes, mask_files

_PACKAGES = (
    "torch", "numpy", "scipy", "scikit-image", "SimpleITK", "joblib", "matplotlib", "antspyx",
    "lpips",
)  # fmt: skip


@dataclass(frozen=True)
class Evaluation:
    """A finished evaluation.

    Attributes:
        settings: what was asked for.
        records: every case, in the order of volumes, scales and methods; failed ones too.
        notes: what was left out, and why; one sentence each.
        device: what networks ran on: ``cpu``, ``cuda`` or ``mps``.
    """

    settings: Settings
    records: Sequence[Record]
    notes: Sequence[str]
    device: str = "cpu"

    @property
    def measured(self) -> list[Record]:
        """The cases of the methods that did not fail."""
        return [r for r in self.records if not r.error and r.method != TRUTH.slug]

    @property
    def truths(self) -> list[Record]:
        """The sharp volumes' own sharpness (or the inputs', without a reference)."""
        return [r for r in self.records if not r.error and r.method == TRUTH.slug]

    @property
    def failed(self) -> list[Record]:
        """The cases that failed, with the reason."""
        return [r for r in self.records if r.error]

    @property
    def exit_code(self) -> int:
        """How a program ends that made it: 0, or 2 with failed cases, or 1 where the machine
        alone was at fault."""
        if not self.failed:
            return 0
        alone = all(record.machine for record in self.failed)
        return EnvironmentFault.exit_code if alone else InputError.exit_code


def evaluate(
    settings: Settings,
    progress: ProgressCallback | None = None,
    warn: Callable[[str], None] | None = None,
) -> Evaluation:
    """Measures all cases that the output folder does not hold yet.

    Args:
        settings: what to measure.
        progress: receives a report after each case; cancels by raising.
        warn: receives a sentence about each case that failed or was left out.

    Raises:
        InputError: no volumes, no such device, a network that is not the one it should be, or not
            a single case could be measured.
        EnvironmentFault: the report cannot be written, or a package is missing.
    """
    check_packages(settings)
    device = choose_device(settings.device).type
    volumes = find_volumes(settings.source)
    truths, cases, notes = _cases(settings, volumes)
    _make_folder(settings.output)
    if warn is not None:
        for note in notes:
            warn(note)
    clock = ProgressClock(progress, float(len(cases) + len(truths)))
    clock.advance("measuring", 0.0)
    records = []
    # The volumes come first: that tells the unreadable ones from the rest.
    for batch in (truths, cases):
        for record in _in_parallel(batch, settings):
            if record.error and warn is not None:
                warn(f"{_name(record)} failed: {record.error}")
            records.append(record)
            clock.advance("measuring", 1.0)
        broken = {r.volume: r.error for r in records if r.error and r.method == TRUTH.slug}
        clock.done += sum(case.volume in broken for case in cases) if batch is truths else 0
        cases[:] = [case for case in cases if case.volume not in broken]
    evaluation = Evaluation(settings, _ordered(records, settings), notes, device)
    _check_measured(evaluation)
    _write_settings(evaluation, volumes)
    return evaluation


def _check_measured(evaluation: Evaluation) -> None:
    """Refuses to report nothing."""
    if evaluation.measured:
        return
    first = evaluation.failed[0] if evaluation.failed else None
    reason = first.error if first else "there is no method with weights for these scales."
    kind = EnvironmentFault if evaluation.exit_code == EnvironmentFault.exit_code else InputError
    raise kind(f"Nothing could be measured; the first reason: {reason}")


def check_packages(settings: Settings) -> None:
    """Looks for the optional packages, and the atlas, that an evaluation needs.

    Raises:
        EnvironmentFault: a package is missing.
        InputError: the folder of the atlas does not hold one.
    """
    missing = [name for name in ("joblib", "jinja2") if importlib.util.find_spec(name) is None]
    if missing:
        raise EnvironmentFault(
            f"Evaluation needs {' and '.join(missing)}; install with pip install "
            "'arssr[evaluation]'."
        )
    if settings.segments:
        load_ants()
    if settings.atlas is not None:
        AtlasSegmenter(settings.atlas)


def _cases(
    settings: Settings, volumes: dict[str, Path]
) -> tuple[list[Case], list[Case], list[str]]:
    """The volumes themselves, all cases, and notes on what is left out: a baseline at a scale
    that it was not trained for."""
    notes = []
    pairs = []
    for scale in settings.scales:
        for method in settings.methods:
            try:
                model_file(method, scale, settings.baselines)
            except InputError as error:
                notes.append(str(error))
                continue
            check_network(method, scale, settings.baselines)
            pairs.append((scale, method))
    if not pairs:
        raise InputError(notes[0])
    masks: dict[str, Path] = {}
    if settings.masks is not None and settings.uses_masks:
        masks = mask_files(settings.masks, settings.source, volumes)
    truths = [Case(name, path, 1.0, TRUTH, masks.get(name)) for name, path in volumes.items()]
    cases = [
        Case(truth.volume, truth.path, scale, method, truth.mask)
        for truth in truths
        for scale, method in pairs
    ]
    return truths, cases, list(dict.fromkeys(notes))


def _in_parallel(cases: Sequence[Case], settings: Settings) -> Iterator[Record]:
    """Measures cases side by side; after a worker has been killed, the others one at a time."""
    from joblib import Parallel, delayed

    jobs = max(1, min(settings.jobs, len(cases)))
    left = {(case.volume, case.scale, case.method.slug): case for case in cases}
    with scratch_folder() as folder:
        work = Parallel(
            n_jobs=jobs, return_as="generator_unordered", batch_size=1, temp_folder=str(folder)
        )
        try:
            with interrupts_left_to_this_process():
                records = work(delayed(_measure_for)(os.getpid(), case, settings) for case in cases)
            for record in records:
                del left[record.volume, record.scale, record.method]
                yield record
        except BrokenProcessPool:
            # Which of them was too large nobody knows; with all the memory it may even fit.
            yield from (_measure_alone(case, settings) for case in left.values())


def _measure_for(parent: int, case: Case, settings: Settings) -> Record:
    """What a worker process does, as long as the program that started it lives."""
    end_with(parent)
    return measure(case, settings)


def _measure_alone(case: Case, settings: Settings) -> Record:
    """Measures a case in a process of its own, whose death is a failure of this case alone."""
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_send, args=(sender, os.getpid(), case, settings))
    with interrupts_left_to_this_process():
        process.start()
    sender.close()
    try:
        found = receiver.recv()
    except EOFError:
        found = failed(
            case,
            EnvironmentFault(
                "Its process was ended from outside, most likely because memory ran out; choose "
                "a smaller scale or a machine with more."
            ),
        )
        save_record(found, case.record(settings))
    finally:
        process.kill()
        process.join()
    if isinstance(found, Exception):
        raise found
    return found


def _send(sender: Connection, parent: int, case: Case, settings: Settings) -> None:
    """What that process does: it sends a record, or what ends the evaluation."""
    try:
        sender.send(_measure_for(parent, case, settings))
    except Exception as error:
        sender.send(error)


def _ordered(records: Sequence[Record], settings: Settings) -> list[Record]:
    methods = [TRUTH.slug, *(method.slug for method in settings.methods)]
    return sorted(records, key=lambda r: (r.volume, r.scale, methods.index(r.method)))


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"The report folder {str(folder)!r} cannot be made ({error.strerror}); name another."
        ) from error
    if not os.access(folder, os.W_OK):
        raise EnvironmentFault(f"The report folder {str(folder)!r} cannot be written.")


def versions() -> dict[str, str]:
    """Versions of everything that takes part, as installed here."""
    from .. import __version__

    found = {"arssr": __version__, "python": platform.python_version()}
    for package in _PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            found[package] = "not installed"
    return found


def _write_settings(evaluation: Evaluation, volumes: dict[str, Path]) -> None:
    settings = evaluation.settings
    values = {
        "settings": settings.to_dict(),
        "device": evaluation.device,
        "volumes": {name: _file(path) for name, path in volumes.items()},
        "models": _models(settings),
        "versions": versions(),
        "machine": f"{platform.system()} {platform.machine()}, {processors()} CPUs",
        "left_out": list(evaluation.notes),
        "failed": {_name(record): record.error for record in evaluation.failed},
    }
    with replacing(settings.output / "settings.json", overwrite=True) as temporary:
        temporary.write_text(json.dumps(values, indent=1, ensure_ascii=False), encoding="utf-8")


def _models(settings: Settings) -> dict[str, dict[str, str]]:
    """File and SHA-256 of every network that took part, and its names, by method and scale."""
    found = {}
    for method in settings.methods:
        for scale in settings.scales:
            try:
                path = model_file(method, scale, settings.baselines)
            except InputError:
                continue
            if path is not None:
                names = {"title": method.title, "in_cases_csv": method.slug}
                found[f"{method.text}, {scale:g}x"] = {**names, **_file(path)}
    return found


def _file(path: Path) -> dict[str, str]:
    """Name and SHA-256 of a file that took part."""
    try:
        return {"file": str(path), "sha256": digest(path)}
    except InputError as error:
        return {"file": str(path), "unreadable": str(error)}


def _name(record: Record) -> str:
    if record.method == TRUTH.slug:
        return record.volume
    return f"{record.volume}, {record.scale:g}x, {record.method}"
