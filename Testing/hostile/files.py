"""Files that are not what their name says: truncated, empty, foreign, special."""

from __future__ import annotations

import gzip
import os
from pathlib import Path

from .craft import (
    FORMATS,
    cut,
    dicom_series,
    holding,
    slice_file,
    sound,
)
from .entry import CUBIC, Entry, Machine, bad_volume

LETTER = b"This is a letter, not a picture. " * 40


def _nothing(folder: Path) -> Path:
    return folder / "missing.nii.gz"


def _empty_folder(folder: Path) -> Path:
    (folder / "series").mkdir()
    return folder / "series"


def _folder_of_letters(folder: Path) -> Path:
    (folder / "series").mkdir()
    for n in range(3):
        (folder / "series" / f"{n}.dcm").write_bytes(LETTER)
    return folder / "series"


def _header_without_its_data(folder: Path) -> Path:
    path = sound(folder, "a.mhd")
    (folder / "a.raw").unlink()
    return path


def _nhdr_without_its_data(folder: Path) -> Path:
    path = sound(folder, "a.nhdr")
    (folder / "a.raw").unlink()
    return path


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


def _dicom_cut(folder: Path) -> Path:
    series = dicom_series(folder)
    path = slice_file(folder, 2)
    path.write_bytes(path.read_bytes()[:-400])
    return series


def _dicom_all_cut(folder: Path) -> Path:
    series = dicom_series(folder)
    for path in series.iterdir():
        path.write_bytes(path.read_bytes()[:300])
    return series


def _dicom_empty_slice(folder: Path) -> Path:
    series = dicom_series(folder)
    slice_file(folder, 2).write_bytes(b"")
    return series


def _dicom_gap(folder: Path) -> Path:
    series = dicom_series(folder)
    slice_file(folder, 2).unlink()
    return series


def _dicom_two(folder: Path) -> Path:
    dicom_series(folder)
    return dicom_series(folder, "1.2.826.0.1.3680043.2.1125.8")


def _dicom_file(folder: Path) -> Path:
    dicom_series(folder)
    return slice_file(folder, 0)


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
    bad_volume("nii.gz that is not compressed", _uncompressed_called_gz, "truncated or damaged"),
    bad_volume("letter inside a nii.gz", _letter_in_gzip, "not a NIfTI file"),
    bad_volume("gzip with a wrong checksum", _wrong_checksum, "truncated or damaged"),
    bad_volume("mhd without its raw file", _header_without_its_data, "cannot be read", "a.mhd"),
    bad_volume("nhdr without its raw file", _nhdr_without_its_data, "cannot be read", "a.nhdr"),
    bad_volume("JPEG", holding("a.jpg", b"\xff\xd8\xff\xe0"), "supported ending", ".nii.gz"),
    bad_volume("file without ending", holding("volume", b"1"), "supported ending", "DICOM"),
    bad_volume("no such file", _nothing, "missing.nii.gz", "check the name"),
    bad_volume("empty folder", _empty_folder, "no DICOM series", "give the folder"),
    bad_volume("folder of letters called .dcm", _folder_of_letters, "no DICOM series"),
    bad_volume("folder called .nii.gz", _folder_called_nii, "no DICOM series"),
    Entry("named pipe", CUBIC, ("not a file", "a.nii"), _pipe, machine=Machine.APART),
    bad_volume("endless device", _endless_device, "not a file"),
    bad_volume("link to itself", _link_in_a_circle, "There is no file", "check the name"),
    bad_volume("DICOM slice cut", _dicom_cut, "damaged", "export the series again"),
    bad_volume("DICOM slices all cut", _dicom_all_cut, "DICOM", "export the series again"),
    bad_volume("DICOM slice empty", _dicom_empty_slice, "slice", "export the series again"),
    bad_volume("DICOM slice missing", _dicom_gap, "not evenly spaced", "export the series again"),
    bad_volume("two DICOM series", _dicom_two, "2 DICOM series", "folder of its own"),
    bad_volume("single DICOM file", _dicom_file, "supported ending", "folder of a DICOM series"),
    Entry("unreadable input", CUBIC, ("a.nii.gz", "cannot be read", "Permission"), _unreadable,
          machine=Machine.NO_RIGHTS),
]  # fmt: skip
