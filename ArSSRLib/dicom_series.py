"""A folder with one DICOM series as a SimpleITK image (through ITK's GDCM)."""

from __future__ import annotations

from pathlib import Path

import SimpleITK as sitk

from .errors import InputError
from .metadata import acquisition_entries

_UNEVEN = "ITK_non_uniform_sampling_deviation"
_UNEVEN_LIMIT = 0.01
"""Share of the slice distance by which slices may lie off an even stack."""


def read_series(folder: Path) -> tuple[sitk.Image, dict[str, str]]:
    """Reads the one DICOM series in ``folder`` (not its sub-folders).

    Returns:
        the 3-D image and the header entries that say how the series was acquired.

    Raises:
        InputError: no series, several, a missing slice, or a file that cannot be read.
    """
    name = repr(str(folder))
    series = sitk.ImageSeriesReader.GetGDCMSeriesIDs(str(folder))
    if not series:
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
    reader = sitk.ImageSeriesReader()
    reader.SetFileNames(files)
    reader.MetaDataDictionaryArrayUpdateOn()
    try:
        image = reader.Execute()
    except RuntimeError as error:
        raise InputError(
            f"The DICOM series in {name} cannot be read: a file is damaged or its slices do not "
            "fit together; export the series again."
        ) from error
    _check_even(image, name)
    tags = {key: reader.GetMetaData(0, key) for key in reader.GetMetaDataKeys(0)}
    return image, acquisition_entries(tags)


def _check_even(image: sitk.Image, name: str) -> None:
    if not image.HasMetaDataKey(_UNEVEN):
        return
    deviation = float(image.GetMetaData(_UNEVEN))
    spacing = image.GetSpacing()[2]
    if deviation > _UNEVEN_LIMIT * spacing:
        raise InputError(
            f"The slices of the DICOM series in {name} are not evenly spaced (off by up to "
            f"{deviation:.2f} mm of {spacing:.2f} mm): a slice is missing; export the series again."
        )
