"""A coarser scan of the same patient: low-resolution simulation on volumes."""

from __future__ import annotations

import numpy as np

from ..errors import InputError
from ..volumes.grid import Triple
from ..volumes.intensity import Normalisation
from ..volumes.volume import Volume
from .blur import DEFAULT_BLUR, Blur
from .degradation import simulate_low_resolution
from .noise import NO_NOISE, Noise, unit_noise, with_noise


def simulate_volume(
    volume: Volume,
    scale: float | Triple,
    blur: Blur = DEFAULT_BLUR,
    noise: Noise = NO_NOISE,
) -> Volume:
    """What a scan ``scale`` times coarser, over the same field of view, would have shown.

    Args:
        volume: the sharp volume.
        scale: factor for all axes or one per axis (i, j, k), at least 1.
        blur: how each axis becomes coarser.
        noise: what is added to the coarse volume.

    Returns:
        the coarse volume, with the sharp one's pixel type and header entries.

    Raises:
        InputError: a scale below 1.
    """
    factors = np.broadcast_to(np.asarray(scale, dtype=np.float64), 3)
    if not (np.isfinite(factors).all() and (factors >= 1).all()):
        raise InputError(
            f"The scale {scale!r} does not make the volume coarser; give factors of at least 1."
        )
    for axis, count, factor in zip("ijk", volume.grid.size, factors, strict=True):
        if factor > 2 * count:
            raise InputError(
                f"The scale {factor:g} leaves no voxel of the {count} along {axis}; give a smaller "
                "scale."
            )
    first, second, third = (1.0 / float(f) for f in factors)
    grid = volume.grid.upsampled((first, second, third))
    array = simulate_low_resolution(volume.array, grid.size[::-1], blur)
    if noise.level > 0:
        generator = np.random.default_rng(noise.seed)
        units = [unit_noise(generator, array.shape) for _ in range(2)]
        deviation = noise.level * Normalisation.of(array).span
        array = with_noise(array, deviation, noise.kind, units)
    return Volume(array, grid, volume.pixel_type, volume.metadata)
