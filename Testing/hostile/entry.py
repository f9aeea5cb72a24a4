"""One row of the table of hostile inputs."""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

Maker = Callable[[Path], Path]


class Machine(enum.Enum):
    """What is wrong with the machine that the command runs on."""

    SOUND = "the command runs inside this process"
    APART = "the command runs in a separate process"
    LITTLE_MEMORY = "its address space is limited (ulimit -v)"
    FULL_DISK = "its working folder is a file system of a few kilobytes"
    FULL_TEMPORARY = "the file system of its temporary folder is full"
    NO_RIGHTS = "its user may not write where the mode of a file forbids it"


@dataclass(frozen=True)
class Entry:
    """A hostile input and the message that the command line must give.

    Attributes:
        name: unique, in words.
        arguments: of ``arssr``. INPUT stands for what ``make`` returned, OUT for an output that
            does not exist, WORK for the folder the command runs in, CORTEX for a sound volume and
            MODEL for a sound small model.
        words: that the sentence must hold: the bad value and the remedy.
        make: makes the input in an empty folder and returns its path; a copy of the sound volume
            by default.
        code: 2 for bad input, 1 for a fault of the machine, 0 for what is odd but can be used.
        machine: what is wrong with the machine.
        megabytes: the address space, where that is limited.
        mode: permissions of the working folder.
        leaves: what the command leaves in the working folder. When empty: nothing of a refused
            input, one sound result of a usable one.
        environment: variables for a separate process; None removes one.
        closed: which of stdin (0), stdout (1) and stderr (2) are closed when it begins.
    """

    name: str
    arguments: tuple[str, ...]
    words: tuple[str, ...]
    make: Maker | None = None
    code: int = 2
    machine: Machine = Machine.SOUND
    megabytes: int = 0
    mode: int = 0o755
    leaves: tuple[str, ...] = ()
    environment: Mapping[str, str | None] = field(default_factory=dict)
    closed: tuple[int, ...] = ()


CUBIC = ("upsample", "INPUT", "-o", "OUT", "--scale", "2", "--method", "cubic", "--progress",
         "none")  # fmt: skip
NETWORK = ("upsample", "INPUT", "-o", "OUT", "--scale", "2", "--device", "cpu", "--threads", "1",
           "--progress", "none")  # fmt: skip


def bad_volume(name: str, make: Maker, *words: str, code: int = 2) -> Entry:
    """A file that is given to ``arssr upsample``."""
    return Entry(name, CUBIC, words, make, code)


def bad_option(name: str, options: str, *words: str) -> Entry:
    """Options of ``arssr upsample`` on a sound volume; ``options`` is split at spaces."""
    given = ["upsample", "INPUT", "-o", "OUT", *options.split(" ")]
    if "--method" not in given:
        given += ["--method", "cubic"]
    if "--progress" not in given:
        given += ["--progress", "none"]
    return Entry(name, tuple(given), words)
