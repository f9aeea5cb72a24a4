"""One tile on one device: interpolated slab by slab, and sharpened where it is busy."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import numpy as np
import torch
from torch import Tensor

from ...networks.expected_error import SMALLEST_ERROR
from ...volumes.array_types import Array, FloatArray
from ...volumes.intensity import Normalisation
from ..hardware.device import memory_format, place, release_memory
from ..hardware.precision import in_precision
from ..plan import Geometry, Shape, Spans, Tile, planes_at_once
from ..progress import ProgressClock
from .features import FeatureStream, FeatureWindow
from .flat_regions import busy_targets, busy_voxels
from .folded_decoder import FoldedDecoder, FoldedHead
from .planes import PlaneDecoder
from .rows import AxisLookup
from .stream import encoder_stream

if TYPE_CHECKING:
    from ...networks.expected_error import ExpectedErrorHead
    from ...networks.model_file import Model

_SLAB_BYTES = 8 * 2**20
"""Size of the intensities that are computed before they are written to the result."""
_ENCODING_SHARE = 0.25
"""How much of the work on a tile is its encoding."""


class NotFinite(ArithmeticError):
    """The network returned values that are not numbers."""


@dataclass(frozen=True)
class View:
    """A model, and how it sees a volume.

    Attributes:
        model: the network with its weights.
        normalisation: of the volume's intensities.
        head: what gives the expected error; None where that is not asked for.
    """

    model: Model
    normalisation: Normalisation
    head: ExpectedErrorHead | None = None


class TileComputer:
    """Computes tiles with one model on one device, where it moves the model's weights.

    Features and the decoder's hidden layers are of the type ``dtype``; what residual connections
    add up and intensities are float32.

    Args:
        view: the model, and how it sees the volume.
        geometry: of the run.
        device: where to compute.
        dtype: see above.
    """

    def __init__(
        self, view: View, geometry: Geometry, device: torch.device, dtype: torch.dtype
    ) -> None:
        model = view.model
        self.model, self.normalisation = model, view.normalisation
        self.geometry, self.device = geometry, device
        spec = model.header.spec
        place(model.network, device)
        self.encoder = in_precision(model.network.encoder, dtype)
        factors = [m / n for n, m in zip(geometry.low, geometry.target, strict=True)]
        head = None if view.head is None else FoldedHead(view.head, factors, device, dtype)
        self.decoder = FoldedDecoder(model.network, device, dtype, head)
        self.planes = PlaneDecoder(self.decoder, geometry, device, spec.outside == "zeros")
        self.residual = spec.residual == "trilinear"
        # Without a residual there is no interpolation to keep: the network defines all values.
        self.spares_flat_parts = spec.residual != "none"

    def compute(
        self, array: Array, tile: Tile, clock: ProgressClock
    ) -> Iterator[tuple[Spans, FloatArray]]:
        """What a tile's target voxels get, slab by slab with the target voxels of each.

        A slab (outputs, k, j, i) holds normalised intensities, and behind them the expected errors
        where there is a head.

        Args:
            array: LR intensities (k, j, i) of the whole volume.
            tile: what to compute.
            clock: advanced by all of the tile's target voxels by the end.

        Raises:
            NotFinite: the network's values overflow.
        """
        low = self._low(array, tile.encode)
        lookups = self._lookups(tile.target, tile.encode)
        busy = (
            busy_voxels(low) if self.spares_flat_parts else torch.ones_like(low, dtype=torch.bool)
        )
        inner = busy_targets(busy, lookups)
        planes = self._intensities(tile, inner, low, clock) if inner else iter(())
        if inner is None:
            clock.advance("encoding", tile.target_voxels)
        axis = self.geometry.stream
        for slab in _slabs(tile.target_shape, axis):
            parts = list(lookups)
            parts[axis] = lookups[axis].part(slab)
            interpolated, sharpened = low, busy
            # The slab's axis first: it leaves the least for the others.
            for n in (axis, *self.geometry.across):
                interpolated = parts[n].along(interpolated, n)
                sharpened = sharpened.index_select(n, parts[n].nearest)
            values = interpolated[None]
            if self.decoder.outputs > 1:
                values = torch.stack([interpolated, torch.full_like(interpolated, SMALLEST_ERROR)])
            if inner is not None:
                self._sharpen(values, sharpened, slab, inner, planes)
            spans = list(tile.target)
            first = spans[axis][0]
            spans[axis] = (first + slab.start, first + slab.stop)
            computed = values.cpu().numpy()
            if not np.isfinite(computed).all():
                raise NotFinite(f"The model {self.model.name} gives values that are not finite")
            yield cast(Spans, tuple(spans)), computed

    def _sharpen(
        self, values: Tensor, busy: Tensor, slab: slice, inner: Spans, planes: Iterator[Tensor]
    ) -> None:
        """Puts what the network gives into a slab (outputs, k, j, i) where it is busy."""
        axis = self.geometry.stream
        box: list[slice | int] = [slice(*span) for span in inner]
        for number in range(max(slab.start, inner[axis][0]), min(slab.stop, inner[axis][1])):
            box[axis] = number - slab.start
            kept = values[(slice(None), *box)]
            network = next(planes)
            if self.residual:
                network[0] += kept[0]
            values[(slice(None), *box)] = torch.where(busy[tuple(box)], network, kept)

    def _intensities(
        self, tile: Tile, inner: Spans, low: Tensor, clock: ProgressClock
    ) -> Iterator[Tensor]:
        """The network's planes (outputs, rows, columns) of the box ``inner`` of a tile."""
        spans = ((a + s, a + e) for (a, _), (s, e) in zip(tile.target, inner, strict=True))
        part = self.geometry.tile(cast(Spans, tuple(spans)))
        axis = self.geometry.stream
        encoding = _ENCODING_SHARE * tile.target_voxels / part.encode_shape[axis]
        decoding = (1.0 - _ENCODING_SHARE) * tile.target_voxels / part.target_shape[axis]

        def pushed(count: int) -> None:
            if self.device.type == "cpu":
                # Else the heap grows with every chunk: planes of all sizes come and go.
                release_memory(self.device)
            clock.advance("encoding", encoding * count)

        features = self._features(part, low, tile.encode, pushed)
        yield from self.planes.planes(
            self._lookups(part.target, part.lookup),
            FeatureWindow(iter(features)),
            FeatureWindow(features.local_detail()) if self.decoder.outputs > 1 else None,
            lambda: clock.advance("decoding", decoding),
        )

    def _features(
        self, tile: Tile, low: Tensor, known: Spans, pushed: Callable[[int], None]
    ) -> FeatureStream:
        """Folded features of the tile's lookup region, from LR intensities of the box ``known``."""
        layout = memory_format(self.device)
        region = low[_within(tile.encode, known)][None, None].contiguous(memory_format=layout)
        axis = self.geometry.stream
        return FeatureStream(
            encoder_stream(self.encoder, axis, layout),
            region,
            axis,
            _within(tile.lookup, tile.encode),
            self.decoder,
            planes_at_once(self.model.header.spec, self.geometry.plane_voxels(tile)),
            pushed,
        )

    def _low(self, array: Array, spans: Spans) -> Tensor:
        """Normalised LR intensities of a region, on the device."""
        region = array[tuple(slice(a, b) for a, b in spans)]
        normalised = np.ascontiguousarray(self.normalisation.apply(region))
        return torch.from_numpy(normalised).to(self.device)

    def _lookups(self, target: Spans, known: Spans) -> list[AxisLookup]:
        """From the LR voxels of the box ``known`` to the target voxels, along (k, j, i)."""
        return [
            AxisLookup.of(span, first, n, m, self.device)
            for span, (first, _), n, m in zip(
                target, known, self.geometry.low, self.geometry.target, strict=True
            )
        ]


def _within(inner: Spans, outer: Spans) -> tuple[slice, slice, slice]:
    """A box as slices of an array that begins where ``outer`` does."""
    k, j, i = (slice(a - o, b - o) for (a, b), (o, _) in zip(inner, outer, strict=True))
    return k, j, i


def _slabs(shape: Shape, axis: int) -> Iterator[slice]:
    """Consecutive target planes along ``axis`` whose intensities fit the slab."""
    planes = shape[axis]
    plane_bytes = 4 * int(np.prod(shape)) // planes
    at_once = max(1, _SLAB_BYTES // plane_bytes)
    for start in range(0, planes, at_once):
        yield slice(start, min(planes, start + at_once))
