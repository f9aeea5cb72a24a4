"""The upsampling engine: encode each tile once, decode it in chunks, write its part.

Memory is bounded by the tile. Tiles leave no seam: each encodes its neighbourhood as far as the
encoder reaches, and positions are counted in the whole volume.
"""

from __future__ import annotations

import logging
from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor

from ..errors import EnvironmentFault, InputError
from ..intensity import Normalisation
from .device import choose_device, memory_format, place
from .folded import FoldedDecoder
from .plan import Geometry, Shape, Spans, Tile, encoder_reach, halved, largest_tile, plan_tiles
from .progress import ProgressCallback, ProgressClock
from .rows import AxisLookup, linear_rows

if TYPE_CHECKING:
    from ..checkpoint import Model

FloatArray = npt.NDArray[np.float32]
Box = tuple[Shape, Shape]

_log = logging.getLogger(__name__)

_CHUNK_BYTES = {"cpu": 4 * 2**20, "cuda": 512 * 2**20, "mps": 128 * 2**20}
"""Size of the interpolated rows decoded at a time: on a CPU they should stay in its cache."""
_FLAT_RADIUS = 2
_FLAT_RANGE = 1e-3
"""Where all intensities within 2 voxels agree to 1/1000 of the range there is nothing to sharpen:
interpolation is kept, so that empty background stays exactly empty."""


def upsample_array(
    array: npt.NDArray[np.generic],
    target_shape: Shape,
    model: Model,
    *,
    device: str = "auto",
    box: Box | None = None,
    progress: ProgressCallback | None = None,
    tile_voxels: int | None = None,
) -> FloatArray:
    """Upsamples intensities to ``target_shape`` over the same field of view (paper §III-B).

    Args:
        array: finite LR intensities, shape (k, j, i), any scale.
        target_shape: shape (k, j, i) of the whole upsampled volume.
        model: the network.
        device: ``auto``, ``cpu``, ``cuda`` or ``mps``.
        box: start and size, in target voxels (k, j, i), of the part to compute; None for all.
        progress: called at least once a tile; it cancels by raising ``Cancelled``.
        tile_voxels: LR voxels that a tile may encode; None for what memory allows.

    Returns:
        float32 intensities on the input's scale, of ``target_shape`` or of the box's size.

    Raises:
        InputError: not a 3-D array, or a box outside the target. Finite values are the caller's
            duty; reading a volume and the Python API check them.
        EnvironmentFault: not enough memory for even the smallest tile.
    """
    low_shape = _checked_shape(array)
    start, size = box or ((0, 0, 0), target_shape)
    if any(a < 0 or n < 1 or a + n > m for a, n, m in zip(start, size, target_shape, strict=True)):
        raise InputError(f"The box {box} is not inside the upsampled volume of {target_shape}.")
    spans = cast(Spans, tuple((a, a + n) for a, n in zip(start, size, strict=True)))
    normalisation = Normalisation.of(array)
    geometry = Geometry(low_shape, target_shape, encoder_reach(model.header.spec.encoder))
    tiles = plan_tiles(geometry, spans, tile_voxels or largest_tile(model.header.spec))
    output = np.empty(size, dtype=np.float32)
    clock = ProgressClock(progress, float(sum(t.target_voxels for t in tiles)))
    worker = _Worker(array, normalisation, geometry, model, choose_device(device))
    with torch.inference_mode():
        clock.advance("encoding", 0.0)
        for tile in tiles:
            for part, values in worker.compute(tile, clock):
                place = tuple(
                    slice(a - s, b - s) for (a, b), s in zip(part.target, start, strict=True)
                )
                output[place] = normalisation.restore(values)
    return output


@dataclass
class _Worker:
    """Computes tiles on one device; moves to smaller tiles, then to the CPU, without memory."""

    array: npt.NDArray[np.generic]
    normalisation: Normalisation
    geometry: Geometry
    model: Model
    device: torch.device

    def __post_init__(self) -> None:
        self._move_to(self.device)

    def _move_to(self, device: torch.device) -> None:
        self.device = device
        place(self.model.network, device)
        self.decoder = FoldedDecoder(self.model.network, device)

    def compute(self, tile: Tile, clock: ProgressClock) -> list[tuple[Tile, FloatArray]]:
        """The normalised intensities of a tile, in one part or, short of memory, in several."""
        done = clock.done
        try:
            return [(tile, self._compute(tile, clock))]
        except NotImplementedError as error:
            # Apple's MPS still lacks some 3-D operations in some torch versions.
            if self.device.type == "cpu":
                raise
            _log.warning("%s lacks an operation (%s): continuing on the CPU.", self.device, error)
            clock.done = done
            self._move_to(torch.device("cpu"))
            return self.compute(tile, clock)
        except (RuntimeError, MemoryError) as error:
            if not _is_out_of_memory(error):
                raise
        clock.done = done
        self._free()
        parts = halved(tile, self.geometry)
        if len(parts) > 1:
            _log.warning("Short of memory on %s: working in smaller tiles.", self.device.type)
            return [result for part in parts for result in self.compute(part, clock)]
        if self.device.type == "cpu":
            raise EnvironmentFault(
                "There is not enough memory for even a small tile; close other programs, or "
                "choose a smaller region or scale."
            )
        _log.warning("Out of memory on %s: continuing on the CPU.", self.device.type)
        self._move_to(torch.device("cpu"))
        return self.compute(tile, clock)

    def _free(self) -> None:
        if self.device.type == "cuda":
            torch.cuda.empty_cache()
        elif self.device.type == "mps":
            torch.mps.empty_cache()

    def _compute(self, tile: Tile, clock: ProgressClock) -> FloatArray:
        low = self._low(tile.encode)
        lookups = self._lookups(tile.target, tile.encode)
        base = low
        for axis, lookup in enumerate(lookups):
            base = lookup.along(base, axis)
        busy = self._busy_targets(low, lookups)
        inner = _bounding_box(busy)
        if inner is None:
            clock.advance("encoding", tile.target_voxels)
            return base.cpu().numpy()
        part = self.geometry.tile(
            cast(
                Spans,
                tuple((a + s, a + e) for (a, _), (s, e) in zip(tile.target, inner, strict=True)),
            )
        )
        features = self._features(part, low, tile.encode)
        clock.advance("encoding", 0.25 * tile.target_voxels)
        values = self._decode(part, features, clock, 0.75 * tile.target_voxels)
        place = tuple(slice(s, e) for s, e in inner)
        if self.model.header.spec.residual == "trilinear":
            values += base[place]
        base[place] = torch.where(busy[place], values, base[place])
        return base.cpu().numpy()

    def _low(self, spans: Spans) -> Tensor:
        """Normalised LR intensities of a region, on the device."""
        region = self.array[tuple(slice(a, b) for a, b in spans)]
        return torch.from_numpy(self.normalisation.apply(region)).to(self.device)

    def _lookups(self, target: Spans, known: Spans) -> list[AxisLookup]:
        return [
            AxisLookup.of(span, first, n, m, self.device)
            for span, (first, _), n, m in zip(
                target, known, self.geometry.low, self.geometry.target, strict=True
            )
        ]

    def _busy_targets(self, low: Tensor, lookups: list[AxisLookup]) -> Tensor:
        """Target voxels whose nearest LR voxel is not in a flat neighbourhood, (k, j, i) bool."""
        if self.model.header.spec.residual == "none":
            # There is no interpolation to keep: the network alone defines the values.
            busy = torch.ones_like(low, dtype=torch.bool)
        else:
            busy = _local_range(low) > _FLAT_RANGE
        for axis, lookup in enumerate(lookups):
            busy = busy.index_select(axis, lookup.nearest)
        return busy

    def _features(self, tile: Tile, low: Tensor, known: Spans) -> Tensor:
        """Folded features of the tile's lookup region, (k, j, i, channels)."""
        crop = tuple(
            slice(a - first, b - first)
            for (a, b), (first, _) in zip(tile.encode, known, strict=True)
        )
        inner = tuple(
            slice(a - first, b - first)
            for (a, b), (first, _) in zip(tile.lookup, tile.encode, strict=True)
        )
        with self._precision():
            region = low[crop][None, None].contiguous(memory_format=memory_format(self.device))
            features = self.model.network.encoder(region)[0].permute(1, 2, 3, 0)[inner]
        shape = features.shape[:3]
        rows = features.reshape(-1, features.shape[-1])
        project = self.decoder.project.to(rows.dtype)
        return linear_rows(rows, project, None).view(*shape, -1)

    def _precision(self):  # type: ignore[no-untyped-def]
        """Half precision on CUDA, whose tensor cores need it; float32 elsewhere."""
        if self.device.type == "cuda":
            return torch.autocast("cuda", torch.float16)
        return nullcontext()

    def _decode(self, tile: Tile, features: Tensor, clock: ProgressClock, work: float) -> Tensor:
        """Intensities of the tile's target voxels, before any residual."""
        lookups = self._lookups(tile.target, tile.lookup)
        ratios = zip(self.geometry.low, self.geometry.target, strict=True)
        biases = [
            self.decoder.bias_along(axis, lookup, n / m).to(features.dtype)
            for axis, (lookup, (n, m)) in enumerate(zip(lookups, ratios, strict=True))
        ]
        planes, rows, columns = tile.target_shape
        values = torch.empty(tile.target_shape, device=self.device)
        at_once = _rows_at_once(self.device.type, columns, features.shape[-1])
        faded = self.model.header.spec.outside == "zeros"
        for plane in range(planes):
            k = slice(plane, plane + 1)
            level = _part(lookups[0], k).along(features, 0, faded)[0]
            if not faded:
                # Interpolation weights add up to 1, so a bias may pass through it: cheaper here.
                level += biases[0][k]
            for start in range(0, rows, at_once):
                j = slice(start, min(rows, start + at_once))
                lines = _part(lookups[1], j).along(level, 0, faded)
                if not faded:
                    lines += biases[1][j, None]
                points = lookups[2].along(lines, 1, faded)
                if faded:
                    points += (biases[0][k] + biases[1][j])[:, None]
                points += biases[2]
                flat = points.view(-1, points.shape[-1])
                values[plane, j] = self.decoder.finish(flat).view(-1, columns)
            clock.advance("decoding", work / planes)
        return values


def _is_out_of_memory(error: Exception) -> bool:
    """Whether an error says that memory ran out; the CPU's allocator has no class of its own."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    text = str(error).lower()
    return "out of memory" in text or "can't allocate memory" in text or "bad_alloc" in text


def _local_range(low: Tensor) -> Tensor:
    """Largest minus smallest intensity within ``_FLAT_RADIUS`` voxels of each voxel."""
    both = torch.stack([low, -low])[:, None]
    for axis in range(3):
        kernel, padding = [1, 1, 1], [0, 0, 0]
        kernel[axis], padding[axis] = 2 * _FLAT_RADIUS + 1, _FLAT_RADIUS
        both = F.max_pool3d(both, kernel, stride=1, padding=padding)
    return both[0, 0] + both[1, 0]


def _part(lookup: AxisLookup, span: slice) -> AxisLookup:
    return AxisLookup(*(getattr(lookup, name)[span] for name in AxisLookup.__annotations__))


def _rows_at_once(device: str, columns: int, channels: int) -> int:
    """Lines of target voxels whose interpolated features fit the chunk; a multiple of 16."""
    lines = _CHUNK_BYTES[device] // (4 * columns * channels)
    return max(16, lines // 16 * 16)


def _bounding_box(mask: Tensor) -> Spans | None:
    """The box of the True voxels, or None where there is none."""
    spans = []
    for axis in range(3):
        others = [a for a in range(3) if a != axis]
        used = torch.nonzero(mask.any(others[1]).any(others[0]))[:, 0]
        if not len(used):
            return None
        spans.append((int(used[0]), int(used[-1]) + 1))
    return cast(Spans, tuple(spans))


def _checked_shape(array: npt.NDArray[np.generic]) -> Shape:
    if array.ndim != 3:
        raise InputError(f"The array has shape {array.shape}; give three axes (k, j, i).")
    return cast(Shape, array.shape)
