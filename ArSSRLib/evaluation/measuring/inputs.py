"""The volumes of a task: the sharp one, the low-resolution one and the mask, read once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import cast

import numpy as np
import numpy.typing as npt

from ...errors import InputError
from ...resampling.degradation import paper_low_resolution
from ...resampling.noise import Noise
from ...resampling.simulation import simulate_volume
from ...volumes.files.reading import read_volume
from ...volumes.grid import Grid, SizeTriple
from ...volumes.labels import refuse_labels
from ...volumes.volume import Volume
from ..settings import Settings
from .file_versions import cached_by_file

Mask = npt.NDArray[np.bool_]

_MASK_TOLERANCE = 0.1
"""A mask whose corners lie less than this share of a voxel away is on the same grid: headers are
rounded."""


@cached_by_file(1)
def read_source(path: Path) -> Volume:
    """The volume in a file, as float32.

    Raises:
        InputError: it cannot be read, or is a label map.
    """
    volume = read_volume(path)
    refuse_labels(volume, path)
    return replace(volume, pixel_type="float32")


@cached_by_file(1)
def low_and_target(path: Path, scale: float, settings: Settings) -> tuple[Volume, Grid]:
    """The low-resolution volume, and the grid to upsample it to.

    Raises:
        InputError: the volume cannot be read or is too small for the scale.
    """
    source = read_source(path)
    first, second, third = (scale if axis in settings.axes else 1.0 for axis in "ijk")
    factors = (first, second, third)
    if settings.reference_free:
        return source, source.grid.upsampled(factors)
    if settings.blur is None:
        array = paper_low_resolution(source.array, scale)
        grid = source.grid.resized(cast(SizeTriple, array.shape[::-1]))
        return Volume(array, grid), source.grid
    noise = Noise(settings.noise, settings.noise_kind)
    return simulate_volume(source, factors, settings.blur, noise), source.grid


def check_mask_file(mask: Path) -> None:
    """Refuses a mask that is not there.

    Raises:
        InputError: there is no such file.
    """
    if not mask.is_file():
        raise InputError(
            f"There is no mask {str(mask)!r}; add it, with the volume's name and subfolder."
        )


def read_mask(path: Path, mask_path: Path) -> Mask:
    """The mask of the volume in ``path``, on its grid; voxels above 0 are inside.

    Raises:
        InputError: the mask cannot be read or is on another grid.
    """
    mask, volume = read_volume(mask_path), read_source(path)
    if mask.grid.size != volume.grid.size:
        raise InputError(
            f"The mask {mask_path} has {mask.grid.size} voxels and the volume {path.name} "
            f"{volume.grid.size}; use a mask on its grid."
        )
    corners = np.array(np.meshgrid(*((0, n - 1) for n in mask.grid.size))).reshape(3, -1).T
    apart = mask.grid.index_to_world(corners) - volume.grid.index_to_world(corners)
    furthest = float(np.linalg.norm(apart, axis=1).max())
    if furthest > _MASK_TOLERANCE * min(volume.grid.spacing):
        raise InputError(
            f"The mask {mask_path} lies up to {furthest:.4g} mm away from the volume {path.name} "
            "(different origin, spacing or direction); resample it to the volume's grid."
        )
    return np.asarray(mask.array > 0)
