"""A volume: its intensities, grid, pixel type and header entries; to and from SimpleITK images.

Files are read and written in :mod:`ArSSRLib.volumes.files`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import SimpleITK as sitk

from ..errors import InputError, errors_naming
from .array_types import Array, FloatArray
from .grid import Grid
from .header_fields import entries_to_keep, text_entries
from .pixel_types import as_pixel_type, pixel_id, pixel_type_for
from .rounding import rounding_of

_SLAB_VOXELS = 1 << 23


@dataclass(frozen=True)
class Volume:
    """A 3-D scalar volume.

    Attributes:
        array: float32 intensities, indexed [k, j, i] (z, y, x), all finite; may be a view that
            is not contiguous.
        grid: where the voxels lie.
        pixel_type: numpy name of the type the intensities have in a file, for example ``int16``.
        metadata: header entries, by the names SimpleITK gives them.
        labels: why the file calls itself a label map; empty where it does not.
        rounding: what float32 rounded of the values, see
            :func:`ArSSRLib.volumes.rounding.rounding_of`; empty for nothing.
        padding: intensity that the file names for voxels outside the image; None for none.
    """

    array: FloatArray
    grid: Grid
    pixel_type: str = "float32"
    metadata: Mapping[str, str] = field(default_factory=dict)
    labels: str = ""
    rounding: str = ""
    padding: float | None = None

    def __post_init__(self) -> None:
        if self.array.shape != self.grid.size[::-1]:
            raise InputError(
                f"An array of shape {self.array.shape} [k, j, i] does not fit a grid of "
                f"{self.grid.size} voxels (i, j, k); give the grid of this array."
            )


def volume_of_image(image: sitk.Image) -> Volume:
    """The volume of a scalar SimpleITK image; a 4-D image of one volume is that volume.

    Raises:
        InputError: not 3-D, not scalar, not finite, or a header that does not define a grid.
    """
    what = "The image"
    dimensions, components = image.GetDimension(), image.GetNumberOfComponentsPerPixel()
    check_kind(dimensions, components, image.GetPixelIDTypeAsString(), what)
    if dimensions == 4 and image.GetSize()[3] == 1:
        image = image[:, :, :, 0]
    elif dimensions > 3:
        raise InputError(f"{what} has {dimensions} dimensions; choose one 3-D volume of it.")
    with errors_naming("the image"):
        grid = Grid.of_image(image)
    view = sitk.GetArrayViewFromImage(image)
    kept = entries_to_keep(text_entries(image))
    with np.errstate(over="ignore"):
        array = view.astype(np.float32)
    check_finite(array, what)
    rounding = rounding_of(view, array)
    return Volume(array, grid, pixel_type_for(view.dtype), kept, rounding=rounding)


def image_of_volume(volume: Volume) -> sitk.Image:
    """A SimpleITK image of the volume's pixel type, with its grid and header entries."""
    image = empty_image(volume, len(volume.array))
    begin = 0
    for slab in slabs_of(volume, _SLAB_VOXELS):
        image[:, :, begin : begin + len(slab)] = sitk.GetImageFromArray(slab)
        begin += len(slab)
    return image


def empty_image(volume: Volume, depth: int) -> sitk.Image:
    """The first ``depth`` slices of a volume's image, without their voxels."""
    _, height, width = volume.array.shape
    image = sitk.Image([width, height, depth], pixel_id(volume.pixel_type))
    volume.grid.apply_to(image)
    for key, value in volume.metadata.items():
        image.SetMetaData(key, value)
    return image


def slabs_of(volume: Volume, voxels: int) -> Iterator[Array]:
    """The volume in the type it has in a file, about ``voxels`` voxels at a time.

    A whole copy would double the memory of a large volume.
    """
    depth, height, width = volume.array.shape
    step = max(1, voxels // (height * width))
    for begin in range(0, depth, step):
        part = as_pixel_type(volume.array[begin : begin + step], volume.pixel_type)
        yield np.ascontiguousarray(part)


def check_finite(array: npt.NDArray[np.floating], what: str) -> None:
    """Raises InputError when an array holds NaN or infinite values.

    Args:
        array: float32, where what is beyond 3.4e38 has become infinite.
        what: subject of the message, for example ``The array``.
    """
    bad = array.size - int(np.count_nonzero(np.isfinite(array)))
    if bad:
        voxels, them = ("voxel", "it") if bad == 1 else ("voxels", "them")
        raise InputError(
            f"{what} contains {bad} NaN or infinite {voxels} (beyond what float32 holds, 3.4e38). "
            f"Replace {them} first, e.g. with 0."
        )


def check_kind(dimensions: int, components: int, kind: str, what: str) -> None:
    """Refuses an image that is not a volume of one real value per voxel.

    Args:
        dimensions: of the image.
        components: values per voxel.
        kind: SimpleITK's name of the pixel type, for example ``16-bit signed integer``.
        what: subject of the message, for example ``The image``.

    Raises:
        InputError: a label map, complex, colour, vectors, or fewer than three dimensions.
    """
    if kind.startswith("label"):
        raise InputError(f"{what} is a label map; give the image itself.")
    if "complex" in kind:
        raise InputError(f"{what} is complex; save its magnitude first.")
    if components > 1 or "vector" in kind:
        raise InputError(
            f"{what} has {components} values per voxel (colour or vector); save one scalar "
            "component first."
        )
    if dimensions < 3:
        raise InputError(f"{what} has {dimensions} dimensions; give a 3-D volume.")
