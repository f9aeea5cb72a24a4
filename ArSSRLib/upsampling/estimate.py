"""Estimates what an upsampling will cost, before it starts; needs no torch."""

from __future__ import annotations

from dataclasses import dataclass

from ..networks.spec import NetworkSpec, decoder_parameters, encoder_parameters
from ..running.machine import usable_cpus
from ..volumes.grid import Grid
from .plan import geometry_of, stream_bytes, tiles_for
from .request import Upsampling

_OPERATIONS_PER_SECOND = {"cpu": 110e9, "cuda": 8e12, "mps": 1.5e12}
"""Typical float operations a second: of one CPU core, and of a whole graphics device."""
_START_SECONDS = {"cpu": 3.0, "cuda": 6.0, "mps": 5.0}
"""Starting Python, importing torch, waking the device."""
_PROGRAM_BYTES = 540 * 2**20
"""Resident memory of Python with torch and SimpleITK loaded, of the slab being computed, and of
what the allocator keeps between planes."""
_INTERPOLATING_PROGRAM_BYTES = 300 * 2**20
"""Resident memory of Python with SimpleITK loaded, and of the slab that is interpolated."""
_SECONDS_TO_START_INTERPOLATING = 1.0
_VOXELS_INTERPOLATED_PER_SECOND = 3e7


@dataclass(frozen=True)
class Cost:
    """Estimates.

    Attributes:
        peak_bytes: highest resident memory of the process, in bytes.
        start_seconds: time until a new process computes, in s.
        computing_seconds: time from then on, in s.
    """

    peak_bytes: int
    start_seconds: float
    computing_seconds: float

    @property
    def seconds(self) -> float:
        """Time from the start of a process to the written file, in s."""
        return self.start_seconds + self.computing_seconds


def estimate_cost(request: Upsampling, grid: Grid, target: Grid) -> Cost:
    """Memory and time of upsampling one volume.

    Args:
        request: how; the device ``auto`` counts as the CPU, and a region is not considered: give
            the grids of the region instead.
        grid: the input's grid.
        target: the upsampled grid, same field of view.
    """
    if request.model is None:
        return _cost_of_interpolation(grid, target)
    spec = request.model.header.spec
    device = "cpu" if request.device == "auto" else request.device
    low, high = grid.size[::-1], target.size[::-1]
    box = ((0, high[0]), (0, high[1]), (0, high[2]))
    geometry = geometry_of(low, high, box, spec.encoder)
    tiles = tiles_for(spec, geometry, box)
    encoded = sum(tile.encode_voxels for tile in tiles)
    operations = (2.0 * request.passes) * (
        encoded * encoder_parameters(spec.encoder) + target.voxels * _folded_weights(spec)
    )
    cores = (request.threads or usable_cpus()) if device == "cpu" else 1
    seconds = operations / (_OPERATIONS_PER_SECOND[device] * cores)
    plane = max(geometry.plane_voxels(tile) for tile in tiles)
    working = stream_bytes(spec, plane, low[geometry.stream])
    # Input and output as float32: files are written in parts. Expected errors are float16.
    arrays = 4 * (grid.voxels + target.voxels) + 2 * request.expected_error * target.voxels
    return Cost(_PROGRAM_BYTES + arrays + working, _START_SECONDS[device], seconds)


def _cost_of_interpolation(grid: Grid, target: Grid) -> Cost:
    values = 2 * grid.voxels + target.voxels
    return Cost(
        _INTERPOLATING_PROGRAM_BYTES + 4 * values,
        _SECONDS_TO_START_INTERPOLATING,
        target.voxels / _VOXELS_INTERPOLATED_PER_SECOND,
    )


def _folded_weights(spec: NetworkSpec) -> int:
    """Decoder weights that are still applied at every target voxel after folding."""
    inputs = spec.encoder.channels + spec.coordinate_channels
    readers = 2 if spec.decoder.skip else 1
    interpolation = 2 * readers * spec.decoder.width
    kept = decoder_parameters(spec) - readers * inputs * spec.decoder.width
    # The skip's second reader still sees the output of the first half.
    return kept + interpolation + (inputs * spec.decoder.width if spec.decoder.skip else 0)
