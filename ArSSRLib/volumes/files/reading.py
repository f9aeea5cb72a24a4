"""Reads a volume: a file of one of the formats, or a folder with DICOM series."""

from __future__ import annotations

import logging
import os
from pathlib import Path

import numpy as np

from ...errors import InputError, NotEnoughMemory
from ..array_types import Array, FloatArray
from ..header_fields import entries_to_keep
from ..pixel_types import pixel_type_for
from ..rounding import rounding_of
from ..volume import Volume, check_finite
from .file_format import Header, format_of
from .names import checked_path, readable_suffix

_log = logging.getLogger(__name__)


def read_volume(
    path: str | os.PathLike[str], volume_index: int | None = None, series: str | None = None
) -> Volume:
    """Reads a file, or one DICOM series of a folder.

    Logs a warning when the header leaves in doubt where the volume lies, and when intensities are
    rounded.

    Args:
        path: a file with one of the readable suffixes, or a folder.
        volume_index: which volume of a 4-D file, from 0.
        series: number or description of a DICOM series, for a folder with several; see
            :func:`ArSSRLib.volumes.files.dicom.series.list_series`.

    Raises:
        InputError: no such file, not readable, damaged, not a 3-D scalar volume, a header that
            does not define a grid, or values that are not finite.
        NotEnoughMemory: the volume does not fit into memory.
    """
    source = checked_path(path, "input")
    _check_exists(source)
    if source.is_dir():
        return _read_folder(source, volume_index, series)
    if series is not None:
        raise InputError(
            f"The series {series!r} was given, but {str(source)!r} is a file; leave it out.",
            argument="series",
        )
    header = read_header(source)
    for warning in header.warnings:
        _log.warning(warning)
    index = _checked_index(source, header.volumes, volume_index)
    stored = header.voxels.read(index)
    try:
        array = _intensities(stored, header.scaling)
    except MemoryError as error:
        raise NotEnoughMemory(
            f"There is not enough memory for {str(source)!r} of {header.grid.size} voxels"
        ) from error
    check_finite(array, f"The volume {str(path)!r}")
    rounding = rounding_of(stored, array, header.scaling)
    pixel_type, notes = _pixel_type_of(stored, header.scaling)
    if notes or rounding:
        _log.warning(
            f"{path} holds {'; '.join(filter(None, [stored.dtype.name + notes, rounding]))}."
        )
    return Volume(
        array,
        header.grid,
        pixel_type,
        entries_to_keep(header.metadata),
        labels=header.labels,
        rounding=rounding,
    )


def read_header(source: Path) -> Header:
    """The header of a volume file.

    Raises:
        InputError: see :func:`read_volume`.
    """
    suffix = readable_suffix(source)
    try:
        return format_of(suffix).read_header(source)
    except OSError as error:
        raise InputError(
            f"The file {str(source)!r} cannot be read ({error.strerror or error}); check its "
            "permissions and its disk."
        ) from error


def _check_exists(source: Path) -> None:
    """Refuses a name that no file or folder has, and what is neither."""
    name = repr(str(source))
    if not _exists(source) and os.path.islink(source):
        raise InputError(
            f"There is no file behind the link {name}; check the name, or fetch the file first "
            "where git-annex or DataLad keeps it elsewhere."
        )
    if not _exists(source):
        raise InputError(f"There is no file {name}; check the name.")
    if not (source.is_dir() or source.is_file()):
        raise InputError(
            f"The input {name} is not a file but a pipe or a device; save the volume to a file "
            "first."
        )


def _exists(path: Path) -> bool:
    """Whether something has this name; a name that no file system takes does not exist."""
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def _read_folder(source: Path, volume_index: int | None, series: str | None) -> Volume:
    from .dicom.series import read_series

    if volume_index not in (None, 0):
        raise _needless_index(source, volume_index, "the DICOM series in ")
    return read_series(source, series)


def _needless_index(source: Path, volume_index: int | None, what: str = "") -> InputError:
    return InputError(
        f"The volume index {volume_index} was given, but {what}{str(source)!r} is one 3-D volume; "
        "leave the index out.",
        argument="volume",
    )


def _checked_index(source: Path, count: int, volume_index: int | None) -> int:
    if count == 1:
        if volume_index not in (None, 0):
            raise _needless_index(source, volume_index)
        return 0
    if volume_index is None:
        raise InputError(
            f"The file {str(source)!r} is 4-D with {count} volumes; choose one by its index, 0 to "
            f"{count - 1}.",
            argument="volume",
        )
    if not 0 <= volume_index < count:
        raise InputError(
            f"The volume index {volume_index} is not in {str(source)!r}, which has {count} "
            f"volumes; choose 0 to {count - 1}.",
            argument="volume",
        )
    return volume_index


def _intensities(stored: Array, scaling: tuple[float, float] | None) -> FloatArray:
    """The stored values [k, j, i] as float32 intensities, scaled in double precision."""
    with np.errstate(over="ignore", invalid="ignore"):
        if scaling is None:
            return np.ascontiguousarray(stored, dtype=np.float32)
        slope, intercept = scaling
        array = np.empty(stored.shape, np.float32)
        for k, values in enumerate(stored):
            array[k] = values.astype(np.float64) * slope + intercept
        return array


def _pixel_type_of(stored: Array, scaling: tuple[float, float] | None) -> tuple[str, str]:
    """The type in which results are written, and why where that is not the type of the file."""
    if scaling is not None or stored.dtype.kind == "f":
        return "float32", ""
    if stored.dtype.itemsize < 8:
        return pixel_type_for(stored.dtype), ""
    lowest, highest = int(stored.min()), int(stored.max())
    limits = np.iinfo(np.int32)
    pixel_type = "int32" if limits.min <= lowest and highest <= limits.max else "float32"
    largest = max(-lowest, highest)
    return pixel_type, (
        f", which FSL and SPM cannot read, up to {largest}; the result is {pixel_type}"
    )
