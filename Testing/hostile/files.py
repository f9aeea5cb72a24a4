"""Files that are not what their name says: truncated, empty, foreign, special."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

from .craft import FORMATS, cut, holding, sound
from .entry import CUBIC, Entry, Machine, bad_volume

LETTER = b"This is a letter, not a picture. " * 40


def _nothing(folder: Path) -> Path:
    return folder / "missing.nii.gz"


def _uncompressed_called_gz(folder: Path) -> Path:
    return sound(folder, "a.nii").rename(folder / "a.nii.gz")


def _wrong_checksum(folder: Path) -> Path:
    path = sound(folder, "a.nii.gz")
    data = bytearray(path.read_bytes())
    data[-8:-4] = b"\0\0\0\0"
    path.write_bytes(data)
    return path


def _letter_in_gzip(folder: Path) -> Path:
    (folder / "a.nii.gz").write_bytes(gzip.compress(LETTER))
    return folder / "a.nii.gz"


def _folder_called_nii(folder: Path) -> Path:
    (folder / "a.nii.gz").mkdir()
    return folder / "a.nii.gz"


def _pipe(folder: Path) -> Path:
    os.mkfifo(folder / "a.nii")
    return folder / "a.nii"


def _endless_device(folder: Path) -> Path:
    (folder / "a.mha").symlink_to("/dev/zero")
    return folder / "a.mha"


def _link_in_a_circle(folder: Path) -> Path:
    (folder / "a.nii").symlink_to(folder / "a.nii")
    return folder / "a.nii"


def _bomb(folder: Path) -> Path:
    path = sound(folder, "a.nii")
    with gzip.open(folder / "a.nii.gz", "wb", compresslevel=1) as stream:
        stream.write(path.read_bytes())
        for _ in range(100):
            stream.write(bytes(1 << 20))
    path.unlink()
    return folder / "a.nii.gz"


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
    bad_volume("letter inside a nii.gz", _letter_in_gzip, "not a NIfTI file"),
    bad_volume("gzip with a wrong checksum", _wrong_checksum, "truncated or damaged"),
    bad_volume("JPEG", holding("a.jpg", b"\xff\xd8\xff\xe0"), "supported ending", ".nii.gz"),
    bad_volume("file without ending", holding("volume", b"1"), "supported ending", "DICOM"),
    bad_volume("no such file", _nothing, "missing.nii.gz", "check the name"),
    bad_volume("folder called .nii.gz", _folder_called_nii, "no DICOM series"),
    Entry("named pipe", CUBIC, ("not a file", "a.nii"), _pipe, machine=Machine.APART),
    bad_volume("endless device", _endless_device, "not a file"),
    bad_volume("link to itself", _link_in_a_circle, "no file behind the link", "check the name"),
    bad_volume("NIfTI followed by gigabytes of nothing", _bomb, "continues long after", "84480"),
    Entry("unreadable input", CUBIC, ("a.nii.gz", "Permission", "check its permissions"),
          _unreadable, machine=Machine.NO_RIGHTS),
]  # fmt: skip
