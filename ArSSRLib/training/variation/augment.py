"""What makes training patches as varied as scans are: contrast, bias field and noise."""

from __future__ import annotations

import numpy as np

from ...choices import NOISES
from ...resampling.noise import unit_noise, with_noise
from ...volumes.array_types import FloatArray

_KNOTS = 7
"""Points that a contrast curve goes through, from intensity 0 to 1.2."""
_LAST_KNOT = 1.2
_STEEPEST = 2.0
"""Largest slope of a contrast curve: it makes the noise of the volume stronger, too."""
_LEVELS = 1024
_SMOOTHEST = 0.45
"""Largest weight of a neighbour, relative to the voxel itself, in correlated noise."""


def contrast_curve(rng: np.random.Generator) -> FloatArray:
    """A random smooth intensity curve, as a table over the intensities 0 to 1.2.

    Half of the curves rise everywhere, as another T1 weighting would; the others go up and down.
    Half of either are inverted, which makes dark what was bright, as T2 weighting does with T1's.
    """
    from scipy.interpolate import PchipInterpolator

    if rng.random() < 0.5:
        steps = rng.uniform(0.3, 1.7, size=_KNOTS - 1)
    else:
        steps = rng.normal(0.0, 1.0, size=_KNOTS - 1)
    knots = np.linspace(0.0, _LAST_KNOT, _KNOTS)
    values = np.concatenate([[0.0], np.cumsum(steps)])
    inner = values[knots <= 1.0]
    spacing = knots[1]
    # The range becomes 1, unless that makes the curve too steep.
    factor = min(1.0 / np.ptp(inner), _STEEPEST * spacing / np.abs(steps).max())
    table = PchipInterpolator(knots, values * factor)(np.linspace(0.0, _LAST_KNOT, _LEVELS))
    table -= table[: round(_LEVELS / _LAST_KNOT)].min()
    if rng.random() < 0.5:
        table = 1.0 - table
    return table.astype(np.float32)


def recoloured(block: FloatArray, table: FloatArray) -> FloatArray:
    """``block`` through a curve of :func:`contrast_curve`; intensities outside it are clipped."""
    index = block * np.float32((_LEVELS - 1) / _LAST_KNOT)
    return table[np.clip(index, 0, _LEVELS - 1).astype(np.int16)]


def bias_field(
    rng: np.random.Generator, shape: tuple[int, ...], largest: float
) -> list[FloatArray]:
    """A smooth field to multiply a block with: one array for each axis, which broadcast.

    Args:
        rng: the generator.
        shape: of the block (k, j, i).
        largest: logarithm of the largest change from one face of the block to the other.
    """
    field = []
    for axis, count in enumerate(shape):
        x = np.linspace(-1.0, 1.0, count)
        slope, bend = rng.uniform(-0.5, 0.5, size=2) * largest
        along = np.exp(slope * x + bend * (x * x - 0.5)).astype(np.float32)
        field.append(along.reshape([-1 if a == axis else 1 for a in range(len(shape))]))
    return field


def noisy(rng: np.random.Generator, low: FloatArray, level: float, correlated: bool) -> FloatArray:
    """``low`` with noise of standard deviation ``level`` in bright tissue.

    Half of the patches get Gaussian noise, half Rician, as magnitude images have it.

    Args:
        rng: the generator.
        low: normalised intensities (k, j, i).
        level: in normalised intensity.
        correlated: whether neighbours share noise, as after a scanner's interpolation.
    """
    neighbours = rng.uniform(0.0, _SMOOTHEST, size=3).astype(np.float32) if correlated else None
    kind = NOISES[rng.integers(len(NOISES))]
    noise = [unit_noise(rng, low.shape, neighbours) for _ in range(2)]
    return with_noise(low, level, kind, noise)
