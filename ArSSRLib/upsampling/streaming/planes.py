"""From features to intensities: the decoder applied to one plane of target voxels after another."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ...networks.expected_error import error_of
from ..plan import Geometry
from .features import FeatureWindow
from .folded_decoder import FoldedDecoder
from .rows import AxisLookup

_CHUNK_BYTES = {"cpu": 4 * 2**20, "cuda": 512 * 2**20, "mps": 128 * 2**20}
"""Size of the interpolated rows decoded at a time: on a CPU they should stay in its cache."""


@dataclass(frozen=True)
class PlaneDecoder:
    """Decodes the planes of a tile.

    Attributes:
        decoder: the network's, folded, on the device.
        geometry: of the whole run.
        device: where it computes.
        faded: whether features are taken to be 0 outside the volume.
    """

    decoder: FoldedDecoder
    geometry: Geometry
    device: torch.device
    faded: bool

    def planes(
        self,
        lookups: Sequence[AxisLookup],
        features: FeatureWindow,
        local: FeatureWindow | None,
        decoded: Callable[[], None],
    ) -> Iterator[Tensor]:
        """A tile's planes of target voxels (outputs, rows, columns), before any residual.

        Args:
            lookups: from the tile's lookup region to its target voxels, along (k, j, i).
            features: of the lookup region.
            local: what a head for the expected error reads of the scan, of the lookup region; None
                without a head.
            decoded: called after each plane.
        """
        axis, (down, right) = self.geometry.stream, self.geometry.across
        along, rows, columns = lookups[axis], lookups[down], lookups[right]
        biases = [
            self.decoder.bias_along(n, lookup, self.geometry.low[n] / self.geometry.target[n])
            for n, lookup in enumerate(lookups)
        ]
        below, above = along.low.tolist(), along.high.tolist()
        for number in range(len(below)):
            here = slice(number, number + 1)
            pair = features.planes(below[number], above[number] + 1)
            level = along.part(here).between(pair[0], pair[-1], self.faded)
            detail = None
            if local is not None:
                pair = local.planes(below[number], above[number] + 1)
                detail = along.part(here).between(pair[0], pair[-1], self.faded)
                # Columns first, which is faster with so few channels.
                detail = rows.along(columns.along(detail, 1, self.faded), 0, self.faded)
            bias = biases[axis][here], biases[down], biases[right]
            plane = self._plane(level, detail, rows, columns, bias)
            decoded()
            yield plane

    def _plane(
        self,
        level: Tensor,
        detail: Tensor | None,
        rows: AxisLookup,
        columns: AxisLookup,
        biases: Sequence[Tensor],
    ) -> Tensor:
        """A plane (outputs, rows, columns), from its features (LR rows, LR columns, C)."""
        height, width = len(rows.weight), len(columns.weight)
        values = torch.empty(self.decoder.outputs, height, width, device=self.device)
        kind = level.dtype
        bias, row_bias, column_bias = (each.to(kind) for each in biases)
        if not self.faded:
            # Interpolation weights add up to 1, so a bias may pass through it: cheaper here.
            level = level + bias
        at_once = _rows_at_once(self.device.type, width, level.shape[-1])
        for start in range(0, height, at_once):
            j = slice(start, min(height, start + at_once))
            lines = rows.part(j).along(level, 0, self.faded)
            if not self.faded:
                lines += row_bias[j, None]
            points = columns.along(lines, 1, self.faded)
            if self.faded:
                points += (bias + row_bias[j])[:, None]
            points += column_bias
            flat = points.view(-1, points.shape[-1])
            local = None if detail is None else detail[j].reshape(len(flat), -1)
            for output, computed in zip(values, self.decoder.finish(flat, local), strict=True):
                output[j] = computed.view(-1, width)
        if detail is not None:
            values[1] = error_of(values[1])
        return values


def _rows_at_once(device: str, columns: int, channels: int) -> int:
    """Lines of target voxels whose interpolated features fit the chunk; a multiple of 16."""
    lines = _CHUNK_BYTES[device] // (4 * columns * channels)
    return max(16, lines // 16 * 16)
