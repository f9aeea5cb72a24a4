"""Outputs in impossible places, a machine without space, memory or rights, and odd file names."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from .craft import CORTEX, holding, sound
from .entry import CUBIC, NETWORK, Entry, Machine, Maker


def _to(output: str, *words: str, make: Maker | None = None, force: bool = False) -> Entry:
    given = tuple(output if word == "OUT" else word for word in CUBIC)
    return Entry(f"output {output[:60]!r}", given + (("--force",) if force else ()), words, make)


def _beside(create: Callable[[Path], object]) -> Maker:
    """The sound volume, and something at ``../inputs/other.nii.gz``, where the output shall go."""

    def make(folder: Path) -> Path:
        (folder / "input.nii.gz").write_bytes(CORTEX.read_bytes())
        create(folder / "other.nii.gz")
        return folder / "input.nii.gz"

    return make


_OBSTACLES: dict[str, Callable[[Path], object]] = {
    "symbolic link": lambda path: path.symlink_to(path.with_name("input.nii.gz")),
    "hard link": lambda path: os.link(path.with_name("input.nii.gz"), path),
    "link to nowhere": lambda path: path.symlink_to("nowhere/x.nii.gz"),
    "named pipe": os.mkfifo,
    "folder": Path.mkdir,
    "file that is there": lambda path: path.write_bytes(b"precious"),
}


def _existing(kind: str, *words: str, force: bool = True) -> Entry:
    given = ("upsample", "INPUT", "-o", "../inputs/other.nii.gz", *CUBIC[4:])
    return Entry(f"output is a {kind}", given + (("--force",) if force else ()), words,
                 _beside(_OBSTACLES[kind]))  # fmt: skip


_PLACES = [
    _to("missing/out.nii.gz", "missing", "does not exist", "create it first"),
    _to("out.jpg", "out.jpg", "supported ending", ".nii.gz"),
    _to("out.txt", "supported ending", ".nrrd"),
    _to("out.mhd", "out.mhd", "supported ending"),
    _to(".nii.gz", ".nii.gz", "supported ending"),
    _to("a" * 300 + ".nii.gz", "too long", "shorter"),
    Entry("output in a place that takes no files",
          ("upsample", "INPUT", "-o", "/proc/out.nii", *CUBIC[4:]),
          ("'/proc/out.nii'", "rights of its folder"), code=1),
    _to("", "name of the output is empty", ".nii.gz"),
    Entry("output is the input", ("upsample", "INPUT", "-o", "INPUT", "--scale", "2", "--force"),
          ("the input itself", "another name")),
    _existing("symbolic link", "the input itself", "another name"),
    _existing("hard link", "the input itself", "another name"),
    _existing("folder", "is a folder", "give a file name"),
    _existing("link to nowhere", "other.nii.gz", "exists", "--force", force=False),
    _existing("named pipe", "other.nii.gz", "exists", "--force", force=False),
    _existing("file that is there", "other.nii.gz", "exists", "--force", force=False),
    Entry("input with too long a name", ("upsample", "a" * 300 + ".nii", *CUBIC[2:]),
          ("aaa.nii'", "check the name")),
    Entry("input below a file", ("upsample", "INPUT/a.nii", *CUBIC[2:]),
          ("There is no file", "check the name")),
    Entry("empty input name", ("upsample", "", *CUBIC[2:]), ("is empty", "DICOM")),
]  # fmt: skip

_SPACE = ("out", "free")


def _machine(name: str, arguments: tuple[str, ...], words: tuple[str, ...], machine: Machine,
             code: int = 1, mode: int = 0o755, megabytes: int = 0,
             leaves: tuple[str, ...] = ()) -> Entry:  # fmt: skip
    return Entry(name, arguments, words, None, code, machine, megabytes, mode, leaves)


def _limited(name: str, arguments: tuple[str, ...], megabytes: int, *words: str) -> Entry:
    """A command under the memory limit of a SLURM job, which nothing enforces here."""
    said = ("limited to", "raise the limit", *words)
    return Entry(f"memory limit under {name}", arguments, said, None, 1, Machine.APART,
                 environment={"SLURM_MEM_PER_NODE": f"{megabytes}"})  # fmt: skip


_SIMULATE = ("simulate", "INPUT", "-o", "OUT", "--scale", "1.1")
_COMPARE = ("compare", "INPUT", "--scale", "1.2", "-o", "out.png", "--model", "MODEL", "--device",
            "cpu", "--progress", "none")  # fmt: skip
_EVALUATE = ("evaluate", "--hr", str(CORTEX.parent), "-o", "out", "--scales", "2", "--methods",
             "linear", "--metrics", "psnr", "--jobs", "1", "--progress", "none")  # fmt: skip
_TRAIN = ("train", "--data", "INPUT", "-o", "out", "--recipe", "smoke", "--set",
          "optimiser.steps=2", "--device", "cpu", "--workers", "0")  # fmt: skip
_BATCH = ("upsample", "INPUT", "-o", "out/", *CUBIC[4:])
_DEMO = ("demo", "-o", "out", "--scale", "3", "--model", "MODEL", "--progress", "none")

_MACHINES = [
    *(
        _machine(f"full disk under {end}", ("upsample", "INPUT", "-o", f"out{end}", *CUBIC[4:]),
                 _SPACE, Machine.FULL_DISK)
        for end in (".nii", ".nii.gz", ".nrrd", ".mha")
    ),
    _machine("full disk under simulate", _SIMULATE, _SPACE, Machine.FULL_DISK),
    _machine("full disk under compare", _COMPARE, _SPACE, Machine.FULL_DISK),
    _machine("full disk under a folder of results", _BATCH, _SPACE, Machine.FULL_DISK),
    _machine("full disk under demo", _DEMO, _SPACE, Machine.FULL_DISK, leaves=("out",)),
    _machine("full folder for temporary files", (*NETWORK, "--model", "MODEL"), (),
             Machine.FULL_TEMPORARY, 0),
    _machine("full folder for temporary files under a folder of results", _BATCH, (),
             Machine.FULL_TEMPORARY, 0, leaves=("out", "out/input_cubic_2x.nii.gz")),
    _limited("upsample", NETWORK, 100, "a region (--roi)"),
    _limited("a folder of results", (*NETWORK[:3], "out/", *NETWORK[4:]), 100, "a smaller scale"),
    _limited("evaluate", (*_EVALUATE[:-4], "--jobs", "2", *_EVALUATE[-2:]), 300, "fewer --jobs"),
    *(
        _machine(f"read-only folder under {command[0]}", command,
                 (f"cannot be {what}", "choose another"), Machine.NO_RIGHTS, 2, 0o555)
        for what, commands in {"written": (CUBIC, _SIMULATE, _COMPARE),
                               "created": (_EVALUATE, _TRAIN, _DEMO)}.items()
        for command in commands
    ),
    _machine("no memory for the result",
             ("upsample", "INPUT", "-o", "OUT", "--scale", "12", "--method", "linear",
              "--progress", "none"), ("memory", "smaller scale"),
             Machine.LITTLE_MEMORY, megabytes=700),
    _machine("no memory to load PyTorch", NETWORK, ("memory",), Machine.LITTLE_MEMORY,
             megabytes=700),
    _machine("no memory for the network's result", (*NETWORK, "--scale", "20", "--model", "MODEL"),
             ("memory",), Machine.LITTLE_MEMORY, megabytes=1500),
]  # fmt: skip


def _named(name: str) -> Maker:
    def make(folder: Path) -> Path:
        return sound(folder, "a.nii.gz").rename(folder / name)

    return make


NAMES = {
    "spaces": "a brain of  mine.nii.gz",
    "quotes": 'it\'s "mine".nii.gz',
    "newlines": "two\nlines.nii.gz",
    "non-ASCII letters": "Gehirn größe 脳 🧠.nii.gz",
    "percent and braces": "%s {0} %(x)d.nii.gz",
    "a leading dash": "-scale.nii.gz",
    "a terminal's escapes": "\x1b[31mred.nii.gz",
    "upper case": "BRAIN.NII.GZ",
}
NO_TEXT = os.fsdecode(b"\xff\xfe.nii.gz")

_ODD_NAMES = [
    Entry("input named with bytes that are not text", CUBIC, ("not text", "rename"),
          holding(NO_TEXT, b"letter")),
    Entry("output named with bytes that are not text",
          ("upsample", "INPUT", "-o", NO_TEXT, *CUBIC[4:]),
          ("not text", "rename")),
    *(
        Entry(f"input and output named with {kind}",
              ("upsample", "INPUT", "-o", f"./{name}", *CUBIC[4:]),
              (), _named(name), 0)
        for kind, name in NAMES.items()
    ),
    *(
        Entry(f"unusable input named with {kind}", CUBIC, ("again",), holding(name, b"letter"))
        for kind, name in NAMES.items()
    ),
]  # fmt: skip

ENTRIES = [*_PLACES, *_MACHINES, *_ODD_NAMES]
