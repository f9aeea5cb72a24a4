"""``arssr upsample``: one volume in, the same field of view on a finer grid out."""

from __future__ import annotations

import argparse
from typing import cast

from ..upsampling.methods import METHODS
from .arguments import (
    add_force,
    add_network,
    add_progress,
    add_scale,
    add_volume_index,
    numbers,
    positive_numbers,
    refuse_input_as_output,
)
from .outcome import EXIT_DONE, no_longer_cancellable
from .printers import printer_for, warnings_shown_by, within

_SHARE_READ = 0.02
_SHARE_COMPUTED = 0.97


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Defines the options of ``arssr upsample``."""
    parser.add_argument(
        "input", metavar="INPUT", help=".nii, .nii.gz, .nrrd, .mha, .mhd or a DICOM series folder"
    )
    parser.add_argument("output", metavar="OUTPUT", help=".nii, .nii.gz, .nrrd or .mha to write")
    target = parser.add_mutually_exclusive_group(required=True)
    add_scale(target)
    target.add_argument(
        "--spacing",
        type=positive_numbers,
        metavar="MM|X,Y,Z",
        help="voxel size in mm instead, for all axes or for i,j,k; rounded so that the field of "
        "view is kept",
    )
    parser.add_argument(
        "--method", choices=METHODS, default="arssr", help="how to upsample (default: arssr)"
    )
    add_network(parser)
    parser.add_argument(
        "--roi",
        type=numbers(6),
        metavar="X0,Y0,Z0,X1,Y1,Z1",
        help="compute only this box: two opposite corners in mm, patient coordinates (LPS)",
    )
    add_volume_index(parser)
    add_progress(parser)
    add_force(parser)


def run(arguments: argparse.Namespace) -> int:
    """Upsamples; returns the exit code.

    Raises:
        InputError: unusable input, output, model or option.
        EnvironmentFault: the machine got in the way.
    """
    printer = printer_for(arguments.progress)
    with warnings_shown_by(printer):
        from ..upsampling.progress import Progress
        from ..volume import check_output

        refuse_input_as_output(arguments.input, arguments.output)
        check_output(arguments.output, arguments.force)
        printer.report(Progress("reading", 0.0))

        from ..upsampling.request import Roi, target_grid
        from ..upsampling.run import upsample_volume
        from . import files

        volume = files.read(arguments.input, arguments.volume)
        target = target_grid(volume.grid, arguments.scale, arguments.spacing)
        model = None
        if arguments.method == "arssr":
            from ..catalogue import load_model

            model = load_model(arguments.model)
        result = upsample_volume(
            volume,
            target,
            arguments.method,
            model,
            arguments.device,
            cast("Roi | None", arguments.roi),
            within(printer.report, _SHARE_READ, _SHARE_COMPUTED),
            arguments.threads,
        )
        printer.report(Progress("writing", _SHARE_COMPUTED))
        files.write(result, arguments.output, arguments.force)
        no_longer_cancellable()
        size = "×".join(map(str, result.grid.size))
        spacing = " × ".join(f"{s:.4g}" for s in result.grid.spacing)
        printer.done(arguments.output, f"{arguments.output}: {size} voxels of {spacing} mm")
    return EXIT_DONE
