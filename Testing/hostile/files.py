"""Files that are not what their name says: truncated, empty, foreign, special."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

from .craft import FORMATS, LETTER, cut, edited, holding, made, sound
from .entry import CUBIC, Entry, Machine, bad_volume


def _uncompressed_called_gz(folder: Path) -> Path:
    return sound(folder, "a.nii").rename(folder / "a.nii.gz")


def _bomb(data: bytes) -> bytes:
    """The same stream with 100 MB of zeros behind what its header promises."""
    return gzip.compress(gzip.decompress(data) + bytes(100 << 20), 1)


def _unreadable(folder: Path) -> Path:
    path = sound(folder, "a.nii.gz")
    path.chmod(0)
    return path


ENTRIES = [
    *(bad_volume(f"empty {end}", holding(f"a{end}", b""), "copy it again") for end in FORMATS),
    *(bad_volume(f"letter called {end}", holding(f"a{end}", LETTER), "again") for end in FORMATS),
    *(bad_volume(f"half a {end}", cut(f"a{end}", 0.5), "truncated", "again") for end in FORMATS),
    *(bad_volume(f"header of a {end} cut", cut(f"a{end}", 0.001), "again") for end in FORMATS),
    bad_volume("half a compressed NRRD", cut("a.nrrd", 0.5, True), "truncated", "again"),
    bad_volume("half a compressed MHA", cut("a.mha", 0.5, True), "truncated", "again"),
    bad_volume("one byte missing from a NIfTI", cut("a.nii", 0.99999), "truncated"),
    bad_volume("nii.gz that is not compressed", _uncompressed_called_gz, code=0),
    bad_volume("letter inside a nii.gz", holding("a.nii.gz", gzip.compress(LETTER)),
               "not a NIfTI file"),
    bad_volume("gzip with a wrong checksum",
               edited("a.nii.gz", lambda data: data[:-8] + bytes(4) + data[-4:]),
               "truncated or damaged"),
    bad_volume("JPEG", holding("a.jpg", b"\xff\xd8\xff\xe0"), "supported ending", ".nii.gz"),
    bad_volume("file without ending", holding("volume", b"1"), "supported ending", "DICOM"),
    bad_volume("no such file", lambda folder: folder / "missing.nii.gz", "missing.nii.gz",
               "check the name"),
    bad_volume("folder called .nii.gz", made("a.nii.gz", Path.mkdir), "no DICOM series"),
    Entry("named pipe", CUBIC, ("not a file", "a.nii"), made("a.nii", os.mkfifo),
          machine=Machine.APART),
    bad_volume("endless device", made("a.mha", lambda path: path.symlink_to("/dev/zero")),
               "not a file"),
    bad_volume("link to itself", made("a.nii", lambda path: path.symlink_to(path)),
               "no file behind the link", "check the name"),
    bad_volume("NIfTI followed by gigabytes of nothing", edited("a.nii.gz", _bomb),
               "continues long after", "84480"),
    Entry("unreadable input", CUBIC, ("a.nii.gz", "Permission", "check its permissions"),
          _unreadable, machine=Machine.NO_RIGHTS),
]  # fmt: skip
