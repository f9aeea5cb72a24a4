"""Runs one job and shows its progress: for ``arssr upsample``, and in the worker of a batch."""

from __future__ import annotations

import os
from collections.abc import Callable

from ..upsampling.file_job import FileJob, upsample_file
from .outcome import EXIT_DONE
from .printers import Printer, warnings_shown_by


def run_job(job: FileJob, printer: Printer, admit: Callable[[int], None] | None = None) -> int:
    """Does a job; returns the exit code.

    Args:
        job: what to do.
        printer: shows progress and warnings.
        admit: see :func:`ArSSRLib.upsampling.file_job.upsample_file`.

    Raises:
        InputError, EnvironmentFault, Cancelled: see there.
    """
    with warnings_shown_by(printer):
        grid = upsample_file(job, printer.report, admit)
    size = "×".join(map(str, grid.size))
    spacing = " × ".join(f"{s:.4g}" for s in grid.spacing)
    printer.done(job.output, f"{job.output}: {size} voxels of {spacing} mm")
    return EXIT_DONE


def limit_threads(count: int | None) -> None:
    """Limits the CPU threads of libraries that are not imported yet: they read this once."""
    if count is not None:
        for name in ("OMP_NUM_THREADS", "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS"):
            os.environ[name] = str(count)
