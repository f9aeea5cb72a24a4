"""Trilinear lookup in a feature map at arbitrary points (paper Eq. 4), and coordinates.

Coordinates are normalised: -1 and 1 are the outer faces of the first and last voxel, so voxel
``i`` of ``n`` is centred at ``(2i + 1)/n - 1``. Their order is the array's (k, j, i).
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

TIE = 1e-3
"""A point this near (in LR voxels) below the face between two voxels counts to the upper one, so
that rounding errors do not decide where a target voxel lies exactly on a face."""


def voxel_positions(coordinates: Tensor, shape: Sequence[int]) -> Tensor:
    """Continuous voxel indices of normalised coordinates; (..., 3) to (..., 3)."""
    sizes = torch.tensor(list(shape), dtype=coordinates.dtype, device=coordinates.device)
    return ((coordinates + 1.0) * sizes - 1.0) * 0.5


def trilinear(volume: Tensor, coordinates: Tensor, outside: str = "border") -> Tensor:
    """Values of ``volume`` at ``coordinates`` by trilinear interpolation.

    Args:
        volume: (N, C, k, j, i).
        coordinates: (N, K, 3), normalised, order (k, j, i).
        outside: what lies beyond the outermost voxel centres: ``border``, the edge voxel's value,
            or ``zeros``.

    Returns:
        (N, K, C).
    """
    if volume.device.type == "cpu" and volume.dtype != torch.float64 and outside == "border":
        return _trilinear_rows(volume.float(), coordinates)
    grid = coordinates.flip(-1)[:, None, None]
    values = F.grid_sample(
        volume, grid.to(volume.dtype), mode="bilinear", padding_mode=outside, align_corners=False
    )
    return values[:, :, 0, 0].transpose(1, 2)


def _trilinear_rows(volume: Tensor, coordinates: Tensor) -> Tensor:
    """The same through ``embedding_bag``: whole feature rows at a time, several times faster on
    a CPU than ``grid_sample``, which walks channels with a stride."""
    batch, channels = volume.shape[:2]
    shape = volume.shape[2:]
    rows = volume.permute(0, 2, 3, 4, 1).reshape(-1, channels)
    position = voxel_positions(coordinates, shape)
    largest = torch.tensor([n - 1 for n in shape], dtype=position.dtype)
    position = position.clamp(min=torch.zeros(()), max=largest)
    low = torch.minimum(position.floor(), (largest - 1).clamp(min=0))
    weight = position - low
    low_index = low.long()
    strides = torch.tensor([shape[1] * shape[2], shape[2], 1])
    steps = strides * (torch.tensor(list(shape)) > 1)
    base = (low_index * strides).sum(-1)
    base = base + (torch.arange(batch) * (shape[0] * shape[1] * shape[2]))[:, None]
    corners, weights = [], []
    for corner in range(8):
        bits = torch.tensor([(corner >> 2) & 1, (corner >> 1) & 1, corner & 1])
        corners.append(base + (bits * steps).sum())
        weights.append(torch.where(bits.bool(), weight, 1.0 - weight).prod(-1))
    index = torch.stack(corners, dim=-1).view(-1, 8)
    weighting = torch.stack(weights, dim=-1).view(-1, 8)
    values = F.embedding_bag(index, rows, mode="sum", per_sample_weights=weighting)
    return values.view(batch, -1, channels)
