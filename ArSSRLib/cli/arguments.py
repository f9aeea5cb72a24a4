"""Options that several commands share, and how their values are read."""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable

from ..choices import DEVICES, NOISES, PAPER_KERNEL, SLICE_PROFILES
from ..errors import InputError

Numbers = tuple[float, ...]
MOST_THREADS = 1024
"""A thread library that cannot start what it is asked for ends the whole process."""
MOST_PROCESSES = 256


def numbers(*counts: int) -> Callable[[str], Numbers]:
    """A reader of comma-separated finite numbers, as many as one of ``counts``."""
    wanted = " or ".join(str(n) for n in counts)

    def read(text: str) -> Numbers:
        try:
            values = tuple(float(part) for part in text.split(","))
        except ValueError:
            values = ()
        if len(values) not in counts or not all(map(math.isfinite, values)):
            raise argparse.ArgumentTypeError(
                f"{text!r} is not {wanted} finite numbers separated by commas"
            )
        return values

    return read


def finite_number(text: str) -> float:
    """Reads a finite number."""
    return numbers(1)(text)[0]


def positive_numbers(text: str) -> float | tuple[float, float, float]:
    """Reads ``2.5``, or ``1,1,2.3`` for the axes i, j, k; all above 0."""
    values = numbers(1, 3)(text)
    if not all(value > 0 for value in values):
        raise argparse.ArgumentTypeError(
            f"{text!r} must be above 0: give one number, or three for the axes i,j,k"
        )
    return values[0] if len(values) == 1 else (values[0], values[1], values[2])


def whole_number(least: int, most: int = 1 << 31) -> Callable[[str], int]:
    """A reader of a whole number from ``least`` to ``most``."""

    def read(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = least - 1
        if value < least:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from {least} up")
        if value > most:
            raise argparse.ArgumentTypeError(f"{text!r} is too many; at most {most} are possible")
        return value

    return read


def add_low_resolution(parser: argparse.ArgumentParser, kernels: tuple[str, ...]) -> None:
    """``--kernel``, ``--slice-thickness``, ``--gap`` and ``--noise``."""
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


def slice_thickness(arguments: argparse.Namespace) -> float:
    """The width of the slice profile that ``--slice-thickness`` or ``--gap`` asks for.

    Raises:
        InputError: one of them without a slice profile.
    """
    given = [arguments.slice_thickness, None if arguments.gap is None else 1.0 - arguments.gap]
    thickness = next((value for value in given if value is not None), None)
    if thickness is None:
        return 1.0
    if arguments.kernel not in SLICE_PROFILES:
        raise InputError(
            f"The kernel {arguments.kernel} has no slice thickness; choose one of "
            f"{', '.join(SLICE_PROFILES)}."
        )
    return thickness


def add_scale(parser: argparse._ActionsContainer, required: bool = False) -> None:
    """``--scale``."""
    parser.add_argument(
        "--scale",
        type=positive_numbers,
        metavar="S|SX,SY,SZ",
        required=required,
        help="factor for all axes, or one for each of the file's axes i,j,k; any number from 1 up",
    )


def add_network(parser: argparse.ArgumentParser) -> None:
    """``--model``, ``--device`` and ``--threads``."""
    parser.add_argument(
        "--model",
        default="default",
        metavar="NAME|FILE",
        help="bundled model ('arssr models') or model file (default: default)",
    )
    add_machine(parser)


def add_fast(parser: argparse.ArgumentParser) -> None:
    """``--fast``."""
    parser.add_argument(
        "--fast",
        action="store_true",
        help="compute once instead of taking the mean with the mirrored volume: half the time, "
        "results a little further from the truth",
    )


def add_device(parser: argparse.ArgumentParser) -> None:
    """``--device``."""
    parser.add_argument(
        "--device", default="auto", choices=DEVICES, help="where to compute (default: auto)"
    )


def add_machine(parser: argparse.ArgumentParser) -> None:
    """``--device`` and ``--threads``."""
    add_device(parser)
    parser.add_argument(
        "--threads",
        type=whole_number(1, MOST_THREADS),
        metavar="N",
        help="CPU threads (default: all)",
    )


def add_volume_index(parser: argparse.ArgumentParser) -> None:
    """``--volume``."""
    parser.add_argument(
        "--volume",
        type=whole_number(0),
        metavar="INDEX",
        help="which volume of a 4-D file, from 0",
    )


def add_progress(parser: argparse.ArgumentParser) -> None:
    """``--progress``."""
    parser.add_argument(
        "--progress",
        choices=("bar", "json", "none"),
        default="bar",
        help="a bar on stderr, one JSON object a line on stdout, or nothing (default: bar)",
    )


def add_force(parser: argparse.ArgumentParser) -> None:
    """``--force``."""
    parser.add_argument("--force", action="store_true", help="replace an existing output")


def refuse_input_as_output(source: str, output: str) -> None:
    """Raises InputError when both name the same file."""
    from pathlib import Path

    try:
        same = Path(output).exists() and Path(output).samefile(source)
    except OSError:
        same = False
    if same:
        raise InputError(f"The output {output!r} is the input itself; choose another name.")
