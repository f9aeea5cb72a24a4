"""What the expected error must beat: indicators of doubtful voxels that need no head."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...networks.model_file import Model
from ...resampling.interpolation import interpolate
from ...upsampling.request import Upsampling
from ...upsampling.run import upsample_volume
from ...volumes.array_types import FloatArray
from ...volumes.grid import Grid
from ...volumes.volume import Volume

EXPECTED, CUBIC, PASSES, GRADIENT = "expected", "cubic", "passes", "gradient"
INDICATORS = {
    EXPECTED: "expected error",
    CUBIC: "|ArSSR − cubic|",
    PASSES: "|pass 1 − pass 2|",
    GRADIENT: "gradient magnitude",
}
"""What is compared, with its name for people; the first is the model's own."""


def competing(
    low: Volume, result: Volume, request: Upsampling, model: Model
) -> dict[str, FloatArray]:
    """The indicators besides the expected error, by their keys in ``INDICATORS``.

    Args:
        low: the low-resolution volume.
        result: what became of it.
        request: how; two passes are compared where it takes two.
        model: the request's, loaded.
    """
    found = {
        CUBIC: np.abs(result.array - interpolate(low.array, result.array.shape, "cubic")),
        GRADIENT: _gradient(result.array, result.grid),
    }
    if request.passes == 2:
        once = replace(request, fast=True)
        first = upsample_volume(low, once, target=result.grid, model=model).array
        # The result is the mean of both passes.
        found[PASSES] = 2.0 * np.abs(result.array - first)
    return found


def _gradient(array: FloatArray, grid: Grid) -> FloatArray:
    """Length of the gradient, intensity per mm."""
    parts = [
        np.gradient(array, spacing, axis=axis) if array.shape[axis] > 1 else np.zeros_like(array)
        for axis, spacing in enumerate(grid.spacing[::-1])
    ]
    return np.sqrt(sum(np.square(part) for part in parts)).astype(np.float32)
