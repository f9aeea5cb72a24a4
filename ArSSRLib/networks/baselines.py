"""The paper's learned baselines (§IV-A.4): one network per scale, on an interpolated image.

Each takes the LR volume brought to the HR grid by cubic interpolation and corrects it there, so
its cost grows with the HR volume. They have the same two entries as
:class:`~ArSSRLib.networks.arssr.ArSSR`, ``forward`` and ``on_grid``, so that the same training
program and the same evaluation run them.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..resampling.interpolation import axis_operator
from ..volumes.bounding_box import bounding_box
from .baseline_spec import BaselineName, BaselineSpec
from .encoder import Encoder
from .encoders import EncoderSpec
from .lookup import trilinear

_SLAB_VOXELS = 1_500_000
"""HR voxels computed at a time, which bounds the memory of the widest feature map."""
_REACH: dict[BaselineName, int] = {"SRCNN3D": 6, "DCSRN": 6, "ResCNN": 20}
"""HR voxels away from which an input voxel can still change a result: the halo of a slab."""


_BACKGROUND = 1e-3
"""Share of the intensity range up to which a voxel counts as background."""


class SRCNN3D(nn.Module):
    """Three convolutions of 9³, 1³ and 5³ voxels with 64, 32 and 1 channels (Pham 2017)."""

    def __init__(self) -> None:
        super().__init__()
        self.patches = nn.Conv3d(1, 64, kernel_size=9, padding=4)
        self.mapping = nn.Conv3d(64, 32, kernel_size=1)
        self.reconstruction = nn.Conv3d(32, 1, kernel_size=5, padding=2)

    def forward(self, image: Tensor) -> Tensor:
        """(N, 1, k, j, i) to the same shape."""
        return self.reconstruction(self.mapping(self.patches(image).relu_()).relu_())


class BatchNorm(nn.Module):
    """Batch normalisation whose state is floating-point numbers alone, as a model file holds.

    (``torch.nn.BatchNorm3d`` also counts batches, which averaging and loading weights stumble on.)
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))
        self.mean: Tensor
        self.variance: Tensor
        self.register_buffer("mean", torch.zeros(channels))
        self.register_buffer("variance", torch.ones(channels))

    def forward(self, x: Tensor) -> Tensor:
        return F.batch_norm(x, self.mean, self.variance, self.weight, self.bias, self.training)


class DCSRN(nn.Module):
    """One dense block of four layers, growth 24, each batch-normalised with an ELU (Chen 2018)."""

    growth = 24
    layers_in_block = 4

    def __init__(self) -> None:
        super().__init__()
        first = 2 * self.growth
        self.entry = _conv3(1, first)
        self.layers = nn.ModuleList(
            nn.Sequential(
                BatchNorm(first + n * self.growth),
                nn.ELU(),
                _conv3(first + n * self.growth, self.growth),
            )
            for n in range(self.layers_in_block)
        )
        self.out = _conv3(first + self.layers_in_block * self.growth, 1)

    def forward(self, image: Tensor) -> Tensor:
        """(N, 1, k, j, i) to the same shape."""
        known = self.entry(image)
        for layer in self.layers:
            known = torch.cat([known, layer(known)], dim=1)
        return self.out(known)


class Baseline(nn.Module):
    """Cubic interpolation to the HR grid, then a baseline's correction there."""

    def __init__(self, spec: BaselineSpec) -> None:
        super().__init__()
        self.spec = spec
        self.network = _build(spec.baseline)

    def forward(self, low: Tensor, coordinates: Tensor, cell: Tensor) -> Tensor:
        """Intensities at HR voxel centres of a training patch.

        Args:
            low: LR patches (N, 1, k, j, i), normalised intensities.
            coordinates: (N, K, 3), normalised to [-1, 1] over the patch, order (k, j, i).
            cell: (N, 3), size of an HR voxel in LR voxels (1 / scale); the same for all patches
                but for rounding.

        Returns:
            (N, K) normalised intensities. Where the HR grid of the volume does not meet the
            patch's faces (sizes that the scale does not divide) they are interpolated from the
            nearest HR voxels, which blurs by a fraction of a voxel, in training only.
        """
        steps = cell.mean(dim=0).tolist()
        shape = tuple(max(1, round(n / step)) for n, step in zip(low.shape[2:], steps, strict=True))
        corrected: Tensor = self.network(to_shape(low, shape))
        return trilinear(corrected.float(), coordinates)[..., 0]

    @torch.inference_mode()
    def on_grid(self, low: Tensor, shape: tuple[int, int, int]) -> Tensor:
        """The whole upsampled volume, in slabs of bounded memory.

        Outside the box around everything brighter than the darkest background there is nothing to
        correct, and interpolation is kept.

        Args:
            low: one LR volume (1, 1, k, j, i), normalised intensities.
            shape: target shape (k, j, i).

        Returns:
            (k, j, i) normalised intensities.
        """
        image = to_shape(low, shape)
        result = image[0, 0].clone()
        (top, bottom), *sides = _content_box(low[0, 0], shape)
        reach = _REACH[self.spec.baseline]
        wide = [
            (max(0, a - reach), min(n, b + reach))
            for (a, b), n in zip(sides, shape[1:], strict=True)
        ]
        area = (wide[0][1] - wide[0][0]) * (wide[1][1] - wide[1][0])
        thick = max(1, _SLAB_VOXELS // max(1, area))
        for start in range(top, bottom, thick):
            stop = min(bottom, start + thick)
            known = [(max(0, start - reach), min(shape[0], stop + reach)), *wide]
            part = image[0, 0][tuple(slice(a, b) for a, b in known)]
            slab = self.network(part[None, None])[0, 0]
            kept = [(start, stop), *sides]
            result[tuple(slice(a, b) for a, b in kept)] = slab[
                tuple(slice(a - c, b - c) for (a, b), (c, _) in zip(kept, known, strict=True))
            ]
        return result


def _content_box(low: Tensor, shape: tuple[int, int, int]) -> list[tuple[int, int]]:
    """Spans (k, j, i) of the target voxels around LR voxels that are not background, one LR voxel
    more on each side; empty for a constant volume."""
    box = bounding_box((low - low.min() > _BACKGROUND).cpu().numpy())
    if not box:
        return [(0, 0)] * 3
    spans = []
    for (first, end), target, count in zip(box, shape, low.shape, strict=True):
        ratio = target / count
        spans.append(
            (max(0, math.floor((first - 1) * ratio)), min(target, math.ceil((end + 1) * ratio)))
        )
    return spans


def to_shape(low: Tensor, shape: tuple[int, ...]) -> Tensor:
    """Cubic B-spline interpolation of (N, 1, k, j, i) to ``shape`` over the same extent."""
    image = low
    for axis, target in enumerate(shape):
        operator = axis_operator("cubic", low.shape[2 + axis], target)
        weights = torch.from_numpy(operator).to(image)
        image = torch.movedim(torch.tensordot(image, weights, dims=([2 + axis], [1])), -1, 2 + axis)
    return image.contiguous()


def _conv3(inputs: int, outputs: int) -> nn.Conv3d:
    """3×3×3 convolution that keeps the size."""
    return nn.Conv3d(inputs, outputs, kernel_size=3, padding=1)


def _build(name: BaselineName) -> SRCNN3D | DCSRN | Encoder:
    match name:
        case "SRCNN3D":
            return SRCNN3D()
        case "DCSRN":
            return DCSRN()
        case "ResCNN":
            # 20 convolutions with skips over each block and from input to output (Du 2019).
            return Encoder(EncoderSpec("ResCNN", features=64, blocks=3, layers=6, channels=1))
