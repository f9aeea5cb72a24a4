"""Reads a volume: a NIfTI, NRRD or MetaImage file, or a folder with one DICOM series.

SimpleITK reads; what it does not check is checked before it sees the file.
"""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import cast

import SimpleITK as sitk

from ...errors import InputError, NotEnoughMemory, errors_naming
from ...running.memory import is_out_of_memory
from ..grid import Grid, SizeTriple
from ..header_fields import text_entries
from ..volume import Volume, check_kind, volume_of_image
from .dicom_series import read_series
from .metaimage_check import check_metaimage
from .names import READABLE_SUFFIXES, check_name, suffix_of
from .nifti_check import check_nifti
from .nifti_neighbours import undisturbed
from .nifti_place import FORM_CODES, NiftiPlace, place_of
from .nrrd_check import check_nrrd

_log = logging.getLogger(__name__)


def read_volume(path: str | os.PathLike[str], volume_index: int | None = None) -> Volume:
    """Reads a file, or a folder that holds one DICOM series.

    Logs a warning when a NIfTI file leaves in doubt where its volume lies.

    Args:
        path: a file with one of ``READABLE_SUFFIXES``, or a folder.
        volume_index: which volume of a 4-D file, from 0.

    Raises:
        InputError: no such file, not readable, damaged, not a 3-D scalar volume, a header that is
            no grid, or values that are not finite.
        NotEnoughMemory: the volume does not fit into memory.
    """
    if not os.fspath(path):
        raise InputError(
            "The name of the input is empty; give a file or the folder of a DICOM series."
        )
    source = Path(path)
    check_name(source)
    _check_there_is(source)
    if source.is_dir():
        if volume_index not in (None, 0):
            raise _needless_index(source, volume_index, "the DICOM series in ")
        image, metadata = read_series(source)
        return volume_of_image(image, str(path), metadata)
    place = _check_format(source, volume_index or 0)
    with undisturbed(source) as readable:
        image = _read_image(source, readable, volume_index)
    volume = volume_of_image(image, str(path), text_entries(image))
    if place is None:
        return volume
    if warning := place.warning(volume.grid):
        _log.warning(warning)
    return volume.with_entries({FORM_CODES: "{} {}".format(*place.codes(volume.grid))})


def _check_there_is(source: Path) -> None:
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


def _check_format(source: Path, volume_index: int) -> NiftiPlace | None:
    """Refuses a file that SimpleITK would misread; where a NIfTI header puts the volume."""
    suffix = suffix_of(source, READABLE_SUFFIXES)
    try:
        if suffix.startswith(".nii"):
            return place_of(check_nifti(source, volume_index))
        if suffix.startswith(".mh"):
            check_metaimage(source)
        else:
            check_nrrd(source)
    except OSError as error:
        raise InputError(
            f"The file {str(source)!r} cannot be read ({error.strerror or error}); check its "
            "rights and its disk."
        ) from error
    return None


def _needless_index(source: Path, volume_index: int | None, what: str = "") -> InputError:
    return InputError(
        f"The volume index {volume_index} was given, but {what}{str(source)!r} is one 3-D volume; "
        "leave --volume out."
    )


def _exists(path: Path) -> bool:
    """Whether something has this name; one that no file system takes is not there."""
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def _read_image(source: Path, readable: Path, volume_index: int | None) -> sitk.Image:
    """The 3-D image in the file ``readable``, which messages call ``source``."""
    reader = sitk.ImageFileReader()
    reader.SetFileName(str(readable))
    try:
        reader.ReadImageInformation()
    except RuntimeError as error:
        raise InputError(_explained(source, error)) from error
    size = list(reader.GetSize())
    _check_header(reader, source, size)
    if len(size) > 3:
        index = _checked_index(source, size, volume_index)
        reader.SetExtractIndex([0, 0, 0, index])
        reader.SetExtractSize([*size[:3], 0])
    elif volume_index not in (None, 0):
        raise _needless_index(source, volume_index)
    try:
        return reader.Execute()
    except (RuntimeError, MemoryError) as error:
        if is_out_of_memory(error):
            raise NotEnoughMemory(
                f"There is not enough memory for {str(source)!r} of {tuple(size)} voxels"
            ) from error
        raise InputError(_explained(source, error)) from error


def _check_header(reader: sitk.ImageFileReader, source: Path, size: list[int]) -> None:
    """Refuses by the header alone, before memory is asked for."""
    kind = sitk.GetPixelIDValueAsString(reader.GetPixelIDValue())
    check_kind(len(size), reader.GetNumberOfComponents(), kind, str(source))
    if len(size) > 4:
        raise InputError(
            f"The file {str(source)!r} has {len(size)} dimensions {tuple(size)}; save one 3-D "
            "volume of it first."
        )
    with errors_naming(str(source)):
        Grid(
            cast(SizeTriple, tuple(size[:3])),
            cast("tuple[float, float, float]", tuple(reader.GetSpacing()[:3])),
        )


def _checked_index(source: Path, size: list[int], volume_index: int | None) -> int:
    count = size[3]
    if volume_index is None and count > 1:
        raise InputError(
            f"The file {str(source)!r} is 4-D with {count} volumes; choose one with "
            f"--volume INDEX, 0 to {count - 1}."
        )
    index = volume_index or 0
    if not 0 <= index < count:
        raise InputError(
            f"The volume index {index} is not in {str(source)!r}, which has {count} volumes; "
            f"choose 0 to {count - 1}."
        )
    return index


def _explained(source: Path, error: Exception) -> str:
    """One sentence for what SimpleITK says in many lines."""
    text = str(error)
    name = repr(str(source))
    if "orthonormal" in text or "Bad direction" in text:
        return (
            f"The direction cosines of {name} are not orthonormal (the volume is sheared, or its "
            "header is damaged or rounded too coarsely); resample the volume to an unsheared grid, "
            "or correct its header, first."
        )
    if "determine ImageIO reader" in text and ".nii" in "".join(source.suffixes[-2:]).lower():
        # It has passed all checks of ours.
        return f"The file {name} is NIfTI-2, which SimpleITK cannot read; save it as NIfTI-1."
    if "spacing" in text.lower():
        return f"The voxel spacing of {name} is zero or negative; correct the header."
    return (
        f"The file {name} cannot be read: it is truncated, damaged or not what its ending says; "
        "copy it again from its source."
    )
