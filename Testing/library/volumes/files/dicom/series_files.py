"""Writes DICOM series as scanners export them, with pydicom."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, MRImageStorage, generate_uid

VALUES = np.random.default_rng(8).integers(0, 3000, (6, 9, 8)).astype(np.int16)
"""Slices, rows, columns."""


@dataclass(frozen=True)
class Exported:
    """How a series is written.

    Attributes:
        number: SeriesNumber.
        description: SeriesDescription.
        series: SeriesInstanceUID; a new one where it is empty.
        spacing: columns, rows, slices, in mm.
        angle: by which the slices are turned around the first axis, in radians.
        digits: decimals of positions and directions.
        change: called with the dataset and the number of each slice before it is written.
    """

    number: int = 3
    description: str = "t1_mprage_tra"
    series: str = ""
    spacing: tuple[float, float, float] = (0.9, 1.1, 2.5)
    angle: float = 0.2
    digits: int = 10
    change: Callable[[Any, int], None] | None = None


def setting(**entries: object) -> Callable[[Any, int], None]:
    """A change that gives these entries to each slice."""
    return lambda dataset, k: dataset.update(entries)


def export(
    folder: Path,
    exported: Exported = Exported(),
    values: np.ndarray = VALUES,
    names: str = "IM{:04d}.dcm",
) -> str:
    """Writes one file per slice; returns the SeriesInstanceUID."""
    folder.mkdir(parents=True, exist_ok=True)
    series = exported.series or generate_uid()
    cos, sin = np.cos(exported.angle), np.sin(exported.angle)
    row, column, normal = np.array([[1, 0, 0], [0, cos, sin], [0, -sin, cos]])
    for k, plane in enumerate(values):
        dataset = _dataset(plane, np.array([-20.0, 30.0, 5.0]) + normal * exported.spacing[2] * k)
        dataset.SeriesInstanceUID = series
        dataset.SeriesNumber, dataset.SeriesDescription = exported.number, exported.description
        dataset.InstanceNumber = k + 1
        dataset.PixelSpacing = [exported.spacing[1], exported.spacing[0]]
        dataset.SliceThickness = exported.spacing[2]
        dataset.ImagePositionPatient = _rounded(dataset.ImagePositionPatient, exported.digits)
        dataset.ImageOrientationPatient = _rounded([*row, *column], exported.digits)
        if exported.change is not None:
            exported.change(dataset, k)
        dataset.save_as(folder / names.format(k), enforce_file_format=True)
    return series


def _dataset(plane: np.ndarray, position: np.ndarray) -> Any:
    dataset = new_image(MRImageStorage)
    dataset.EchoTime, dataset.RepetitionTime = "2.9", "2300"
    dataset.ImagePositionPatient = [f"{x:.10g}" for x in position]
    dataset.Rows, dataset.Columns = plane.shape
    dataset.PixelRepresentation = int(plane.dtype.kind == "i")
    dataset.PixelData = plane.astype(plane.dtype.newbyteorder("<")).tobytes()
    return dataset


def new_image(storage: str) -> Any:
    """A dataset of that kind for grey values of 16 bits, still without any."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = storage
    meta.MediaStorageSOPInstanceUID = generate_uid()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset = FileDataset("", pydicom.Dataset(), file_meta=meta, preamble=bytes(128))
    dataset.SOPClassUID = storage
    dataset.SOPInstanceUID = meta.MediaStorageSOPInstanceUID
    dataset.Modality, dataset.PatientName, dataset.PatientID = "MR", "Doe^Jane", "4711"
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 16, 16, 15
    return dataset


def _rounded(numbers: Sequence[Any], digits: int) -> list[str]:
    return [f"{float(x):.{digits}f}"[:16] for x in numbers]
