"""Makes sound files and then damages them."""

from __future__ import annotations

import os
import re
import struct
from collections.abc import Callable
from pathlib import Path

import nibabel as nib
import numpy as np
import SimpleITK as sitk

from .entry import Maker

CORTEX = Path(__file__).resolve().parents[1] / "data" / "cortex_t1.nii.gz"
FORMATS = (".nii", ".nii.gz", ".nrrd", ".mha")
LETTER = b"This is a letter, not a picture. " * 40


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


def made(name: str, write: Callable[[Path], object]) -> Maker:
    """What ``write`` makes at the path ``name``."""

    def make(folder: Path) -> Path:
        write(folder / name)
        return folder / name

    return make


def holding(name: str, content: bytes) -> Maker:
    """A file with these bytes."""
    return made(name, lambda path: path.write_bytes(content))


def edited(name: str, edit: Callable[[bytes], bytes], compressed: bool = False) -> Maker:
    """A sound file after ``edit(its bytes)``."""

    def make(folder: Path) -> Path:
        path = sound(folder, name, compressed)
        path.write_bytes(edit(path.read_bytes()))
        return path

    return make


def cut(name: str, share: float, compressed: bool = False) -> Maker:
    """A sound file that ends too early."""
    return edited(name, lambda data: data[: int(len(data) * share)], compressed)


def with_numbers(name: str, form: str, offset: int, *values: float | bytes) -> Maker:
    """A sound NIfTI file with other numbers at a place in its header."""
    numbers = struct.pack(form, *values)
    return edited(name, lambda data: data[:offset] + numbers + data[offset + len(numbers) :])


def with_line(name: str, old: str, new: str) -> Maker:
    """A sound NRRD or MetaImage file with another line in its header."""

    def edit(data: bytes) -> bytes:
        assert old.encode() in data, data[:600]
        return data.replace(old.encode(), new.encode(), 1)

    return edited(name, edit)


def with_field(name: str, field: str, value: str) -> Maker:
    """A sound NRRD or MetaImage file with another value of a field of its header."""

    def edit(data: bytes) -> bytes:
        line = re.compile(rb"^(%s(?:: | = )).*$" % field.encode(), re.MULTILINE)
        changed, count = line.subn(lambda match: match[1] + value.encode(), data, 1)
        assert count == 1, data[:600]
        return changed

    return edited(name, edit)


def beside_a_pipe(make_file: Maker) -> Maker:
    """The same file, with a pipe called ``pipe.raw`` beside it, which a header may name."""

    def make(folder: Path) -> Path:
        os.mkfifo(folder / "pipe.raw")
        return make_file(folder)

    return make


def nifti_of(name: str, values: np.ndarray, affine: np.ndarray | None = None) -> Maker:
    """A NIfTI file of these values."""
    image = nib.Nifti1Image(values, np.eye(4) if affine is None else affine)
    return made(name, lambda path: nib.save(image, path))


def file_of(name: str, values: np.ndarray, vector: bool = False) -> Maker:
    """A file of these values, written by SimpleITK."""
    image = sitk.GetImageFromArray(values, isVector=vector)
    return made(name, lambda path: sitk.WriteImage(image, str(path)))


def cortex_with(name: str, value: float) -> Maker:
    """The real cut as float32 with one voxel replaced."""

    def make(folder: Path) -> Path:
        values = sitk.GetArrayFromImage(cortex()).astype(np.float32)
        values[3, 4, 5] = value
        return file_of(name, values)(folder)

    return make


def with_affines(name: str, sform: np.ndarray, qform: np.ndarray | None) -> Maker:
    """The real cut in a NIfTI file with these affines."""

    def write(path: Path) -> None:
        image = nib.Nifti1Image(sitk.GetArrayFromImage(cortex()).T, None)
        image.set_sform(sform, code=1)
        image.set_qform(qform, code=0 if qform is None else 1)
        nib.save(image, path)

    return made(name, write)
