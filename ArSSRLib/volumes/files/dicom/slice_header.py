"""What the header of one DICOM file says, as far as a volume needs it; read by pydicom."""

from __future__ import annotations

import io
import logging
import math
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ...header_fields import ACQUISITION_TAGS

Numbers = npt.NDArray[np.float64]

PREAMBLE_BYTES = 132
MAGIC = b"DICM"
_IMPLICIT_LITTLE_ENDIAN = "1.2.840.10008.1.2"
_WITHOUT_PREAMBLE = (b"\x08\x00", b"\x02\x00")
"""Files without a preamble begin with an element of group 0008 or 0002."""
_OFF_ORTHONORMAL = 0.02
"""How far products of direction cosines of two decimals are off at most."""
DIFFERENCES = (
    "EchoTime", "ImageType", "InversionTime", "TemporalPositionIdentifier", "DiffusionBValue",
    "FlipAngle", "RepetitionTime", "TriggerTime", "AcquisitionNumber",
)  # fmt: skip
"""Entries in which volumes under one series number may differ, the likeliest first."""


class NotDicom(Exception):
    """The file is something else."""


class DamagedDicom(Exception):
    """The file begins like DICOM and cannot be understood."""


@dataclass(frozen=True)
class SliceHeader:
    """The header of one file.

    Attributes:
        path: the file.
        series: SeriesInstanceUID.
        instance: SOPInstanceUID.
        number: SeriesNumber; empty where it is missing.
        description: SeriesDescription, or else ProtocolName.
        modality: for example ``MR``.
        rows: of pixels.
        columns: of pixels.
        frames: slices in this file.
        samples: values per pixel.
        bits: allocated for each pixel.
        bits_stored: used of them.
        signed: whether stored values have a sign.
        syntax: UID of the transfer syntax.
        position: of the first pixel, LPS mm, shape (3,); NaN where it is missing.
        orientation: direction cosines of the rows and of the columns, shape (6,).
        pixel: distance of the rows and of the columns, in mm, shape (2,).
        slice_distance: by SpacingBetweenSlices or SliceThickness, in mm; NaN where both miss.
        scaling: slope and intercept of the stored values.
        padding: stored value of pixels outside the image; NaN where none is named.
        differences: entries of :data:`DIFFERENCES` that are there, as text.
        entries: how the series was acquired, by readable names.
        enhanced: whether it keeps its places frame by frame, as enhanced DICOM does.
    """

    path: Path
    series: str
    instance: str
    number: str
    description: str
    modality: str
    rows: int
    columns: int
    frames: int
    samples: int
    bits: int
    bits_stored: int
    signed: bool
    syntax: str
    position: Numbers
    orientation: Numbers
    pixel: Numbers
    slice_distance: float
    scaling: tuple[float, float]
    padding: float = math.nan
    differences: Mapping[str, str] = field(default_factory=dict)
    entries: Mapping[str, str] = field(default_factory=dict)
    enhanced: bool = False

    @property
    def has_place(self) -> bool:
        """Whether position, orientation and pixel size are there and make sense."""
        axes = self.orientation.reshape(2, 3)
        with np.errstate(over="ignore", invalid="ignore"):
            orthonormal = np.abs(axes @ axes.T - np.eye(2)).max() <= _OFF_ORTHONORMAL
        return bool(
            orthonormal
            and (self.pixel > 0).all()
            and np.isfinite(self.pixel).all()
            and np.isfinite(self.position).all()
        )


class _BoundedReader(io.BufferedReader):
    """A file that never returns more than it holds, even if an element claims to be longer."""

    def __init__(self, path: Path) -> None:
        super().__init__(io.FileIO(path))
        self._size = path.stat().st_size

    def read(self, size: int | None = -1, /) -> bytes:
        left = max(0, self._size - self.tell())
        return super().read(left if size is None or size < 0 else min(size, left))


def read_slice_header(path: Path) -> SliceHeader | None:
    """The header of a file; None for DICOM without an image (reports, presentation states).

    Raises:
        NotDicom: the file is something else.
        DamagedDicom: it cannot be understood.
        OSError: it cannot be opened.
    """
    with open(path, "rb") as stream:
        start = stream.read(PREAMBLE_BYTES)
    marked = start[-len(MAGIC) :] == MAGIC and len(start) == PREAMBLE_BYTES
    if not marked and start[:2] not in _WITHOUT_PREAMBLE:
        raise NotDicom
    try:
        dataset = read_dataset(path, pixels=False)
        if "Rows" in dataset:
            return _header(path, dataset)
        if _is_image(dataset):
            raise DamagedDicom("it has no rows")
        return None
    except (OSError, MemoryError, DamagedDicom):
        raise
    except Exception as error:
        # Damaged files make pydicom raise errors of many kinds.
        if not marked:
            raise NotDicom from error
        raise DamagedDicom(str(error)) from error


def _is_image(dataset: Any) -> bool:
    """Whether a file without rows should have some: an image, or one that is cut early."""
    from pydicom.uid import UID

    meta = getattr(dataset, "file_meta", {})
    kind = dataset.get("SOPClassUID") or meta.get("MediaStorageSOPClassUID")
    return not kind or "Image Storage" in UID(str(kind)).name


def read_dataset(path: Path, *, pixels: bool) -> Any:
    """The elements of a file, with or without its pixels, as pydicom gives them."""
    import pydicom

    with _quiet(), _BoundedReader(path) as stream:
        return pydicom.dcmread(stream, stop_before_pixels=not pixels, force=True)


@contextmanager
def _quiet() -> Iterator[None]:
    """Without what pydicom logs and warns about in odd files: they are judged here."""
    logger = logging.getLogger("pydicom")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)


def _header(path: Path, dataset: Any) -> SliceHeader:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        meta = getattr(dataset, "file_meta", None)
        syntax = str(meta.get("TransferSyntaxUID", "")) if meta is not None else ""
        description = _text(dataset, "SeriesDescription") or _text(dataset, "ProtocolName")
        distance = _numbers(dataset, "SpacingBetweenSlices", 1)[0]
        if not distance > 0:
            distance = _numbers(dataset, "SliceThickness", 1)[0]
        slope, intercept = (
            _numbers(dataset, name, 1)[0] for name in ("RescaleSlope", "RescaleIntercept")
        )
        return SliceHeader(
            path,
            _text(dataset, "SeriesInstanceUID"),
            _text(dataset, "SOPInstanceUID"),
            _text(dataset, "SeriesNumber"),
            description,
            _text(dataset, "Modality"),
            _whole(dataset, "Rows"),
            _whole(dataset, "Columns"),
            max(1, _whole(dataset, "NumberOfFrames", 1)),
            _whole(dataset, "SamplesPerPixel", 1),
            _whole(dataset, "BitsAllocated", 16),
            _whole(dataset, "BitsStored", 0) or _whole(dataset, "BitsAllocated", 16),
            _whole(dataset, "PixelRepresentation", 0) == 1,
            syntax or _IMPLICIT_LITTLE_ENDIAN,
            _numbers(dataset, "ImagePositionPatient", 3),
            _numbers(dataset, "ImageOrientationPatient", 6),
            _numbers(dataset, "PixelSpacing", 2),
            float(distance),
            (
                1.0 if math.isnan(slope) else float(slope),
                0.0 if math.isnan(intercept) else float(intercept),
            ),
            float(_numbers(dataset, "PixelPaddingValue", 1)[0]),
            {name: text for name in DIFFERENCES if (text := _text(dataset, name))},
            {name: text for name in ACQUISITION_TAGS.values() if (text := _text(dataset, name))},
            "PerFrameFunctionalGroupsSequence" in dataset,
        )


def _text(dataset: Any, name: str) -> str:
    """An entry as text on one line, parts with ``\\``; empty where it is missing or damaged."""
    try:
        value = dataset.get(name)
    except Exception:
        # A value that pydicom cannot convert.
        return ""
    if value is None:
        return ""
    parts = value if isinstance(value, Sequence) and not isinstance(value, str) else [value]
    return " ".join("\\".join(map(str, parts)).split())


def _whole(dataset: Any, name: str, default: int = 0) -> int:
    text = _text(dataset, name)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else default


def _numbers(dataset: Any, name: str, count: int) -> Numbers:
    """So many numbers of an entry; NaN where it has not that many."""
    try:
        numbers = np.array([float(part) for part in _text(dataset, name).split("\\")])
    except ValueError:
        numbers = np.array([])
    return numbers if len(numbers) == count else np.full(count, np.nan)
