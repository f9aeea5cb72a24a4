"""Lesions for training patches: without them a network that removes noise removes faint lesions."""

from __future__ import annotations

import numpy as np

from ...volumes.array_types import FloatArray

_MOST = 16
_RADII = (0.75, 5.0)
"""Smallest and largest radius, in LR voxels."""
_CONTRASTS = (0.02, 0.3)
"""Smallest and largest difference from the tissue, normalised intensity."""
_THINNEST = 0.5
"""Smallest semi-axis of an ellipsoid, relative to the largest."""
_SOFTEST = 1.0
"""Largest width of a lesion's edge, in LR voxels."""
_TISSUE = 0.1
"""Normalised intensity below which nothing is added."""


def with_lesions(rng: np.random.Generator, block: FloatArray, scale: float) -> FloatArray:
    """``block`` with up to 16 brighter or darker ellipsoids in its tissue.

    Args:
        rng: the generator.
        block: normalised HR intensities (k, j, i); it is not changed.
        scale: HR voxels in an LR voxel, the geometric mean of the axes.
    """
    added = np.zeros_like(block)
    for _ in range(rng.integers(1, _MOST + 1)):
        radius = scale * _log_uniform(rng, *_RADII)
        contrast = _log_uniform(rng, *_CONTRASTS) * rng.choice((-1.0, 1.0))
        _add_ellipsoid(rng, added, radius, contrast, scale * rng.uniform(0.05, _SOFTEST))
    return block + np.where(block > _TISSUE, added, np.float32(0.0))


def _add_ellipsoid(
    rng: np.random.Generator, added: FloatArray, radius: float, contrast: float, edge: float
) -> None:
    """Adds one ellipsoid along the axes; ``edge`` is how many voxels its rim takes."""
    centre = rng.uniform(0.0, added.shape)
    semi_axes = radius * rng.uniform(_THINNEST, 1.0, size=3)
    box = tuple(
        slice(max(0, int(c - a - edge)), min(n, int(np.ceil(c + a + edge)) + 1))
        for c, a, n in zip(centre, semi_axes, added.shape, strict=True)
    )
    axes = np.ogrid[box]
    squares = [((x - c) / a) ** 2 for x, c, a in zip(axes, centre, semi_axes, strict=True)]
    distance = radius * (1.0 - np.sqrt(squares[0] + squares[1] + squares[2]))
    inside = np.clip(distance / edge + 0.5, 0.0, 1.0)
    added[box] += (contrast * inside).astype(np.float32)


def _log_uniform(rng: np.random.Generator, low: float, high: float) -> float:
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))
