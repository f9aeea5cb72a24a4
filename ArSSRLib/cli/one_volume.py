"""From one file to another: what ``arssr upsample`` does, and a worker with each of its jobs."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..choices import Method
from ..running.interrupts import load_libraries, no_longer_cancellable
from ..running.output_files import make_folder
from .arguments import refuse_input_as_output
from .outcome import EXIT_DONE
from .printers import Printer, warnings_shown_by, within

if TYPE_CHECKING:
    from ..upsampling.request import Roi
    from ..volumes.grid import Grid, Triple
    from ..volumes.volume import Volume

_SHARE_READ = 0.02
_SHARE_COMPUTED = 0.97
_BYTES_OF_INTERPOLATION = 300 * 2**20
"""Resident memory of Python with SimpleITK, and of the slab that is interpolated."""


@dataclass(frozen=True)
class VolumeJob:
    """What to make of one volume; ``scale`` or ``spacing`` is given.

    Attributes:
        source: input file, or folder of a DICOM series.
        output: file to write.
        scale: factor for all axes or for (i, j, k).
        spacing: voxel size in mm, for all axes or for (i, j, k).
        method: how to upsample.
        model: bundled name or model file.
        device: where to compute.
        roi: two opposite corners in LPS mm.
        volume: which volume of a 4-D file.
        threads: CPU threads; all when left out.
        force: whether an existing output may be replaced.
        fast: whether a model's mirrored pass is left out.
        sidecar: JSON file that describes the result; none when left out.
        entries: what the sidecar says beside what only the run can tell.
        make_folder: whether the output's folder is made where it is missing.
    """

    source: str
    output: str
    scale: float | Triple | None = None
    spacing: float | Triple | None = None
    method: Method = "arssr"
    model: str = "default"
    device: str = "auto"
    roi: Roi | None = None
    volume: int | None = None
    threads: int | None = None
    force: bool = False
    fast: bool = False
    sidecar: str | None = None
    entries: Mapping[str, Any] = field(default_factory=dict)
    make_folder: bool = False

    def to_json(self) -> str:
        """As text, for another process."""
        return json.dumps(asdict(self))

    @staticmethod
    def from_dict(values: Mapping[str, Any]) -> VolumeJob:
        """The job of an object as :meth:`to_json` writes it; what is missing has its default.

        Raises:
            TypeError: an entry is missing or unknown.
        """
        lists = {name: tuple(value) for name, value in values.items() if isinstance(value, list)}
        return VolumeJob(**{**values, **lists})


def upsample_file(
    job: VolumeJob, printer: Printer, admit: Callable[[int], None] | None = None
) -> int:
    """Does ``job``; returns the exit code.

    Args:
        job: what to do.
        printer: shows progress and warnings.
        admit: is told, before the work begins, how many bytes it will take; may wait, or cancel
            by raising.

    Raises:
        InputError: unusable input, output, model or option.
        EnvironmentFault: the machine got in the way.
        Cancelled: by ``admit``.
    """
    with warnings_shown_by(printer):
        from ..upsampling.progress import Progress

        refuse_input_as_output(job.source, job.output)
        _check_places(job)
        printer.report(Progress("reading", 0.0))
        load_libraries("SimpleITK", *(["torch"] if job.method == "arssr" else []))

        from ..upsampling.request import target_grid
        from . import files

        volume = files.read(job.source, job.volume)
        _refuse_labels(job, volume)
        target = target_grid(volume.grid, job.scale, job.spacing)
        if admit is not None:
            admit(_bytes_needed(job, volume.grid, target))
        if job.method == "arssr":
            _warn_of_untrained(job.model, volume.grid, target, printer)
        result = _upsampled(job, volume, target, printer)
        printer.report(Progress("writing", _SHARE_COMPUTED))
        _check_places(job)
        files.write(result, job.output, job.force, last_moment=lambda: _before_replacing(job))
        _describe(job, volume.grid, result.grid)
        size = "×".join(map(str, result.grid.size))
        spacing = " × ".join(f"{s:.4g}" for s in result.grid.spacing)
        printer.done(job.output, f"{job.output}: {size} voxels of {spacing} mm")
    return EXIT_DONE


def _refuse_labels(job: VolumeJob, volume: Volume) -> None:
    """Refuses a label map for the network, and for interpolation where its header says so.

    Raises:
        InputError: the method would mix labels.
    """
    from ..volumes.labels import refuse_labels

    if job.method == "arssr" or (volume.labels and job.method != "nearest"):
        refuse_labels(volume, job.source)


def _check_places(job: VolumeJob) -> None:
    """Refuses what cannot be written, before the work and again at its end.

    A run beside, into the same folder, removes it when it leaves nothing there.
    """
    from ..running.output_files import check_output_place
    from ..volumes.files.writing import check_output

    if job.make_folder:
        make_folder(Path(job.output).parent)
    check_output(job.output, job.force)
    if job.sidecar is not None:
        check_output_place(job.sidecar, overwrite=True)


def _before_replacing(job: VolumeJob) -> None:
    """The last moment before a result appears: an older sidecar would describe the wrong one.

    A result without a sidecar is an unfinished one, should writing that fail.
    """
    no_longer_cancellable()
    if job.sidecar is not None:
        Path(job.sidecar).unlink(missing_ok=True)


def _upsampled(job: VolumeJob, volume: Volume, target: Grid, printer: Printer) -> Volume:
    """The result of ``job`` on the whole of ``target`` or its region."""
    from ..upsampling.run import upsample_volume

    model = None
    if job.method == "arssr":
        from ..networks.catalogue import load_model

        model = load_model(job.model)
    return upsample_volume(
        volume,
        target,
        job.method,
        model,
        job.device,
        job.roi,
        within(printer.report, _SHARE_READ, _SHARE_COMPUTED),
        job.threads,
        job.fast,
    )


def _describe(job: VolumeJob, low: Grid, high: Grid) -> None:
    """Writes the sidecar, where one is asked for."""
    if job.sidecar is None:
        return
    from ..bids.sidecar import write_sidecar

    write_sidecar(job.sidecar, job.entries, job.method, job.model, low, high, job.fast, job.volume)


def _warn_of_untrained(model: str, grid: Grid, target: Grid, printer: Printer) -> None:
    """One sentence where a scale or a voxel size is none that the model was trained for."""
    from ..networks.catalogue import model_info

    info = model_info(model)
    factors, spacings = info.outside_training(grid, target)
    odd = [f"{f:.3g}×" for f in factors] + [f"voxels of {mm:.3g} mm" for mm in spacings]
    if odd:
        low, high = info.scale_range
        finest, coarsest = info.spacing_range_mm
        printer.warn(
            f"The model {info.name} was trained for {low:.3g}× to {high:.3g}× and voxels of "
            f"{finest:.3g} to {coarsest:.3g} mm, not for {' and '.join(dict.fromkeys(odd))}; "
            "compare the result with cubic interpolation before you trust its detail."
        )


def limit_threads(count: int | None) -> None:
    """Limits the CPU threads of libraries that are not imported yet: they read this once."""
    if count is not None:
        for name in ("OMP_NUM_THREADS", "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS"):
            os.environ[name] = str(count)


def _bytes_needed(job: VolumeJob, grid: Grid, target: Grid) -> int:
    """Highest resident memory of this process, in bytes; with a region it takes less."""
    if job.method == "arssr":
        from ..upsampling.estimate import estimate_cost

        return estimate_cost(grid, target, job.model).peak_bytes
    return _BYTES_OF_INTERPOLATION + 8 * math.prod(grid.size) + 4 * math.prod(target.size)
