"""Makes sound files and then damages them."""

from __future__ import annotations

import locale
import struct
from pathlib import Path

import nibabel as nib
import numpy as np
import SimpleITK as sitk

from .entry import Maker

CORTEX = Path(__file__).resolve().parents[1] / "data" / "cortex_t1.nii.gz"
FORMATS = (".nii", ".nii.gz", ".nrrd", ".mha")
SLICES = 5


def cortex() -> sitk.Image:
    """A real T1 cut of 48×44×20 voxels, int16."""
    return sitk.ReadImage(str(CORTEX))


def sound(folder: Path, name: str, compressed: bool = False) -> Path:
    """The real cut in a file of this name, with a plain grid that headers are easy to find in."""
    image = cortex()
    image.SetSpacing((1, 1, 1))
    image.SetOrigin((0, 0, 0))
    image.SetDirection(np.eye(3).ravel())
    for key in image.GetMetaDataKeys():
        image.EraseMetaData(key)
    sitk.WriteImage(image, str(folder / name), useCompression=compressed)
    return folder / name


def holding(name: str, content: bytes) -> Maker:
    """A file with these bytes."""

    def make(folder: Path) -> Path:
        (folder / name).write_bytes(content)
        return folder / name

    return make


def cut(name: str, share: float, compressed: bool = False) -> Maker:
    """A sound file that ends too early."""

    def make(folder: Path) -> Path:
        path = sound(folder, name, compressed)
        data = path.read_bytes()
        path.write_bytes(data[: int(len(data) * share)])
        return path

    return make


def with_numbers(name: str, form: str, offset: int, *values: float | bytes) -> Maker:
    """A sound NIfTI file with other numbers at a place in its header."""

    def make(folder: Path) -> Path:
        path = sound(folder, name)
        data = bytearray(path.read_bytes())
        struct.pack_into(form, data, offset, *values)
        path.write_bytes(data)
        return path

    return make


def with_line(name: str, old: str, new: str) -> Maker:
    """A sound NRRD or MetaImage file with another line in its header."""

    def make(folder: Path) -> Path:
        path = sound(folder, name)
        data = path.read_bytes()
        assert old.encode() in data, data[:600]
        path.write_bytes(data.replace(old.encode(), new.encode(), 1))
        return path

    return make


def nifti_of(name: str, values: np.ndarray, affine: np.ndarray | None = None) -> Maker:
    """A NIfTI file of these values."""

    def make(folder: Path) -> Path:
        nib.save(nib.Nifti1Image(values, np.eye(4) if affine is None else affine), folder / name)
        return folder / name

    return make


def file_of(name: str, values: np.ndarray, vector: bool = False) -> Maker:
    """A file of these values, written by SimpleITK."""

    def make(folder: Path) -> Path:
        image = sitk.GetImageFromArray(values, isVector=vector)
        sitk.WriteImage(image, str(folder / name))
        return folder / name

    return make


def cortex_with(name: str, value: float) -> Maker:
    """The real cut as float32 with one voxel replaced."""

    def make(folder: Path) -> Path:
        values = sitk.GetArrayFromImage(cortex()).astype(np.float32)
        values[3, 4, 5] = value
        return file_of(name, values)(folder)

    return make


def with_affines(name: str, sform: np.ndarray, qform: np.ndarray | None) -> Maker:
    """The real cut in a NIfTI file with these affines."""

    def make(folder: Path) -> Path:
        image = nib.Nifti1Image(sitk.GetArrayFromImage(cortex()).T, None)
        image.set_sform(sform, code=1)
        image.set_qform(qform, code=0 if qform is None else 1)
        nib.save(image, folder / name)
        return folder / name

    return make


def dicom_series(folder: Path, uid: str = "1.2.826.0.1.3680043.2.1125.7") -> Path:
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


def slice_file(folder: Path, k: int, uid: str = "1.2.826.0.1.3680043.2.1125.7") -> Path:
    """Where slice ``k`` of :func:`dicom_series` lies."""
    return folder / "series" / f"{uid[-1]}_{k}.dcm"
