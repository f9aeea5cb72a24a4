"""Runs an evaluation: every volume, scale and method; resumable, parallel, with progress."""

from __future__ import annotations

import importlib.util
import json
import os
import platform
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from ..atomic import replacing
from ..errors import EnvironmentFault, InputError
from ..leftovers import scratch_folder
from ..upsampling.progress import ProgressCallback, ProgressClock
from ..workers import end_with, interrupts_left_to_this_process
from .cases import TRUTH, Case, digest, measure
from .methods import model_file
from .records import Record
from .settings import Settings, find_volumes

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
    """

    settings: Settings
    records: Sequence[Record]
    notes: Sequence[str]

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


def evaluate(
    settings: Settings,
    progress: ProgressCallback | None = None,
    warn: Callable[[str], None] | None = None,
) -> Evaluation:
    """Measures all cases that the output folder does not hold yet.

    Args:
        settings: what to measure.
        progress: receives a report after each case; cancels by raising.
        warn: receives a sentence about each case that failed.

    Raises:
        InputError: no volumes, or not a single case could be measured.
        EnvironmentFault: the output folder cannot be written, or a package is missing.
    """
    check_packages()
    volumes = find_volumes(settings.source)
    cases, notes = _cases(settings, volumes)
    _make_folder(settings.output)
    clock = ProgressClock(progress, float(len(cases) + len(volumes)))
    clock.advance("measuring", 0.0)
    records = []
    truths = [Case(name, path, 1.0, TRUTH) for name, path in volumes.items()]
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
    evaluation = Evaluation(settings, _ordered(records, settings), notes)
    if not evaluation.measured:
        first = evaluation.failed[0] if evaluation.failed else None
        reason = first.error if first else "there is no method with weights for these scales."
        raise InputError(f"Nothing could be measured; the first reason: {reason}")
    _write_settings(evaluation, volumes)
    return evaluation


def check_packages() -> None:
    """Raises EnvironmentFault when an optional package that evaluation needs is missing."""
    missing = [name for name in ("joblib", "jinja2") if importlib.util.find_spec(name) is None]
    if missing:
        raise EnvironmentFault(
            f"Evaluation needs {' and '.join(missing)}; install with pip install "
            "'arssr[evaluation]'."
        )


def _cases(settings: Settings, volumes: dict[str, Path]) -> tuple[list[Case], list[str]]:
    """All cases; a baseline that was not trained for a scale is left out there, with a note."""
    notes = []
    pairs = []
    for scale in settings.scales:
        for method in settings.methods:
            try:
                model_file(method, scale, settings.baselines)
            except InputError as error:
                notes.append(str(error))
            else:
                pairs.append((scale, method))
    if not pairs:
        raise InputError(notes[0])
    cases = [
        Case(name, path, scale, method) for name, path in volumes.items() for scale, method in pairs
    ]
    return cases, list(dict.fromkeys(notes))


def _in_parallel(cases: Sequence[Case], settings: Settings) -> Iterator[Record]:
    from joblib import Parallel, delayed

    jobs = max(1, min(settings.jobs, len(cases)))
    with scratch_folder() as folder:
        work = Parallel(
            n_jobs=jobs, return_as="generator_unordered", batch_size=1, temp_folder=str(folder)
        )
        with interrupts_left_to_this_process():
            records = work(delayed(_measure_for)(os.getpid(), case, settings) for case in cases)
        yield from records


def _measure_for(parent: int, case: Case, settings: Settings) -> Record:
    """What a worker process does, as long as the program that started it lives."""
    end_with(parent)
    return measure(case, settings)


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
        "volumes": {name: str(path) for name, path in volumes.items()},
        "models": _models(settings),
        "versions": versions(),
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} CPUs",
        "left_out": list(evaluation.notes),
        "failed": {_name(record): record.error for record in evaluation.failed},
    }
    with replacing(settings.output / "settings.json", overwrite=True) as temporary:
        temporary.write_text(json.dumps(values, indent=1, ensure_ascii=False), encoding="utf-8")


def _models(settings: Settings) -> dict[str, dict[str, str]]:
    """File and SHA-256 of every network that took part, by method and scale."""
    found = {}
    for method in settings.methods:
        for scale in settings.scales:
            try:
                path = model_file(method, scale, settings.baselines)
            except InputError:
                continue
            if path is not None:
                found[f"{method.text}, {scale:g}x"] = {"file": str(path), "sha256": digest(path)}
    return found


def _name(record: Record) -> str:
    if record.method == TRUTH.slug:
        return record.volume
    return f"{record.volume}, {record.scale:g}x, {record.method}"
