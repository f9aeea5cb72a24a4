"""A folder with one DICOM series as a SimpleITK image (through ITK's GDCM)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from .errors import InputError
from .metadata import acquisition_entries

_POSITION = "0020|0032"
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
    _check_nothing_left_out(folder, files)
    _check_even(reader, image, len(files), name)
    tags = {key: reader.GetMetaData(0, key) for key in reader.GetMetaDataKeys(0)}
    return image, acquisition_entries(tags)


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


def _check_even(reader: sitk.ImageSeriesReader, image: sitk.Image, count: int, name: str) -> None:
    """Refuses a stack with a gap, which ITK would stretch over the gap."""
    if count < 3 or not all(reader.HasMetaDataKey(n, _POSITION) for n in range(count)):
        return
    try:
        places = [
            [float(x) for x in reader.GetMetaData(n, _POSITION).split("\\")] for n in range(count)
        ]
    except ValueError:
        return
    normal = np.reshape(image.GetDirection(), (3, 3))[:, 2]
    steps = np.abs(np.diff(np.asarray(places) @ normal))
    usual = float(np.median(steps))
    off = float(np.abs(steps - usual).max())
    if off > _UNEVEN_LIMIT * usual:
        raise InputError(
            f"The slices of the DICOM series in {name} are not evenly spaced (mostly {usual:.2f} "
            f"mm, off by up to {off:.2f} mm): a slice is missing; export the series again."
        )
