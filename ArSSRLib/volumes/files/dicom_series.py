"""A folder with one DICOM series as a SimpleITK image (through ITK's GDCM)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import SimpleITK as sitk

from ...errors import InputError
from ..header_fields import ACQUISITION_TAGS, acquisition_entries
from .dicom_stack import TAGS, check_stack

_RESCALING = ("0028|1053", "0028|1052")
"""Slope and intercept that make values of stored numbers; a slice may have its own."""


def read_series(folder: Path) -> tuple[sitk.Image, dict[str, str]]:
    """Reads the one DICOM series in ``folder`` (not its sub-folders).

    Returns:
        the 3-D image and the header entries that say how the series was acquired.

    Raises:
        InputError: no series, several, slices that are no even stack, or a file that cannot be
            read.
    """
    name = repr(str(folder))
    series = sitk.ImageSeriesReader.GetGDCMSeriesIDs(str(folder))
    if not series:
        _check_nothing_left_out(folder, [])
        raise InputError(
            f"The folder {name} holds no DICOM series; give the folder of one, or a NIfTI, NRRD "
            "or MHA file."
        )
    if len(series) > 1:
        raise InputError(
            f"The folder {name} holds {len(series)} DICOM series ({', '.join(series)}); move one "
            "series to a folder of its own."
        )
    files = sitk.ImageSeriesReader.GetGDCMSeriesFileNames(str(folder), series[0])
    try:
        _check_one_slice_a_file(files)
        image, tags = _stacked(files)
        if len({tuple(map(each.get, _RESCALING)) for each in tags}) > 1:
            # The type of the first slice, which ITK gives to all, may not hold the others' values.
            image, tags = _stacked(files, sitk.sitkFloat32)
    except RuntimeError as error:
        raise InputError(
            f"The DICOM series in {name} cannot be read: a file is damaged or compressed in an "
            "unusual way, or its slices do not fit together; export the series again."
        ) from error
    _check_nothing_left_out(folder, files)
    check_stack(tags, files, name)
    return image, acquisition_entries(tags[0])


def _check_one_slice_a_file(files: Sequence[str]) -> None:
    for file in files:
        header = sitk.ImageFileReader()
        header.SetFileName(file)
        header.ReadImageInformation()
        frames = math.prod(header.GetSize()[2:])
        if frames > 1:
            raise InputError(
                f"The DICOM file {file!r} holds {frames} slices (multi-frame, enhanced DICOM); "
                "convert it to NIfTI first, for example with dcm2niix."
            )


def _stacked(
    files: Sequence[str], pixel_type: int = sitk.sitkUnknown
) -> tuple[sitk.Image, list[dict[str, str]]]:
    """The image of these slices and, of each, the entries that are used here.

    Raises:
        RuntimeError: they cannot be read.
    """
    reader = sitk.ImageSeriesReader()
    reader.SetFileNames(files)
    reader.MetaDataDictionaryArrayUpdateOn()
    reader.SetOutputPixelType(pixel_type)
    image = reader.Execute()
    wanted = (*TAGS, *_RESCALING, *ACQUISITION_TAGS)
    return image, [
        {tag: reader.GetMetaData(n, tag) for tag in wanted if reader.HasMetaDataKey(n, tag)}
        for n in range(len(files))
    ]


def _check_nothing_left_out(folder: Path, files: Sequence[str]) -> None:
    """GDCM passes over a DICOM file that it cannot read; that slice would be missing silently."""
    taken = {Path(file).name for file in files}
    for path in sorted(folder.iterdir()):
        if path.name in taken or path.name.upper() == "DICOMDIR" or not path.is_file():
            continue
        with open(path, "rb") as stream:
            if stream.read(132)[128:] == b"DICM":
                raise InputError(
                    f"The DICOM file {str(path)!r} is damaged or belongs to no series here; export "
                    "the series again or move that file away."
                )
