"""The header of a derived MR series: what is taken over from its source, and what is new."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np

from ....errors import InputError
from .series import Series
from .slice_header import SliceHeader, read_dataset
from .stack import normal_of

_KEPT = (
    "SpecificCharacterSet", "TimezoneOffsetFromUTC",
    # Patient and study.
    "PatientName", "PatientID", "IssuerOfPatientID", "OtherPatientIDsSequence", "PatientBirthDate",
    "PatientSex", "PatientAge", "PatientSize", "PatientWeight", "PatientIdentityRemoved",
    "DeidentificationMethod", "StudyInstanceUID", "StudyDate", "StudyTime", "StudyID",
    "StudyDescription", "AccessionNumber", "ReferringPhysicianName",
    # Place, device, and how the source was acquired.
    "FrameOfReferenceUID", "PositionReferenceIndicator", "PatientPosition", "BodyPartExamined",
    "Laterality", "ProtocolName", "Manufacturer", "ManufacturerModelName", "InstitutionName",
    "StationName", "MagneticFieldStrength", "ScanningSequence", "SequenceVariant", "ScanOptions",
    "SequenceName", "MRAcquisitionType", "EchoTime", "RepetitionTime", "InversionTime",
    "FlipAngle", "EchoTrainLength", "NumberOfAverages", "ImagingFrequency", "ImagedNucleus",
    "EchoNumbers", "ContrastBolusAgent", "AcquisitionDate", "AcquisitionTime", "AcquisitionNumber",
)  # fmt: skip
_LONGEST_DESCRIPTION = 64
_LARGEST_NUMBER = 2**31 - 1
_NUMBERS_AFTER = 1000
"""Added to the number of the source's series, beyond those of the scanner."""
_MR_IMAGE = "1.2.840.10008.5.1.4.1.1.4"
_EXPLICIT_LITTLE_ENDIAN = "1.2.840.10008.1.2.1"
_SOURCES_PER_SLICE = 2
"""Distance, in slices of the source, up to which they are named as what a slice was made of."""


@dataclass(frozen=True)
class Derivation:
    """What a derived series says of itself.

    Attributes:
        made: how, such as ``ArSSR 2x``; added to the series' description.
        explained: the same in a sentence or two.
        software: name and version.
    """

    made: str
    explained: str
    software: str


class DerivedHeader:
    """Makes the datasets of a derived series."""

    def __init__(self, source: Series, derivation: Derivation) -> None:
        """Takes over from the source's first slice.

        Raises:
            InputError: not an MR series of single slices.
        """
        first = source.slices[0]
        if first.modality != "MR":
            raise InputError(
                f"The series {source.number} in {str(first.path.parent)!r} has the modality "
                f"{first.modality or 'of no name'}, not MR; write a NIfTI file instead."
            )
        self._sources = source.slices
        self._normal = normal_of(first)
        self._common = self._common_entries(source, derivation)

    def slice(self, number: int, position: np.ndarray) -> Any:
        """The dataset of a slice, without its geometry and pixels.

        Args:
            number: from 1.
            position: of its first voxel, LPS mm.
        """
        from pydicom.dataset import Dataset, FileMetaDataset
        from pydicom.uid import UID, generate_uid

        dataset = Dataset()
        dataset.update(self._common)
        dataset.SOPClassUID = _MR_IMAGE
        dataset.SOPInstanceUID = generate_uid(prefix=None)
        dataset.InstanceNumber = number
        dataset.SourceImageSequence = [self._reference(each) for each in self._near(position)]
        meta = FileMetaDataset()
        meta.MediaStorageSOPClassUID = UID(_MR_IMAGE)
        meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
        meta.TransferSyntaxUID = UID(_EXPLICIT_LITTLE_ENDIAN)
        dataset.file_meta = meta
        return dataset

    @staticmethod
    def _common_entries(source: Series, derivation: Derivation) -> Any:
        from pydicom.dataset import Dataset
        from pydicom.uid import generate_uid

        template = read_dataset(source.slices[0].path, pixels=False)
        common = Dataset()
        for name in _KEPT:
            if name in template:
                common[name] = template[name]
        for name in ("StudyInstanceUID", "FrameOfReferenceUID"):
            if not common.get(name):
                setattr(common, name, generate_uid(prefix=None))
        for name in (
            "PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyDate", "StudyTime",
            "StudyID", "AccessionNumber", "ReferringPhysicianName", "Manufacturer",
            "PositionReferenceIndicator",
        ):  # fmt: skip
            # Required, but may be empty.
            if name not in common:
                setattr(common, name, "")
        now = datetime.now()
        common.Modality = "MR"
        common.ImageType = ["DERIVED", "SECONDARY", "OTHER"]
        common.SeriesInstanceUID = generate_uid(prefix=None)
        common.SeriesNumber = _series_number(source.slices[0].number)
        common.SeriesDescription = _described(source.slices[0].description, derivation.made)
        common.DerivationDescription = derivation.explained
        common.SoftwareVersions = derivation.software
        common.BurnedInAnnotation = "NO"
        if str(template.get("LossyImageCompression", "")) == "01":
            common.LossyImageCompression = "01"
        for name in ("Series", "Content", "InstanceCreation"):
            setattr(common, f"{name}Date", now.strftime("%Y%m%d"))
            setattr(common, f"{name}Time", now.strftime("%H%M%S"))
        return common

    def _near(self, position: np.ndarray) -> Sequence[SliceHeader]:
        heights = np.array(
            [float((each.position - position) @ self._normal) for each in self._sources]
        )
        distance = np.abs(heights)
        step = np.median(np.abs(np.diff(heights))) if len(heights) > 1 else 1.0
        return [
            each
            for each, away in zip(self._sources, distance, strict=True)
            if away <= _SOURCES_PER_SLICE * step or away == distance.min()
        ]

    @staticmethod
    def _reference(source: SliceHeader) -> Any:
        from pydicom.dataset import Dataset

        purpose = Dataset()
        purpose.CodeValue, purpose.CodingSchemeDesignator = "121322", "DCM"
        purpose.CodeMeaning = "Source image for image processing operation"
        reference = Dataset()
        reference.ReferencedSOPClassUID = _MR_IMAGE
        reference.ReferencedSOPInstanceUID = source.instance
        reference.PurposeOfReferenceCodeSequence = [purpose]
        return reference


def _series_number(number: str) -> int:
    """A number for the derived series; that of the source may be missing."""
    own = int(number) if number.isdigit() else 0
    return own + _NUMBERS_AFTER if own <= _LARGEST_NUMBER - _NUMBERS_AFTER else _NUMBERS_AFTER


def _described(description: str, made: str) -> str:
    """The series' description, shortened so that it ends in what was made of it."""
    room = _LONGEST_DESCRIPTION - len(made) - 1
    return f"{description[: max(0, room)]} {made}".strip()[:_LONGEST_DESCRIPTION]
