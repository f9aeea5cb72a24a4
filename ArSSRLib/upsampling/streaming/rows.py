"""Features as rows: layers that see one point at a time, and interpolation on a regular grid.

Points are the leading axes, channels the last: the memory order of ``channels_last_3d``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from ...networks.lookup import TIE
from ..hardware.precision import products_in_float32

_BATCH = 16


def linear_rows(rows: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """``rows @ weight.T + bias`` for rows (N, inputs), weight (outputs, inputs).

    On a CPU a 1×1 convolution over 16 images does this in float32 about twice as fast as
    ``F.linear``: it is routed to oneDNN, the matrix product to a BLAS that is slow on some
    processors.
    """
    if products_in_float32(rows.dtype, rows.device.type):
        exact = None if bias is None else bias.float()
        return linear_rows(rows.float(), weight.float(), exact).to(rows.dtype)
    count, inputs = rows.shape
    if (
        rows.device.type != "cpu"
        or rows.dtype != torch.float32
        or count % _BATCH
        or weight.shape[0] < _BATCH
    ):
        return F.linear(rows, weight, bias)
    image = rows.view(_BATCH, count // _BATCH, 1, inputs).permute(0, 3, 1, 2)
    result = F.conv2d(image, weight[:, :, None, None], bias)
    return result.permute(0, 2, 3, 1).reshape(count, weight.shape[0])


@dataclass(frozen=True)
class AxisLookup:
    """Linear interpolation along one axis, from LR voxels to some target voxels.

    Attributes:
        low, high: indices of the two LR voxels beside each target voxel, (targets,), counted from
            the first LR voxel of the tile's features.
        weight: share of ``high``, (targets,).
        nearest: index of the nearest LR voxel, (targets,), counted the same way.
        offset: from the nearest LR voxel's centre, in LR voxels, (targets,).
        absolute: coordinate over the whole volume in [-1, 1], (targets,).
        fade: 1, falling to 1/2 at the faces of the field of view for targets beyond the outermost
            LR voxel centre, (targets,): what is left when features are zero outside.
    """

    low: Tensor
    high: Tensor
    weight: Tensor
    nearest: Tensor
    offset: Tensor
    absolute: Tensor
    fade: Tensor

    @staticmethod
    def of(
        span: tuple[int, int], first: int, low: int, target: int, device: torch.device
    ) -> AxisLookup:
        """For the target voxels of ``span``, of ``target`` in all, over ``low`` LR voxels.

        ``first`` is the first LR voxel whose features are at hand. Positions are computed in
        double precision from the voxel's number in the whole volume, so that a voxel gets the
        same weights in every tile.
        """
        number = np.arange(*span)
        position = (number + 0.5) * low / target - 0.5
        nearest = np.floor(position + 0.5 + TIE)
        inside = np.clip(position, 0, low - 1)
        below = np.clip(np.floor(inside), 0, max(0, low - 2))
        above = np.minimum(below + 1, low - 1)

        def index(values: np.ndarray) -> Tensor:
            return torch.from_numpy((values - first).astype(np.int64)).to(device)

        def real(values: np.ndarray) -> Tensor:
            return torch.from_numpy(values.astype(np.float32)).to(device)

        return AxisLookup(
            index(below),
            index(above),
            real(inside - below),
            index(np.clip(nearest, 0, low - 1)),
            real(position - nearest),
            real((2.0 * number + 1.0) / target - 1.0),
            real(1.0 - np.abs(position - inside)),
        )

    def part(self, targets: slice) -> AxisLookup:
        """The same for some of the target voxels."""
        return AxisLookup(*(getattr(self, name)[targets] for name in AxisLookup.__annotations__))

    def along(self, values: Tensor, axis: int, faded: bool = False) -> Tensor:
        """Interpolates ``values`` along ``axis``.

        Beyond the outermost LR voxel centres the edge voxel's value is held; with ``faded`` the
        volume is taken to be 0 outside.
        """
        result = torch.lerp(
            values.index_select(axis, self.low),
            values.index_select(axis, self.high),
            _shaped(self.weight, values, axis),
        )
        return result.mul_(_shaped(self.fade, values, axis)) if faded else result

    def between(self, low: Tensor, high: Tensor, faded: bool = False) -> Tensor:
        """The same for a single target whose two neighbours are at hand."""
        result = torch.lerp(low, high, self.weight.to(low.dtype))
        return result.mul_(self.fade.to(low.dtype)) if faded else result


def _shaped(weights: Tensor, values: Tensor, axis: int) -> Tensor:
    shape = [1] * values.dim()
    shape[axis] = -1
    return weights.view(shape).to(values.dtype)
