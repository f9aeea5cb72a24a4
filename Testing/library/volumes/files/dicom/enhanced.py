"""Writes an enhanced MR image: all slices as the frames of one DICOM file, as newer scanners do."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import EnhancedMRImageStorage, generate_uid

from .series_files import new_image


def export_enhanced(path: Path, values: np.ndarray, spacing: tuple[float, float, float]) -> None:
    """Writes one file.

    Args:
        path: the file.
        values: int16, slices, rows, columns.
        spacing: columns, rows, slices, in mm.
    """
    dataset = new_image(EnhancedMRImageStorage)
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "VOLUME", "NONE"]
    dataset.Manufacturer, dataset.SoftwareVersions = "Maker", "1"
    dataset.SeriesDescription, dataset.SeriesNumber, dataset.InstanceNumber = "t1_mprage", 3, 1
    dataset.StudyDate = dataset.SeriesDate = dataset.ContentDate = "20250102"
    dataset.StudyTime = dataset.SeriesTime = dataset.ContentTime = "101112"
    dataset.AcquisitionDateTime = "20250102101112"
    for name in ("Study", "Series"):
        setattr(dataset, f"{name}InstanceUID", generate_uid())
    dataset.FrameOfReferenceUID = generate_uid()
    dataset.NumberOfFrames, dataset.Rows, dataset.Columns = values.shape
    dataset.PixelRepresentation = 1
    dataset.SharedFunctionalGroupsSequence = Sequence([_shared(spacing)])
    dataset.PerFrameFunctionalGroupsSequence = Sequence(
        [_frame(k, spacing[2]) for k in range(len(values))]
    )
    dataset.PixelData = values.astype("<i2").tobytes()
    dataset.save_as(path, enforce_file_format=True)


def _of(**entries: object) -> Dataset:
    item = Dataset()
    for name, value in entries.items():
        setattr(item, name, value)
    return item


def _shared(spacing: tuple[float, float, float]) -> Dataset:
    across, down, apart = spacing
    measures = _of(PixelSpacing=[down, across], SliceThickness=apart, SpacingBetweenSlices=apart)
    return _of(
        PixelMeasuresSequence=[measures],
        PlaneOrientationSequence=[_of(ImageOrientationPatient=[1, 0, 0, 0, 1, 0])],
        PixelValueTransformationSequence=[
            _of(RescaleSlope=1, RescaleIntercept=0, RescaleType="US")
        ],
    )


def _frame(k: int, apart: float) -> Dataset:
    return _of(
        FrameContentSequence=[_of(StackID="1", InStackPositionNumber=k + 1)],
        PlanePositionSequence=[_of(ImagePositionPatient=[-20, 30, 5 + apart * k])],
    )
