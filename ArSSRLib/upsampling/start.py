"""What a run starts from: the volume as it is stored, or as it was measured."""

from __future__ import annotations

import logging

from ..resampling.to_measured import at_measured_resolution
from ..volumes.grid import Grid
from ..volumes.measured_resolution import MeasuredResolution
from ..volumes.volume import Volume
from .request import Upsampling

_log = logging.getLogger(__name__)
LITTLE_TO_SHARPEN = 1.4
"""Stored voxels per measured voxel from which refining an axis is pointless."""


def starting_volume(volume: Volume, request: Upsampling) -> Volume:
    """The volume that a run upsamples.

    Logs a warning where the network would refine an axis that holds less detail than voxels.

    Args:
        volume: the input.
        request: whether to start from the measured resolution, and the result's resolution.

    Raises:
        InputError: an impossible resolution of the result.
    """
    if request.method != "arssr" and not request.from_measured:
        return volume
    measured = MeasuredResolution.of(volume.array, volume.grid)
    if request.from_measured:
        return at_measured_resolution(volume, measured) if measured.is_coarser else volume
    sentence = nothing_to_sharpen(measured, volume.grid, request.target_grid(volume.grid))
    if sentence:
        _log.warning(sentence)
    return volume


def nothing_to_sharpen(measured: MeasuredResolution, grid: Grid, target: Grid) -> str:
    """One sentence where axes that are to be refined hold less detail than voxels; else empty.

    Args:
        measured: resolution of the input.
        grid: of the input.
        target: of the result.
    """
    coarse = [
        (name, axis)
        for name, axis, old, new in zip("ijk", measured.axes, grid.size, target.size, strict=True)
        if axis.factor >= LITTLE_TO_SHARPEN and new > old
    ]
    if not coarse:
        return ""
    names = ", ".join(name for name, _ in coarse)
    stored = " × ".join(f"{axis.stored_mm:.3g}" for _, axis in coarse)
    real = " × ".join(f"{axis.measured_mm:.3g}" for _, axis in coarse)
    hows = ", ".join(dict.fromkeys(axis.how for _, axis in coarse))
    return (
        f"Along {names} the voxels of {stored} mm hold the detail of about {real} mm ({hows}), so "
        "there is little to sharpen; start from the measured resolution instead."
    )
