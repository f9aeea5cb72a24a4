"""Trilinear feature lookup (paper Eq. 4) against its definition."""

from __future__ import annotations

import itertools

import pytest
import torch

from ArSSRLib.networks.lookup import trilinear, voxel_positions


def _by_definition(volume: torch.Tensor, position: torch.Tensor, zeros: bool) -> torch.Tensor:
    """Eq. 4 for one point: each neighbour weighted by the cuboid opposite to it."""
    shape = volume.shape[1:]
    if not zeros:
        position = torch.stack([p.clamp(0, n - 1) for p, n in zip(position, shape, strict=True)])
    low = position.floor()
    value = torch.zeros(volume.shape[0])
    for corner in itertools.product((0, 1), repeat=3):
        index = (low + torch.tensor(corner)).long()
        weight = torch.prod(1 - (position - index).abs())
        if all(0 <= i < n for i, n in zip(index, shape, strict=True)):
            value += weight * volume[:, index[0], index[1], index[2]]
    return value


@pytest.mark.parametrize("outside", ["border", "zeros"])
@pytest.mark.parametrize("shape", [(3, 4, 5), (1, 6, 2)])
def test_lookup_follows_equation_4(shape: tuple[int, int, int], outside: str) -> None:
    torch.manual_seed(1)
    volume = torch.rand(2, 7, *shape)
    coordinates = torch.rand(2, 40, 3) * 2 - 1
    found = trilinear(volume, coordinates, outside)
    positions = voxel_positions(coordinates, shape)
    for n in range(2):
        for point in range(40):
            expected = _by_definition(volume[n], positions[n, point], outside == "zeros")
            torch.testing.assert_close(found[n, point], expected, atol=1e-5, rtol=0)


def test_voxel_centres_are_normalised_to_the_faces() -> None:
    centres = torch.tensor([[-0.75, -0.75, -0.75], [0.75, 0.75, 0.75]])
    positions = voxel_positions(centres, (4, 4, 4))
    torch.testing.assert_close(positions, torch.tensor([[0.0] * 3, [3.0] * 3]))


def test_both_cpu_paths_have_the_same_gradient() -> None:
    torch.manual_seed(2)
    coordinates = torch.rand(1, 30, 3) * 1.2 - 0.6
    gradients = []
    for outside in ("border", "zeros"):
        volume = torch.rand(1, 3, 4, 4, 4, generator=torch.Generator().manual_seed(3))
        volume.requires_grad_()
        trilinear(volume, coordinates, outside).square().sum().backward()
        gradients.append(volume.grad)
    torch.testing.assert_close(gradients[0], gradients[1], atol=1e-5, rtol=1e-5)
