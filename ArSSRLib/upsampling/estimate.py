"""Estimates what an upsampling will cost, before it starts; needs no torch."""

from __future__ import annotations

from dataclasses import dataclass

from ..networks.spec import NetworkSpec, decoder_parameters, encoder_parameters
from ..running.machine import multiplies_bfloat16, usable_cpus
from ..volumes.grid import Grid
from .plan import geometry_of, stream_bytes, tiles_for
from .request import Upsampling

_OPERATIONS_PER_SECOND = {"cpu": 110e9, "cuda": 8e12, "mps": 1.5e12}
"""Typical float operations a second: of one CPU core in float32, and of a whole graphics device."""
_BFLOAT16_SPEED = {True: 1.8, False: 0.4}
"""Of bfloat16 on a CPU that has it in hardware, and on one that imitates it; float32 is 1."""
_BFLOAT16_SHARE = 0.5
"""Of the memory that the planes inside the encoder take in float32, at least."""
_START_SECONDS = {"cpu": 3.0, "cuda": 6.0, "mps": 5.0}
"""Starting Python, importing torch, waking the device."""
_PROGRAM_BYTES = 540 * 2**20
"""Resident memory of Python with torch and SimpleITK loaded, of the slab being computed, and of
what the allocator keeps between planes."""
_INTERPOLATING_PROGRAM_BYTES = 300 * 2**20
"""Resident memory of Python with SimpleITK loaded, and of the slab that is interpolated."""
_SHAREABLE_BYTES = 340 * 2**20
_INTERPOLATING_SHAREABLE_BYTES = 250 * 2**20
"""Of that memory, what some runs do without: pages of libraries, which the kernel gives up and
reads again, and what the allocator keeps."""
_SECONDS_TO_START_INTERPOLATING = 1.0
_VOXELS_INTERPOLATED_PER_SECOND = 3e7


@dataclass(frozen=True)
class Cost:
    """Estimates.

    Attributes:
        peak_bytes: highest resident memory of the process, in bytes.
        least_bytes: memory below which the process cannot end well, in bytes.
        start_seconds: time until a new process computes, in s.
        computing_seconds: time from then on, in s.
    """

    peak_bytes: int
    least_bytes: int
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
            the grids of the region instead. On the CPU, the precision counts.
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
    halved = device == "cpu" and _computes_in_bfloat16(request)
    faster = _BFLOAT16_SPEED[multiplies_bfloat16()] if halved else 1.0
    speed = _OPERATIONS_PER_SECOND[device] * cores * faster
    plane = max(geometry.plane_voxels(tile) for tile in tiles)
    working = stream_bytes(spec, plane, low[geometry.stream])
    # Input and output as float32: files are written in parts. Expected errors are float16,
    # before and after they are refined.
    arrays = 4 * (grid.voxels + target.voxels) + 4 * request.expected_error * target.voxels
    # A graphics device takes the encoder's planes into its own memory.
    share = 0.0 if device != "cpu" else _BFLOAT16_SHARE if halved else 1.0
    least = _PROGRAM_BYTES - _SHAREABLE_BYTES + arrays + int(share * working)
    peak = _PROGRAM_BYTES + arrays + working
    return Cost(peak, least, _START_SECONDS[device], operations / speed)


def _computes_in_bfloat16(request: Upsampling) -> bool:
    """Whether the CPU computes in bfloat16, by the user's wish or because it is fast at it."""
    return request.precision == "bfloat16" or (
        request.precision == "auto" and multiplies_bfloat16()
    )


def _cost_of_interpolation(grid: Grid, target: Grid) -> Cost:
    peak = _INTERPOLATING_PROGRAM_BYTES + 4 * (2 * grid.voxels + target.voxels)
    return Cost(
        peak,
        peak - _INTERPOLATING_SHAREABLE_BYTES,
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
