"""Options that several commands share."""

from __future__ import annotations

import argparse

from ..choices import NOISES, PAPER_KERNEL, WINDOWS, Kernel
from ..resampling.blur import Blur
from ..upsampling.options import finite_number

MOST_PROCESSES = 256
OF_THE_NETWORK = ("model", "fast", "device", "precision", "threads")
"""Options of a command that always uses the network, see :func:`add_options`."""


def add_low_resolution(parser: argparse.ArgumentParser, kernels: tuple[str, ...]) -> None:
    """How low resolution is simulated: ``--kernel``, ``--slice-thickness``, ``--noise``, …"""
    parser.add_argument(
        "--kernel",
        choices=kernels,
        default="cubic",
        help="how low resolution is simulated: antialiased cubic; kspace, truncated k-space; the "
        "slice profiles gaussian, box and sinc"
        + ("; paper, its corner-aligned zoom" if PAPER_KERNEL in kernels else "")
        + " (default: cubic)",
    )
    thickness = parser.add_mutually_exclusive_group()
    thickness.add_argument(
        "--slice-thickness",
        type=finite_number,
        metavar="SHARE",
        help="width of a slice profile, as a share of the distance between slices (default: 1)",
    )
    thickness.add_argument(
        "--gap",
        type=finite_number,
        metavar="SHARE",
        help="gap between slices, as a share of their distance: 0.2 is a slice thickness of 0.8",
    )
    parser.add_argument(
        "--window",
        choices=WINDOWS,
        default="none",
        help="of kspace: a filter against ringing, or partial Fourier (default: none)",
    )
    parser.add_argument(
        "--acquired",
        type=finite_number,
        default=1.0,
        metavar="SHARE",
        help="of kspace: share of the frequencies that was acquired, the others are filled with "
        "zeros (default: 1)",
    )
    parser.add_argument(
        "--noise",
        type=finite_number,
        default=0.0,
        metavar="SHARE",
        help="standard deviation of noise that is added to the low-resolution volume, as a share "
        "of its intensity range: 0.03 is 3 %% (default: 0)",
    )
    parser.add_argument(
        "--noise-kind",
        choices=NOISES,
        default="gaussian",
        help="gaussian, or rician as in magnitude images (default: gaussian)",
    )


def blur_of(arguments: argparse.Namespace) -> Blur | None:
    """The blur that the options of :func:`add_low_resolution` ask for; None for the paper's zoom.

    Raises:
        InputError: an option that the kernel does not have, or a number out of range.
    """
    given = [arguments.slice_thickness, None if arguments.gap is None else 1.0 - arguments.gap]
    thickness = next((value for value in given if value is not None), 1.0)
    paper = arguments.kernel == PAPER_KERNEL
    # The paper's kernel has none of the other options; cubic refuses them in the same words.
    kernel: Kernel = "cubic" if paper else arguments.kernel
    blur = Blur(kernel, thickness, arguments.window, arguments.acquired)
    return None if paper else blur


def add_progress(parser: argparse.ArgumentParser) -> None:
    """``--progress``."""
    parser.add_argument(
        "--progress",
        choices=("bar", "json", "none"),
        default="bar",
        help="a bar on stderr, one JSON object per line on stdout, or nothing (default: bar)",
    )


def add_force(parser: argparse.ArgumentParser) -> None:
    """``--force``."""
    parser.add_argument("--force", action="store_true", help="replace an existing output")
