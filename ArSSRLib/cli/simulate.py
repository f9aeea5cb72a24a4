"""``arssr simulate``: what a coarser scan of the same field of view would have shown."""

from __future__ import annotations

import argparse

from ..choices import KERNELS
from ..running.interrupts import load_libraries, no_longer_cancellable
from ..running.native_stderr import native_stderr_silenced
from ..running.output_files import refuse_input_as_output
from ..upsampling.options import add_options
from ..upsampling.request import Upsampling
from .arguments import add_force, add_low_resolution, blur_of
from .outcome import EXIT_DONE


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Defines the options of ``arssr simulate``."""
    parser.add_argument("input", metavar="HR", help="sharp volume to start from")
    parser.add_argument(
        "-o", "--output", required=True, metavar="LR", help="low-resolution volume to write"
    )
    add_options(parser, Upsampling, ("scale", "volume"))
    add_low_resolution(parser, KERNELS)
    add_force(parser)


def run(arguments: argparse.Namespace) -> int:
    """Simulates; returns the exit code.

    Raises:
        InputError: unusable input, output or option.
        EnvironmentFault: the machine got in the way.
    """
    load_libraries("SimpleITK", "scipy.ndimage")
    from ..resampling.noise import Noise
    from ..resampling.simulation import simulate_volume
    from ..volumes.files.reading import read_volume
    from ..volumes.files.writing import check_output, write_volume

    refuse_input_as_output(arguments.input, arguments.output)
    blur = blur_of(arguments)
    assert blur is not None
    noise = Noise(arguments.noise, arguments.noise_kind)
    check_output(arguments.output, arguments.force)
    with native_stderr_silenced():
        volume = read_volume(arguments.input, arguments.volume)
    low = simulate_volume(volume, arguments.scale, blur, noise)
    with native_stderr_silenced():
        write_volume(low, arguments.output, arguments.force, last_moment=no_longer_cancellable)
    size = "×".join(map(str, low.grid.size))
    spacing = " × ".join(f"{s:.4g}" for s in low.grid.spacing)
    print(f"{arguments.output}: {size} voxels of {spacing} mm")
    return EXIT_DONE
