"""A volume: voxel values with their grid, pixel type and header entries; read and written.

Reading and writing go through SimpleITK. NIfTI, NRRD, MetaImage (MHA, MHD) and a folder with one
DICOM series come in; NIfTI, NRRD and MHA go out.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import cast

import numpy as np
import numpy.typing as npt
import SimpleITK as sitk

from .atomic import check_output_place, replacing
from .dicom_series import read_series
from .errors import EnvironmentFault, InputError, said_of
from .grid import Grid, SizeTriple
from .metadata import entries_that_fit, entries_that_stay_true, is_text, text_entries
from .metaimage_header import check_metaimage
from .nifti_header import SPACE_CODE, check_nifti, not_finite_message
from .nifti_neighbours import undisturbed
from .nrrd_header import check_nrrd
from .pixel_types import as_pixel_type, pixel_id, pixel_type_for
from .slab_writer import write_slabs

_log = logging.getLogger(__name__)

FloatArray = npt.NDArray[np.float32]
_SLAB_VOXELS = 1 << 23
_WRITTEN_VOXELS = 1 << 20

READABLE_SUFFIXES = (".nii", ".nii.gz", ".nrrd", ".nhdr", ".mha", ".mhd")
WRITABLE_SUFFIXES = (".nii", ".nii.gz", ".nrrd", ".mha")


@dataclass(frozen=True)
class Volume:
    """A 3-D scalar volume.

    Attributes:
        array: float32 intensities, indexed [k, j, i] (z, y, x), all finite; may be a view that
            is not contiguous.
        grid: where the voxels lie.
        pixel_type: numpy name of the type the intensities have in a file, for example ``int16``.
        metadata: header entries, by the names SimpleITK gives them.
    """

    array: FloatArray
    grid: Grid
    pixel_type: str = "float32"
    metadata: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.array.shape != self.grid.size[::-1]:
            raise InputError(
                f"An array of shape {self.array.shape} [k, j, i] does not fit a grid of "
                f"{self.grid.size} voxels (i, j, k); give the grid of this very array."
            )

    def with_entries(self, entries: Mapping[str, str]) -> Volume:
        """The same volume with more header entries."""
        return replace(self, metadata={**self.metadata, **entries})


def read_volume(path: str | os.PathLike[str], volume_index: int | None = None) -> Volume:
    """Reads a file, or a folder that holds one DICOM series.

    Logs a warning when the sform and the qform of a NIfTI file disagree.

    Args:
        path: a file with one of ``READABLE_SUFFIXES``, or a folder.
        volume_index: which volume of a 4-D file, from 0.

    Raises:
        InputError: no such file, not readable, damaged, not a 3-D scalar volume, a header that is
            no grid, or values that are not finite.
        EnvironmentFault: not enough memory.
    """
    if not os.fspath(path):
        raise InputError(
            "The name of the input is empty; give a file or the folder of a DICOM series."
        )
    source = Path(path)
    _check_name(source)
    if not _there_is(source) and os.path.islink(source):
        raise InputError(
            f"There is no file behind the link {str(path)!r}; check the name, or fetch the file "
            "first where git-annex or DataLad keeps it elsewhere."
        )
    if not _there_is(source):
        raise InputError(f"There is no file {str(path)!r}; check the name.")
    if source.is_dir():
        if volume_index not in (None, 0):
            raise InputError(
                f"The volume index {volume_index} was given, but the DICOM series in "
                f"{str(source)!r} is one 3-D volume; leave --volume out."
            )
        image, metadata = read_series(source)
        return volume_of_image(image, str(path), metadata)
    if not source.is_file():
        raise InputError(
            f"The input {str(path)!r} is not a file but a pipe or a device; save the volume to a "
            "file first."
        )
    suffix = suffix_of(source, READABLE_SUFFIXES)
    place = None
    try:
        if suffix.startswith(".nii"):
            place = check_nifti(source, volume_index or 0)
        elif suffix.startswith(".mh"):
            check_metaimage(source)
        else:
            check_nrrd(source)
    except OSError as error:
        raise InputError(
            f"The file {str(path)!r} cannot be read ({error.strerror or error}); check its rights "
            "and its disk."
        ) from error
    with undisturbed(source) as readable:
        image = _read_image(source, readable, volume_index)
    volume = volume_of_image(image, str(path), text_entries(image))
    if place is None:
        return volume
    if place.warning:
        _log.warning(place.warning)
    code = place.space_code(volume.grid)
    return volume if code is None else volume.with_entries({SPACE_CODE: str(code)})


def volume_of_image(
    image: sitk.Image, name: str = "the image", metadata: Mapping[str, str] | None = None
) -> Volume:
    """The volume of a SimpleITK image.

    Args:
        image: 3-D scalar image.
        name: what error messages call it.
        metadata: header entries; the image's own when left out.

    Raises:
        InputError: not 3-D, not scalar, not finite, or a header that is no grid.
    """
    _check_kind(image.GetDimension(), image.GetNumberOfComponentsPerPixel(), image, name)
    with said_of(name):
        grid = Grid.of_image(image)
    view = sitk.GetArrayViewFromImage(image)
    kept = entries_that_stay_true(text_entries(image) if metadata is None else metadata)
    with np.errstate(over="ignore"):
        array = view.astype(np.float32)
    check_finite(array, name)
    return Volume(array, grid, pixel_type_for(view.dtype), kept)


def image_of_volume(volume: Volume) -> sitk.Image:
    """A SimpleITK image of the volume's pixel type, with its grid and header entries."""
    image = _empty_image(volume, len(volume.array))
    begin = 0
    for slab in _slabs(volume, _SLAB_VOXELS):
        image[:, :, begin : begin + len(slab)] = sitk.GetImageFromArray(slab)
        begin += len(slab)
    return image


def write_volume(
    volume: Volume,
    path: str | os.PathLike[str],
    overwrite: bool = False,
    last_moment: Callable[[], None] | None = None,
) -> None:
    """Writes a volume; the file appears complete or not at all.

    Args:
        volume: integer pixel types are rounded and clipped to their range.
        path: a file with one of ``WRITABLE_SUFFIXES``, in a folder that exists.
        overwrite: whether an existing file may be replaced.
        last_moment: see :func:`ArSSRLib.atomic.replacing`.

    Raises:
        InputError: an unsupported suffix, no such folder, or the file exists.
        EnvironmentFault: the disk is full or refuses the file.
    """
    target = Path(path)
    suffix = check_output(target, overwrite)
    fitting = replace(volume, metadata=entries_that_fit(volume.metadata, suffix))
    image = _empty_image(fitting, 1)
    with replacing(target, overwrite, suffix, last_moment) as temporary:
        try:
            slabs = _slabs(volume, _WRITTEN_VOXELS)
            write_slabs(temporary, suffix, image, len(volume.array), slabs)
        except RuntimeError as error:
            raise EnvironmentFault(
                f"The file {str(path)!r} could not be written whole; check the free space and "
                "the rights of its folder."
            ) from error


def check_output(path: str | os.PathLike[str], overwrite: bool = False) -> str:
    """The suffix of an output volume, once it is certain that it may be written there.

    Raises:
        InputError: an unsupported suffix, no such folder, or the file exists.
    """
    if not os.fspath(path):
        raise InputError(
            "The name of the output is empty; give one that ends in "
            f"{', '.join(WRITABLE_SUFFIXES)}."
        )
    _check_name(Path(path))
    suffix = suffix_of(Path(path), WRITABLE_SUFFIXES)
    check_output_place(path, overwrite)
    return suffix


def suffix_of(path: Path, allowed: tuple[str, ...]) -> str:
    """The one of ``allowed`` that ends the file name, in lower case.

    Raises:
        InputError: none does.
    """
    name = path.name.lower()
    for suffix in sorted(allowed, key=len, reverse=True):
        if name.endswith(suffix) and name != suffix:
            return suffix
    raise InputError(
        f"The file {str(path)!r} has no supported ending; use one of {', '.join(allowed)}"
        + (", or give the folder of a DICOM series." if ".mhd" in allowed else ".")
    )


def check_finite(array: npt.NDArray[np.floating], name: str) -> None:
    """Raises InputError when an array holds NaN or infinite values."""
    bad = array.size - int(np.count_nonzero(np.isfinite(array)))
    if bad:
        raise InputError(not_finite_message(bad, name))


def _check_name(path: Path) -> None:
    """Refuses a name that is no text: ITK ends the whole process over it."""
    if not is_text(str(path)):
        raise InputError(
            f"The name {str(path)!r} holds bytes that are not text; rename the file or its folder, "
            "or use a UTF-8 locale."
        )


def _there_is(path: Path) -> bool:
    """Whether something has this name; one that no file system takes is not there."""
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def _empty_image(volume: Volume, depth: int) -> sitk.Image:
    """The first ``depth`` slices of a volume's image, without their voxels."""
    _, height, width = volume.array.shape
    image = sitk.Image([width, height, depth], pixel_id(volume.pixel_type))
    volume.grid.apply_to(image)
    for key, value in volume.metadata.items():
        image.SetMetaData(key, value)
    return image


def _slabs(volume: Volume, voxels: int) -> Iterator[npt.NDArray[np.generic]]:
    """The volume in the type it has in a file, about ``voxels`` voxels at a time.

    A whole copy would double the memory of a large volume.
    """
    depth, height, width = volume.array.shape
    step = max(1, voxels // (height * width))
    for begin in range(0, depth, step):
        part = as_pixel_type(volume.array[begin : begin + step], volume.pixel_type)
        yield np.ascontiguousarray(part)


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
        raise InputError(
            f"The volume index {volume_index} was given, but {str(source)!r} is one 3-D volume; "
            "leave --volume out."
        )
    try:
        return reader.Execute()
    except RuntimeError as error:
        raise InputError(_explained(source, error)) from error
    except MemoryError as error:
        raise EnvironmentFault(
            f"There is not enough memory for {str(source)!r} of {tuple(size)} voxels."
        ) from error


def _check_header(reader: sitk.ImageFileReader, source: Path, size: list[int]) -> None:
    """Refuses by the header alone, before memory is asked for."""
    kind = sitk.GetPixelIDValueAsString(reader.GetPixelIDValue())
    _check_kind_text(len(size), reader.GetNumberOfComponents(), kind, str(source))
    if len(size) > 4:
        raise InputError(
            f"The file {str(source)!r} has {len(size)} dimensions {tuple(size)}; save one 3-D "
            "volume of it first."
        )
    with said_of(str(source)):
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


def _check_kind(dimensions: int, components: int, image: sitk.Image, name: str) -> None:
    _check_kind_text(dimensions, components, image.GetPixelIDTypeAsString(), name)
    if dimensions > 3:
        raise InputError(
            f"The volume {name!r} has {dimensions} dimensions; choose one 3-D volume of it "
            "(--volume INDEX)."
        )


def _check_kind_text(dimensions: int, components: int, kind: str, name: str) -> None:
    if kind.startswith("label"):
        raise InputError(f"The volume {name!r} is a label map; give the image itself.")
    if "complex" in kind:
        raise InputError(f"The volume {name!r} is complex; save its magnitude first.")
    if components > 1 or "vector" in kind:
        raise InputError(
            f"The volume {name!r} has {components} values a voxel (colour or vector); save one "
            "scalar component first."
        )
    if dimensions < 3:
        raise InputError(f"The image {name!r} has {dimensions} dimensions; give a 3-D volume.")


def _explained(source: Path, error: RuntimeError) -> str:
    """One sentence for what SimpleITK says in many lines."""
    text = str(error)
    name = repr(str(source))
    if "orthonormal" in text or "Bad direction" in text:
        return (
            f"The direction cosines of {name} are not orthonormal (the volume is sheared or its "
            "header is damaged); resample the volume to an unsheared grid first."
        )
    if "spacing" in text.lower():
        return f"The voxel spacing of {name} is zero or negative; correct the header."
    if "memory" in text.lower() or "bad_alloc" in text:
        return f"There is not enough memory for {name}; its size may be wrong in the header."
    return (
        f"The file {name} cannot be read: it is truncated, damaged or not what its ending says; "
        "copy it again from its source."
    )
