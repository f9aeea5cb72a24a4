"""Headers whose voxels are said to be in another file: a pipe, a device, many files, none."""

from __future__ import annotations

from pathlib import Path

from .craft import beside_a_pipe, sound, with_line
from .entry import CUBIC, Entry, Machine, Maker

_NAMES_ITS_VOXELS = {".mhd": "ElementDataFile = ", ".nhdr": "data file: "}


def _naming(end: str, named: str) -> Maker:
    """A sound header that says its voxels are in ``named``; ``pipe.raw`` is a pipe there."""
    key = _NAMES_ITS_VOXELS[end]
    return beside_a_pipe(with_line(f"a{end}", f"{key}a.raw", key + named))


def _without_voxels(end: str) -> Maker:
    def make(folder: Path) -> Path:
        path = sound(folder, f"a{end}")
        (folder / "a.raw").unlink()
        return path

    return make


def _elsewhere(end: str, kind: str, named: str, *words: str) -> Entry:
    # What may never end is read in another process, which can be ended.
    machine = Machine.APART if named in ("pipe.raw", "/dev/zero", "-") else Machine.SOUND
    return Entry(f"{end} with its voxels in {kind}", CUBIC, (f"a{end}", *words),
                 _naming(end, named), machine=machine)  # fmt: skip


_ENDS = (".mhd", ".nhdr")
_NO_FILE = ("that is a folder, a pipe or a device", "name a file")
_MANY = ("several files", "save the volume as one")
ENTRIES = [
    *(Entry(f"{end} without its raw file", CUBIC, ("'a.raw'", f"a{end}", "is missing", "copy"),
            _without_voxels(end)) for end in _ENDS),
    *(_elsewhere(end, "a pipe", "pipe.raw", "'pipe.raw'", *_NO_FILE) for end in _ENDS),
    *(_elsewhere(end, "an endless device", "/dev/zero", "'/dev/zero'", *_NO_FILE)
      for end in _ENDS),
    *(_elsewhere(end, "a folder", ".", "'.'", *_NO_FILE) for end in _ENDS),
    *(_elsewhere(end, "a list of files", "LIST", "'LIST'", *_MANY) for end in _ENDS),
    *(_elsewhere(end, "numbered files", "a%03d.raw 1 20 1", "'a%03d.raw 1 20 1'", *_MANY)
      for end in _ENDS),
    *(_elsewhere(end, "a file named like a pattern that crashes", "%s%s%s%n.raw 1 20 1", *_MANY)
      for end in _ENDS),
    *(_elsewhere(end, "the header itself", f"a{end}", "again") for end in _ENDS),
    _elsewhere(".nhdr", "stdin", "-", "'-'", "is missing"),
]  # fmt: skip
