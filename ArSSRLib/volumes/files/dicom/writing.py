"""Writes a volume as a derived DICOM series: one file a slice, in a folder that appears whole."""

from __future__ import annotations

import logging
import os
import secrets
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ....errors import EnvironmentFault, InputError
from ....running.leftovers import clear_leftovers, temporary_name
from ...array_types import FloatArray
from ...pixel_types import as_pixel_type
from ...volume import Volume
from .derived_header import Derivation, DerivedHeader
from .series import Series

_log = logging.getLogger(__name__)
_STEPS = 65535
"""Of 16 bits: stored values run from -32768 to 32767."""
_LOWEST, _HIGHEST = -32768, 32767
_SUFFIX = ".dcm"


@dataclass(frozen=True)
class _Scaling:
    """How intensities become 16-bit integers: ``intensity = slope · stored + intercept``."""

    slope: float
    intercept: float

    def stored(self, plane: FloatArray) -> npt.NDArray[np.int16]:
        values = (plane.astype(np.float64) - self.intercept) / self.slope
        return np.clip(np.rint(values), _LOWEST, _HIGHEST).astype("<i2")

    @property
    def largest_error(self) -> float:
        """By which rounding changes an intensity, at most."""
        return self.slope / 2


def check_series_place(folder: Path, source: Path, overwrite: bool) -> None:
    """Refuses a folder that a series cannot take.

    Args:
        folder: of the series to come.
        source: DICOM folder that it is derived from.
        overwrite: whether an older series in the folder is replaced.

    Raises:
        InputError: the source is a file, or the folder lies in it; the folder exists with something
            in it and is not to be replaced, it holds something else than DICOM slices, or its place
            cannot be written.
    """
    if source.is_file():
        raise InputError(
            f"A DICOM series takes its patient and study from a DICOM folder, and {str(source)!r} "
            "is a file; write a NIfTI, NRRD or MetaImage file instead."
        )
    if folder.resolve().is_relative_to(source.resolve()):
        raise InputError(
            f"The output {str(folder)!r} lies in the folder of the input, where the new series "
            "would be taken for a part of it; choose a folder beside it."
        )
    parent = folder.absolute().parent
    if not parent.is_dir():
        raise InputError(f"The folder {str(parent)!r} does not exist; create it first.")
    if not os.access(parent, os.W_OK | os.X_OK):
        raise InputError(f"The folder {str(parent)!r} cannot be written; choose another output.")
    if not os.path.lexists(folder):
        return
    if not folder.is_dir() or folder.is_symlink():
        raise InputError(f"The output {str(folder)!r} is not a folder; give another name.")
    inside = list(folder.iterdir())
    if inside and not overwrite:
        raise InputError(
            f"The output folder {str(folder)!r} is not empty; choose another or overwrite it.",
            argument="force",
        )
    if not all(each.is_file() and each.suffix == _SUFFIX for each in inside):
        raise InputError(
            f"The output folder {str(folder)!r} holds more than the slices of a series, so it is "
            "not replaced; choose another."
        )


def write_series(
    volume: Volume,
    folder: Path,
    source: Series,
    derivation: Derivation,
    last_moment: Callable[[], None] | None = None,
) -> None:
    """Writes a series; the folder appears complete or not at all, and replaces an older one.

    Integers that fit 16 bits are kept exactly; for others a warning gives the largest error of the
    16-bit scaling.

    Args:
        volume: what to write; its slices are those along k.
        folder: see :func:`check_series_place`.
        source: what it was derived from: patient, study and acquisition.
        derivation: what it says of itself.
        last_moment: called when all files are there, right before the folder appears.

    Raises:
        InputError: the source is not an MR series.
        EnvironmentFault: the disk is full or refuses a file.
    """
    header = DerivedHeader(source, derivation)
    scaling = _scaling_of(volume)
    clear_leftovers(folder.absolute().parent)
    temporary = folder.absolute().parent / temporary_name(".tmp")
    try:
        temporary.mkdir()
        window = _window(volume.array)
        for k in range(len(volume.array)):
            dataset = _slice(volume, k, header, scaling)
            dataset.WindowCenter, dataset.WindowWidth = window
            dataset.save_as(temporary / f"IM{k + 1:05d}{_SUFFIX}", enforce_file_format=True)
        if last_moment is not None:
            last_moment()
        _put_in_place(temporary, folder.absolute())
    except OSError as error:
        raise EnvironmentFault(
            f"The folder {str(folder)!r} cannot be written ({error.strerror or error}); free some "
            "space or choose another folder."
        ) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _put_in_place(temporary: Path, folder: Path) -> None:
    """Gives a finished folder its name; an older one moves out of the way first.

    Its name for that moment is not that of a temporary folder: if the process is killed then, it
    is the only result, and nothing removes it.
    """
    if not folder.exists():
        os.rename(temporary, folder)
        return
    older = folder.with_name(f"{folder.name}.older-{secrets.token_hex(4)}")
    os.rename(folder, older)
    try:
        os.rename(temporary, folder)
    except BaseException:
        os.rename(older, folder)
        raise
    shutil.rmtree(older, ignore_errors=True)


def _scaling_of(volume: Volume) -> _Scaling:
    low, high = float(volume.array.min()), float(volume.array.max())
    if np.dtype(volume.pixel_type).kind in "iu":
        limits = np.iinfo(volume.pixel_type)
        low = float(np.clip(np.rint(low), limits.min, limits.max))
        high = float(np.clip(np.rint(high), limits.min, limits.max))
        if low >= _LOWEST and high <= _HIGHEST:
            return _Scaling(1.0, 0.0)
        if high - low <= _STEPS:
            return _Scaling(1.0, low - _LOWEST)
    slope = _of_16_characters((high - low) / _STEPS) if high > low else 1.0
    # A slope rounded down would not reach the highest intensity.
    slope = slope if slope * _STEPS >= high - low else _of_16_characters(slope * (1 + 1e-9))
    scaling = _Scaling(slope, _of_16_characters(low - _LOWEST * slope))
    _log.warning(
        f"DICOM stores 16-bit integers: the intensities are rounded by up to "
        f"{scaling.largest_error:.3g}."
    )
    return scaling


def _slice(volume: Volume, k: int, header: DerivedHeader, scaling: _Scaling) -> Any:
    grid = volume.grid
    position = grid.index_to_world((0, 0, k))
    dataset = header.slice(k + 1, position)
    row, column = np.asarray(grid.direction).reshape(3, 3).T[:2]
    dataset.ImagePositionPatient = [_of_16_characters(x) for x in position]
    dataset.ImageOrientationPatient = [_of_16_characters(x) for x in (*row, *column)]
    dataset.PixelSpacing = [_of_16_characters(grid.spacing[1]), _of_16_characters(grid.spacing[0])]
    dataset.SliceThickness = dataset.SpacingBetweenSlices = _of_16_characters(grid.spacing[2])
    dataset.Rows, dataset.Columns = volume.array.shape[1:]
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 16, 16, 15
    dataset.PixelRepresentation = 1
    dataset.RescaleSlope = scaling.slope
    dataset.RescaleIntercept = scaling.intercept
    dataset.RescaleType = "US"
    plane = np.asarray(as_pixel_type(volume.array[k], volume.pixel_type), np.float32)
    dataset.PixelData = scaling.stored(plane).tobytes()
    return dataset


def _window(array: FloatArray) -> tuple[float, float]:
    """Centre and width that show the intensities."""
    step = max(1, array.size // 1_000_000)
    low, high = (float(x) for x in np.percentile(array.flat[::step], [0.5, 99.5]))
    return float(f"{(low + high) / 2:.6g}"), float(f"{max(high - low, 1.0):.6g}")


def _of_16_characters(value: float) -> float:
    """The nearest number that the 16 characters of a decimal string hold."""
    from pydicom.valuerep import format_number_as_ds

    return float(format_number_as_ds(float(value)))
