"""The program ``arssr``: finds the command, reads its options, runs it.

Each command is a module with ``add_arguments(parser)`` and ``run(arguments) -> exit code``. Only
the module of the command that was asked for is imported, so that help comes at once.
"""

from __future__ import annotations

import argparse
import importlib
import io
import logging
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from ..errors import InputError
from ..running.memory_limit import explained_if_killed
from ..upsampling.hardware.device import ask_for_huge_pages
from ..upsampling.options import SentenceParser
from .outcome import exit_code_of, options_named


@dataclass(frozen=True)
class Command:
    """A command.

    Attributes:
        summary: one line of help.
        hidden: whether it is for programs only and left out of the help.
        large: whether it may need so much memory that the system ends it.
    """

    summary: str
    hidden: bool = False
    large: bool = False


COMMANDS = {
    "upsample": Command("upsample volumes to any scale or voxel size", large=True),
    "info": Command("what a volume holds and what upsampling it would do"),
    "bids": Command("upsample the T1w volumes of a BIDS dataset (a BIDS App)"),
    "compare": Command("picture of input, cubic and ArSSR side by side", large=True),
    "simulate": Command("make a low-resolution volume from a sharp one", large=True),
    "models": Command("list, describe or import network weights"),
    "demo": Command("the main job on the bundled brain, with a picture", large=True),
    "train": Command("train a network on your own scans", large=True),
    "evaluate": Command("measure methods on a folder of sharp volumes", large=True),
    "worker": Command("upsample for another program", hidden=True),
}
"""Each is a module of this folder."""

_DESCRIPTION = (
    "Arbitrary-scale super-resolution of 3-D brain MR volumes (ArSSR). It can invent detail; "
    "not for clinical use."
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs ``arssr`` with these arguments (those of the process by default); never raises.

    Returns:
        the exit code: 0 done, 2 bad input, 1 trouble with the machine, 130 cancelled.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A terminal that cannot show a character of a file name must not end the run.
            stream.reconfigure(errors="backslashreplace")
    # Matplotlib warns where it cannot keep a cache, which does not concern the result.
    logging.getLogger("matplotlib").setLevel(logging.ERROR)
    ask_for_huge_pages()
    leaving = arguments is None
    return exit_code_of(lambda: _dispatch(given, leaving), leaving)


def _dispatch(given: list[str], leaving: bool) -> int:
    if not given or given[0] not in COMMANDS:
        _top_parser().parse_args(given)
        raise InputError("No command was given; see 'arssr --help'.")
    command = COMMANDS[given[0]]
    module = importlib.import_module(f"ArSSRLib.cli.{given[0]}")
    description = f"{command.summary[:1].upper()}{command.summary[1:]}."
    parser = SentenceParser(prog=f"arssr {given[0]}", description=description, allow_abbrev=False)
    module.add_arguments(parser)
    arguments = parser.parse_args(given[1:])
    with options_named(arguments):
        if leaving and command.large:
            return explained_if_killed(lambda: int(module.run(arguments)))
        return int(module.run(arguments))


def _top_parser() -> SentenceParser:
    from .. import __version__

    shown = {name: command for name, command in COMMANDS.items() if not command.hidden}
    width = max(map(len, shown)) + 2
    listing = "\n".join(f"  {name:<{width}}{c.summary}" for name, c in shown.items())
    parser = SentenceParser(
        prog="arssr",
        description=_DESCRIPTION,
        epilog=f"commands:\n{listing}\n\n'arssr COMMAND --help' explains a command.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"arssr {__version__}")
    parser.add_argument(
        "command", metavar="COMMAND", choices=list(shown), help="one of the commands below"
    )
    return parser
