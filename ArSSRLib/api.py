"""The two-line Python API: ``load_model`` and ``upsample``; re-exported by the package."""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING, Literal, overload

import numpy as np
import SimpleITK as sitk

from .errors import InputError
from .networks.catalogue import ModelInfo
from .upsampling.progress import ProgressCallback
from .upsampling.request import Upsampling, UpsamplingOptions
from .upsampling.run import starting_volume, upsample_with_error
from .volumes.array_types import Array
from .volumes.grid import Grid, Triple
from .volumes.pixel_types import as_pixel_type, pixel_type_for
from .volumes.rounding import rounding_of
from .volumes.volume import Volume, check_finite, image_of_volume, volume_of_image

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from .networks.model_file import Model


_log = logging.getLogger(__name__)
_OPTIONS = UpsamplingOptions.__annotations__.keys()


def load_model(name: str | os.PathLike[str] = "default") -> Model:
    """The bundled model of that name, or the model in that file.

    Raises:
        InputError: neither a bundled model nor a readable model file.
    """
    from .networks.catalogue import load_model as load

    return load(name)


@overload
def upsample(
    image: sitk.Image,
    scale: float | Triple | None = ...,
    *,
    expected_error: Literal[False] = ...,
    progress: ProgressCallback | None = ...,
    **options: Unpack[UpsamplingOptions],
) -> sitk.Image: ...
@overload
def upsample(
    image: sitk.Image,
    scale: float | Triple | None = ...,
    *,
    expected_error: Literal[True],
    progress: ProgressCallback | None = ...,
    **options: Unpack[UpsamplingOptions],
) -> tuple[sitk.Image, sitk.Image]: ...
@overload
def upsample(
    image: Array,
    scale: float | Triple | None = ...,
    *,
    grid: Grid | None = ...,
    expected_error: Literal[False] = ...,
    progress: ProgressCallback | None = ...,
    **options: Unpack[UpsamplingOptions],
) -> tuple[Array, Grid]: ...
@overload
def upsample(
    image: Array,
    scale: float | Triple | None = ...,
    *,
    grid: Grid | None = ...,
    expected_error: Literal[True],
    progress: ProgressCallback | None = ...,
    **options: Unpack[UpsamplingOptions],
) -> tuple[Array, Grid, Array]: ...
def upsample(
    image: sitk.Image | Array,
    scale: float | Triple | None = None,
    *,
    grid: Grid | None = None,
    expected_error: bool = False,
    progress: ProgressCallback | None = None,
    **options: Unpack[UpsamplingOptions],
) -> sitk.Image | tuple[sitk.Image, sitk.Image] | tuple[Array, Grid] | tuple[Array, Grid, Array]:
    """Upsamples a 3-D scalar image over exactly its own field of view.

    >>> import numpy as np
    >>> fine, grid = upsample(np.zeros((4, 4, 4), np.int16), 2.5, method="cubic")
    >>> fine.shape, fine.dtype.name, grid.spacing, grid.origin
    ((10, 10, 10), 'int16', (0.4, 0.4, 0.4), (-0.3, -0.3, -0.3))

    Args:
        image: a SimpleITK image, or an array indexed [k, j, i] (z, y, x).
        scale: factor for all axes or one per axis (i, j, k), any number from 1 up.
        grid: where the voxels of an array lie; 1 mm voxels at the origin when left out.
        expected_error: whether to return the expected absolute error of each voxel too, in the
            units of the intensities; the model must have been trained for it.
        progress: called with :class:`ArSSRLib.upsampling.progress.Progress`; cancels by raising.
        **options: how to upsample, all optional:

            - ``spacing``: voxel size in mm instead of a scale. One number refines the axes that
              are coarser, three are for the axes (i, j, k).
            - ``isotropic``: True for isotropic voxels of the size of the finest axis, or a number
              for isotropic voxels of at most so many mm; instead of a scale.
            - ``method``: ``arssr`` (the network), ``cubic``, ``linear`` or ``nearest``.
            - ``model``: what :func:`load_model` returned, or a name or file for it.
            - ``fast``: run the network once instead of averaging with a mirrored pass.
            - ``noise_reduction``: 0 keeps the grain of the scan, 1 (as when left out) removes the
              noise that it is estimated to have, up to 2 more.
            - ``from_measured``: start from the resolution that the volume was measured with, where
              it is stored finer.
            - ``noise_level``, ``intensity_range``: the noise as a share of the intensity range, and
              the intensities of air and of the brightest tissue, where they are known; taken from
              the image when left out.
            - ``roi``: compute only this box: two opposite corners x0, y0, z0, x1, y1, z1 in LPS mm.
            - ``device``: ``auto``, ``cpu``, ``cuda`` or ``mps``.
            - ``precision``: ``auto``, ``float32``, ``bfloat16`` or ``float16``.
            - ``threads``: CPU threads of the network; all when left out.

    Returns:
        an image for an image; array and grid for an array. Integer types are kept (rounded,
        clipped to the type), floating types become float32; a warning is logged where float32
        rounds values. With ``expected_error`` the errors follow as a float32 image or array:
        ``(image, error)``, or ``(array, grid, error)``.

    Raises:
        InputError: the image, the scale, the region or an option cannot be used.
        EnvironmentFault: not enough memory.
    """
    unknown = options.keys() - _OPTIONS
    if unknown:
        raise TypeError(f"upsample() got an unexpected keyword argument {sorted(unknown)[0]!r}")
    if isinstance(image, sitk.Image):
        if grid is not None:
            raise InputError("A SimpleITK image has its own grid; leave grid out.")
        volume = volume_of_image(image)
    else:
        volume = _volume_of_array(np.asarray(image), grid)
    if progress is not None and not callable(progress):
        raise InputError(f"The progress {progress!r} cannot be called; give a function or None.")
    if volume.rounding:
        _log.warning(f"In the image, {volume.rounding}.")
    request = Upsampling.of(scale=scale, expected_error=expected_error, **options)
    if expected_error and not request.expected_error:
        raise InputError(
            f"The method {request.method} gives no expected error; use the method arssr.",
            argument="expected_error",
        )
    model = options.get("model") if request.model is not None else None
    loaded = None if isinstance(model, str | os.PathLike | ModelInfo | None) else model
    start = starting_volume(volume, request)
    made = upsample_with_error(start, request, model=loaded, progress=progress)
    error = made.error_volume()
    if isinstance(image, sitk.Image):
        result = image_of_volume(made.volume)
        return result if error is None else (result, image_of_volume(error))
    array = np.ascontiguousarray(as_pixel_type(made.volume.array, made.volume.pixel_type))
    if error is None:
        return array, made.volume.grid
    return array, made.volume.grid, np.ascontiguousarray(error.array)


def _volume_of_array(array: Array, grid: Grid | None) -> Volume:
    if not isinstance(grid, Grid | None):
        raise InputError(f"The grid {grid!r} is not a Grid; give one, or leave it out.")
    if array.ndim != 3 or array.dtype.kind not in "iufb":
        raise InputError(
            f"An array of shape {array.shape} and type {array.dtype} is not a 3-D array of real "
            "numbers; give one indexed [k, j, i]."
        )
    with np.errstate(over="ignore"):
        values = array.astype(np.float32)
    check_finite(values, "The array")
    depth, height, width = array.shape
    return Volume(
        values,
        grid or Grid((width, height, depth)),
        pixel_type_for(array.dtype),
        rounding=rounding_of(array, values),
    )
