"""A volume: its intensities, grid, pixel type and header entries; to and from SimpleITK images.

Files are read and written in :mod:`ArSSRLib.volumes.files`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
import SimpleITK as sitk

from ..errors import InputError, errors_naming
from .array_types import Array, FloatArray
from .grid import Grid
from .header_fields import entries_that_stay_true, text_entries
from .pixel_types import as_pixel_type, pixel_id, pixel_type_for

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
    dimensions, components = image.GetDimension(), image.GetNumberOfComponentsPerPixel()
    check_kind(dimensions, components, image.GetPixelIDTypeAsString(), name)
    if dimensions > 3:
        raise InputError(
            f"The volume {name!r} has {dimensions} dimensions; choose one 3-D volume of it "
            "(--volume INDEX)."
        )
    with errors_naming(name):
        grid = Grid.of_image(image)
    view = sitk.GetArrayViewFromImage(image)
    kept = entries_that_stay_true(text_entries(image) if metadata is None else metadata)
    with np.errstate(over="ignore"):
        array = view.astype(np.float32)
    check_finite(array, name)
    return Volume(array, grid, pixel_type_for(view.dtype), kept)


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


def check_finite(array: npt.NDArray[np.floating], name: str) -> None:
    """Raises InputError when an array holds NaN or infinite values."""
    bad = array.size - int(np.count_nonzero(np.isfinite(array)))
    if bad:
        raise InputError(not_finite_message(bad, name))


def not_finite_message(count: int, name: str) -> str:
    """What to tell about ``count`` voxels that are not finite numbers."""
    return (
        f"The volume {name!r} has {count} voxels that are NaN or infinite, or beyond what float32 "
        "holds (3.4e38); replace them, for example by 0, first."
    )


def check_kind(dimensions: int, components: int, kind: str, name: str) -> None:
    """Refuses what is no volume of one real value a voxel.

    Args:
        dimensions: of the image.
        components: values a voxel.
        kind: what SimpleITK calls the pixel type, for example ``16-bit signed integer``.
        name: what error messages call the image.

    Raises:
        InputError: a label map, complex, colour, vectors, or fewer than three dimensions.
    """
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
