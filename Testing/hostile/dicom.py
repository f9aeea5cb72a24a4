"""Folders of DICOM files that are damaged, incomplete, mixed up or no single stack of slices."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pydicom
from pydicom.uid import JPEG2000Lossless

from .craft import LETTER
from .entry import CUBIC, Entry, Maker, bad_volume
from .series import SLICES, compress, dicom_series, edited_series, slice_file


def _empty_folder(folder: Path) -> Path:
    (folder / "series").mkdir()
    return folder / "series"


def _folder_of_letters(folder: Path) -> Path:
    series = _empty_folder(folder)
    for n in range(3):
        (series / f"{n}.dcm").write_bytes(LETTER)
    return series


def _cut(length: int, *slices: int) -> Maker:
    """A series of which some files end after their first ``length`` bytes."""

    def make(folder: Path) -> Path:
        series = dicom_series(folder)
        for k in slices:
            path = slice_file(folder, k)
            path.write_bytes(path.read_bytes()[:length])
        return series

    return make


def _gap(folder: Path) -> Path:
    series = dicom_series(folder)
    slice_file(folder, 2).unlink()
    return series


def _two_series(folder: Path) -> Path:
    dicom_series(folder)
    return dicom_series(folder, "1.2.826.0.1.3680043.2.1125.8")


def _single_file(folder: Path) -> Path:
    dicom_series(folder)
    return slice_file(folder, 0)


def _with(change: Callable[[int], Mapping[str, Any]], slices: int = SLICES) -> Maker:
    """A series whose slice ``k`` has the entries ``change(k)``; None takes an entry away."""

    def edit(k: int, data: pydicom.Dataset) -> None:
        for name, value in change(k).items():
            if value is None:
                delattr(data, name)
            else:
                setattr(data, name, value)

    return edited_series(edit, slices)


def _on_slice(number: int, **entries: object) -> Maker:
    """A series of which one slice has these entries."""
    return _with(lambda k: entries if k == number else {})


def _on_all(**entries: object) -> Maker:
    """A series in which every slice has these entries."""
    return _with(lambda k: entries)


_with_nonsense = edited_series(
    lambda k, data: compress(data, JPEG2000Lossless, b"\xff\x4f\xff\x51" + LETTER)
)

_DAMAGED = [
    bad_volume("empty folder", _empty_folder, "no DICOM series", "give the folder"),
    bad_volume("folder of letters called .dcm", _folder_of_letters, "no DICOM series"),
    bad_volume("DICOM slice cut", _cut(-400, 2), "truncated", "export the series again"),
    bad_volume("DICOM slices all cut", _cut(300, *range(SLICES)), "DICOM",
               "export the series again"),
    bad_volume("DICOM slice empty", _cut(0, 2), "slice", "export the series again"),
    bad_volume("DICOM slice missing", _gap, "is missing", "export the series again"),
    bad_volume("two DICOM series", _two_series, "2 DICOM series", "choose one"),
    bad_volume("single DICOM file", _single_file, "supported ending", "folder of a DICOM series"),
    bad_volume("DICOM slices without pixels", _on_all(PixelData=None), ".dcm", "damaged"),
    bad_volume("DICOM slices compressed with nonsense", _with_nonsense, "compressed",
               "export the series again"),
    bad_volume("DICOM slice of fewer rows", _with(lambda k: {} if k != 3 else {
               "Rows": 20, "PixelData": bytes(20 * 48 * 2)}), "2 DICOM series", "choose one"),
    bad_volume("DICOM file that claims 600000 slices",
               _with(lambda k: {"NumberOfFrames": 600000}, 1), "600000 frame",
               "convert it to NIfTI"),
]  # fmt: skip

_SIDEWAYS = [0, 1, 0, 0, 0, 1]
_NO_PLACE = ("missing or invalid position tags", "export the series again")
_NO_STACK = [
    bad_volume("DICOM slices that lie in two directions",
               _with(lambda k: {"ImageOrientationPatient": _SIDEWAYS} if k % 2 else {}),
               "2 DICOM series", "choose one"),
    bad_volume("DICOM slice that is turned a little",
               _on_slice(3, ImageOrientationPatient=[0.96, 0.28, 0, -0.28, 0.96, 0]),
               "2 DICOM series", "choose one"),
    bad_volume("DICOM slice with larger pixels", _on_slice(3, PixelSpacing=[2, 2]),
               "2 DICOM series", "choose one"),
    bad_volume("DICOM slices all at one place", _on_all(ImagePositionPatient=[0, 0, 0]),
               "same place", "there twice"),
    bad_volume("DICOM slice that is there twice",
               _with(lambda k: {"ImagePositionPatient": [0, 0, 2.5 * min(k, 3)]}),
               "same place", "there twice"),
    bad_volume("DICOM slices of a tilted gantry",
               _with(lambda k: {"ImagePositionPatient": [0, 0.8 * k, 2.5 * k]}),
               "shifted against each other", "0.80 mm", "unsheared"),
    bad_volume("DICOM slices without positions", _on_all(ImagePositionPatient=None),
               *_NO_PLACE),
    bad_volume("DICOM slices without directions", _on_all(ImageOrientationPatient=None),
               *_NO_PLACE),
    bad_volume("DICOM slices whose rows are their columns",
               _on_all(ImageOrientationPatient=[1, 0, 0, 1, 0, 0]), *_NO_PLACE),
    bad_volume("DICOM slices without a pixel size", _on_all(PixelSpacing=None), *_NO_PLACE),
    bad_volume("DICOM slices of pixel size 0", _on_all(PixelSpacing=[0, 0]), *_NO_PLACE),
    bad_volume("DICOM slices of negative pixel size", _on_all(PixelSpacing=[-1, 1]),
               *_NO_PLACE),
    bad_volume("DICOM slices at the end of the universe",
               _with(lambda k: {"ImagePositionPatient": [0, 0, f"{k}e300"]}),
               "export the series again"),
]  # fmt: skip

_USABLE = [
    bad_volume("DICOM slices with different slopes",
               _with(lambda k: {"RescaleSlope": k + 1, "RescaleIntercept": 0}), code=0),
    Entry("volume 4 of a DICOM series", (*CUBIC, "--volume", "4"),
          ("4", "leave the index out"), dicom_series),
]  # fmt: skip

ENTRIES = [*_DAMAGED, *_NO_STACK, *_USABLE]
