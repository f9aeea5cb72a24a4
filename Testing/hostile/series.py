"""Makes a sound DICOM series and then damages it."""

from __future__ import annotations

import locale
from collections.abc import Callable
from pathlib import Path

import pydicom
import SimpleITK as sitk
from pydicom.encaps import encapsulate

from .craft import cortex
from .entry import Maker

SLICES = 5
_UID = "1.2.826.0.1.3680043.2.1125.7"


def dicom_series(folder: Path, uid: str = _UID) -> Path:
    """A sound DICOM series of axial slices in ``folder/series``."""
    (folder / "series").mkdir(exist_ok=True)
    values = sitk.GetArrayFromImage(cortex())
    users_locale = locale.setlocale(locale.LC_ALL)
    writer = sitk.ImageFileWriter()
    writer.KeepOriginalImageUIDOn()
    for k in range(SLICES):
        image = sitk.GetImageFromArray(values[k])
        tags = {
            "0008|0060": "MR", "0020|000e": uid, "0020|000d": "1.2.826.0.1.3680043.2.1125.1",
            "0020|0013": str(k + 1), "0020|0032": f"0\\0\\{2.5 * k}",
            "0020|0037": "1\\0\\0\\0\\1\\0", "0008|0018": f"{uid}.{k + 1}",
        }  # fmt: skip
        for tag, value in tags.items():
            image.SetMetaData(tag, value)
        writer.SetFileName(str(slice_file(folder, k, uid)))
        writer.Execute(image)
    # GDCM's writer leaves the whole process in the C locale.
    locale.setlocale(locale.LC_ALL, users_locale)
    return folder / "series"


def slice_file(folder: Path, k: int, uid: str = _UID) -> Path:
    """Where slice ``k`` of :func:`dicom_series` lies."""
    return folder / "series" / f"{uid[-1]}_{k}.dcm"


def edited_series(edit: Callable[[int, pydicom.Dataset], object], slices: int = SLICES) -> Maker:
    """The first ``slices`` of a series after ``edit(k, data set of slice k)``."""

    def make(folder: Path) -> Path:
        series = dicom_series(folder)
        for k in range(SLICES):
            path = slice_file(folder, k)
            if k >= slices:
                path.unlink()
                continue
            data = pydicom.dcmread(path)
            edit(k, data)
            data.save_as(path)
        return series

    return make


def compress(data: pydicom.Dataset, syntax: str, stream: bytes) -> None:
    """Makes a data set say that its pixels are ``stream``, compressed as ``syntax`` says."""
    data.file_meta.TransferSyntaxUID = syntax
    data.PixelData = encapsulate([stream])
    data["PixelData"].is_undefined_length = True
