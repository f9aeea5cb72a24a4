"""``arssr compare``: one picture of the input, its cubic interpolation and ArSSR's result."""

from __future__ import annotations

import argparse
from pathlib import Path

from ..running.interrupts import load_libraries, no_longer_cancellable
from ..running.native_stderr import native_stderr_silenced
from ..running.output_files import check_output_place, refuse_input_as_output
from ..upsampling.options import add_options
from ..upsampling.progress import Progress, share_of
from ..upsampling.request import Upsampling
from .arguments import OF_THE_NETWORK, add_force, add_progress
from .outcome import EXIT_DONE
from .printers import printer_for, warnings_shown_by

_SHARE_READ = 0.02
_SHARE_CUBIC = 0.1
_SHARE_COMPUTED = 0.95


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Defines the options of ``arssr compare``."""
    parser.add_argument("input", metavar="INPUT", help="volume to upsample both ways")
    parser.add_argument(
        "-o", "--output", required=True, metavar="PICTURE", help=".png, .pdf or .svg to write"
    )
    add_options(parser, Upsampling, ("scale", *OF_THE_NETWORK, "volume"))
    add_progress(parser)
    add_force(parser)


def run(arguments: argparse.Namespace) -> int:
    """Draws the comparison; returns the exit code.

    Raises:
        InputError: unusable input, output, model or option.
        EnvironmentFault: the machine got in the way.
    """
    printer = printer_for(arguments.progress)
    request = Upsampling.from_namespace(arguments)
    load_libraries("SimpleITK", "torch", "matplotlib.figure")
    refuse_input_as_output(arguments.input, arguments.output)
    with warnings_shown_by(printer):
        from ..pictures.canvas import picture_suffix
        from ..pictures.comparison import Column, draw_comparison
        from ..upsampling.run import upsample_volume
        from ..volumes.files.reading import read_volume

        picture_suffix(arguments.output)
        check_output_place(arguments.output, arguments.force)
        printer.report(Progress("reading", 0.0))
        with native_stderr_silenced():
            volume = read_volume(arguments.input, request.volume)
        interpolation = Upsampling(method="cubic", scale=request.scale)
        progress = share_of(printer.report, _SHARE_READ, _SHARE_CUBIC)
        cubic = upsample_volume(volume, interpolation, progress=progress)
        progress = share_of(printer.report, _SHARE_CUBIC, _SHARE_COMPUTED)
        arssr = upsample_volume(volume, request, progress=progress)
        printer.report(Progress("writing", _SHARE_COMPUTED))
        model = "" if request.model is None else request.model.name
        canvas = draw_comparison(
            f"{Path(arguments.input).name}   {request.resolution.title}",
            [
                Column("Input", volume),
                Column("Cubic B-spline", cubic),
                Column(f"ArSSR ({model})", arssr, accent=True),
            ],
        )
        canvas.save(arguments.output, arguments.force, last_moment=no_longer_cancellable)
        printer.done(arguments.output, f"{arguments.output}: input, cubic and ArSSR")
    return EXIT_DONE
