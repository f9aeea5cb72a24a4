"""``arssr compare``: one picture of the input, its cubic interpolation and ArSSR's result."""

from __future__ import annotations

import argparse
from pathlib import Path

from ..running.interrupts import load_libraries, no_longer_cancellable
from .arguments import (
    add_fast,
    add_force,
    add_network,
    add_progress,
    add_scale,
    add_volume_index,
    refuse_input_as_output,
)
from .outcome import EXIT_DONE
from .printers import printer_for, warnings_shown_by, within

_SHARE_READ = 0.02
_SHARE_CUBIC = 0.1
_SHARE_COMPUTED = 0.95


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Defines the options of ``arssr compare``."""
    parser.add_argument("input", metavar="INPUT", help="volume to upsample both ways")
    add_scale(parser, required=True)
    parser.add_argument(
        "-o", "--output", required=True, metavar="PICTURE", help=".png, .pdf or .svg to write"
    )
    add_network(parser)
    add_fast(parser)
    add_volume_index(parser)
    add_progress(parser)
    add_force(parser)


def run(arguments: argparse.Namespace) -> int:
    """Draws the comparison; returns the exit code.

    Raises:
        InputError: unusable input, output, model or option.
        EnvironmentFault: the machine got in the way.
    """
    printer = printer_for(arguments.progress)
    load_libraries("SimpleITK", "torch", "matplotlib.figure")
    with warnings_shown_by(printer):
        from ..networks.catalogue import load_model
        from ..pictures.canvas import picture_suffix
        from ..pictures.comparison import Column, draw_comparison
        from ..running.output_files import check_output_place
        from ..upsampling.progress import Progress
        from ..upsampling.request import target_grid
        from ..upsampling.run import upsample_volume
        from . import files

        refuse_input_as_output(arguments.input, arguments.output)
        picture_suffix(arguments.output)
        check_output_place(arguments.output, arguments.force)
        printer.report(Progress("reading", 0.0))
        volume = files.read(arguments.input, arguments.volume)
        target = target_grid(volume.grid, arguments.scale)
        model = load_model(arguments.model)
        cubic = upsample_volume(
            volume, target, "cubic", progress=within(printer.report, _SHARE_READ, _SHARE_CUBIC)
        )
        arssr = upsample_volume(
            volume,
            target,
            "arssr",
            model,
            arguments.device,
            progress=within(printer.report, _SHARE_CUBIC, _SHARE_COMPUTED),
            threads=arguments.threads,
            fast=arguments.fast,
        )
        printer.report(Progress("writing", _SHARE_COMPUTED))
        canvas = draw_comparison(
            f"{Path(arguments.input).name}   {scale_text(arguments.scale)}",
            [
                Column("Input", volume),
                Column("Cubic B-spline", cubic),
                Column(f"ArSSR ({model.name})", arssr, accent=True),
            ],
        )
        canvas.save(arguments.output, arguments.force, last_moment=no_longer_cancellable)
        printer.done(arguments.output, f"{arguments.output}: input, cubic and ArSSR")
    return EXIT_DONE


def scale_text(scale: float | tuple[float, float, float]) -> str:
    """``2×``, or ``1 × 1 × 2.3`` for factors per axis."""
    if isinstance(scale, tuple):
        return " × ".join(f"{s:g}" for s in scale)
    return f"{scale:g}×"
