"""How noisy a scan is, estimated from the scan alone."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

from .array_types import Array, FloatArray
from .intensity import Normalisation

_SIDE = 3
"""Voxels along each axis of the blocks that are looked at: larger ones would hold anatomy."""
_FLATTEST = 0.02
_NORMAL_QUANTILE = -1.28
"""Of the blocks without anatomy, the flattest fiftieth of all is about the lowest tenth: this is
the matching quantile of the standard normal distribution."""
_TISSUE = 0.1
"""Normalised intensity above which all voxels of a block must lie."""
_FEWEST = 200
_MOST = 60_000


def estimate_noise(array: Array) -> float:
    """Standard deviation of the noise, as a share of the intensity range.

    The range is that of :class:`ArSSRLib.volumes.intensity.Normalisation`, so this is the level
    that a network takes (:mod:`ArSSRLib.networks.noise_level`).

    The volume is seen through blocks of 3³ voxels. What a block deviates from a straight line
    along each axis is noise and anatomy; the flattest fiftieth of the blocks in tissue shows the
    noise. Its variance is lower than the mean one of pure noise, by a factor adjusted once.

    ``benchmarks/noise_estimate.py`` measures the accuracy; the model card has the figures.

    Args:
        array: finite intensities (k, j, i), any scale.

    Returns:
        the share; 0 for a volume with too little tissue to judge by.
    """
    blocks = _tissue_blocks(Normalisation.of(array).apply(array))
    if len(blocks) < _FEWEST:
        return 0.0
    residual = blocks - (blocks @ _line_basis()) @ _line_basis().T
    freedom = _SIDE**3 - _line_basis().shape[1]
    variance = np.square(residual).sum(axis=1) / freedom
    # The quantile of a chi-squared distribution over its mean (Wilson and Hilferty 1931).
    spread = 2.0 / (9.0 * freedom)
    expected = (1.0 - spread + _NORMAL_QUANTILE * np.sqrt(spread)) ** 3
    return float(np.sqrt(np.quantile(variance, _FLATTEST) / expected))


def _tissue_blocks(volume: FloatArray) -> FloatArray:
    """Blocks that lie in tissue altogether, evenly spread, shape (blocks, voxels)."""
    if min(volume.shape) < _SIDE:
        return np.empty((0, _SIDE**3), dtype=np.float32)
    # Blocks of a small volume overlap, so that there are enough of them to judge by.
    step = 2 if volume.size < 8 * _MOST else _SIDE
    blocks = sliding_window_view(volume, (_SIDE,) * 3)[::step, ::step, ::step]
    inside = np.argwhere(blocks.min(axis=(3, 4, 5)) > _TISSUE)
    k, j, i = inside[:: len(inside) // _MOST + 1].T
    return blocks[k, j, i].reshape(-1, _SIDE**3)


def _line_basis() -> npt.NDArray[np.float32]:
    """Orthonormal constant and slopes along the three axes of a block, (voxels, 4)."""
    axis = np.arange(_SIDE) - (_SIDE - 1) / 2
    slopes = np.meshgrid(axis, axis, axis, indexing="ij")
    functions = np.stack([np.ones(_SIDE**3), *(slope.ravel() for slope in slopes)], axis=1)
    return (functions / np.linalg.norm(functions, axis=0)).astype(np.float32)
