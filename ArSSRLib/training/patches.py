"""Training samples: an LR patch simulated on the fly, and HR voxels to predict from it.

The sample of a given number does not depend on the process or the time: the generator is
seeded with (recipe seed, number). That makes a run resumable to the step and equal on one process
or many.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from ..choices import PAPER_KERNEL
from ..resampling.blur import Blur
from ..resampling.degradation import apply_separable, axis_operator, paper_low_resolution
from ..volumes.array_types import FloatArray
from .recipe import PatchRecipe, Recipe
from .variation.augment import bias_field, contrast_curve, noisy, recoloured
from .variation.blurs import BlurSampler, scales_of
from .variation.lesions import with_lesions
from .volumes import TrainingVolume

_KSPACE_REACH = 8
"""LR voxels of margin at which the tail of a truncated k-space kernel is cut in training."""
_TRIES = 400
_PLACES = 8
"""Places in a volume that are tried for a patch without too many zeros."""


class Sample(NamedTuple):
    """One training sample.

    Attributes:
        low: LR patch (k, j, i), normalised intensities.
        coordinates: (K, 3) HR voxel centres, normalised to [-1, 1] over the patch.
        cell: (3,) size of an HR voxel in LR voxels.
        target: (K,) normalised HR intensities there.
        noise: () standard deviation of the noise that was added to ``low``.
    """

    low: FloatArray
    coordinates: FloatArray
    cell: FloatArray
    target: FloatArray
    noise: FloatArray


class _Place(NamedTuple):
    """Where a patch lies: its first LR voxel, and how LR voxels follow from a box of HR voxels."""

    low_shape: list[int]
    starts: list[int]
    operators: list[FloatArray]
    spans: tuple[slice, ...]


class PatchSampler:
    """Draws sample number ``n`` of a run (paper §IV-A.1, with the grids kept exact)."""

    def __init__(self, volumes: Sequence[TrainingVolume], recipe: Recipe) -> None:
        self.volumes = list(volumes)
        self.patches = recipe.patches
        self.seed = recipe.seed
        weights = np.array([v.weight for v in volumes], dtype=np.float64)
        self.volume_shares = weights / weights.sum()
        shares = asdict(recipe.kernels)
        self.paper_share = shares[PAPER_KERNEL] / sum(shares.values())
        self.blurs = BlurSampler(recipe.kernels, recipe.blur)

    def __getitem__(self, number: int) -> Sample:
        return self.drawn(number)[1]

    def drawn(self, number: int) -> tuple[TrainingVolume, Sample]:
        """The sample of a number, and the volume that it comes from."""
        rng = np.random.default_rng([self.seed, number])
        volume = self.volumes[rng.choice(len(self.volumes), p=self.volume_shares)]
        if rng.random() < self.paper_share:
            sample = self._paper_sample(rng, volume)
        else:
            sample = self._grid_sample(rng, volume)
        return volume, _augmented(rng, sample, self.patches)

    def _grid_sample(self, rng: np.random.Generator, volume: TrainingVolume) -> Sample:
        """A patch of the LR volume that covers exactly the field of view of the HR volume."""
        size = self.patches.size
        place = self._place(rng, volume)
        intensities = volume.array[place.spans]
        block = sound = _contrast(rng, volume.normalisation.apply(intensities), self.patches)
        if self.patches.lesions > 0 and rng.random() < self.patches.lesions:
            block = with_lesions(rng, sound, _scale(place))
        low = apply_separable(block, place.operators)
        stripped = self.patches.stripped > 0 and rng.random() < self.patches.stripped
        brain = None
        if stripped:
            coverage = apply_separable(intensities != 0, place.operators)
            brain = coverage > 0.5
            low = _stripped(low, coverage)
        low, noise = _with_noise(rng, low, brain, self.patches)
        shapes = list(zip(volume.array.shape, place.low_shape, place.starts, strict=True))
        bounds = [self._asked(start, m, n) for n, m, start in shapes]
        indices = np.stack(
            [rng.integers(*bound, size=self.patches.coordinates) for bound in bounds], axis=-1
        )
        if self.patches.lesion_voxels > 0 and block is not sound:
            self._ask_for_lesions(rng, indices, block != sound, place.spans, bounds)
        target = block[tuple((indices - [span.start for span in place.spans]).T)]
        cell = np.array([m / n for n, m, _ in shapes])
        position = (indices + 0.5) * cell - np.array(place.starts)
        return _sample(low, 2.0 * position / size - 1.0, cell, target, noise)

    def _ask_for_lesions(
        self,
        rng: np.random.Generator,
        indices: npt.NDArray[np.int64],
        lesion: npt.NDArray[np.bool_],
        spans: Sequence[slice],
        bounds: Sequence[tuple[int, int]],
    ) -> None:
        """Replaces the first HR voxels of ``indices`` (K, 3) by voxels of lesions, if any.

        Args:
            lesion: the HR voxels (k, j, i) in ``spans`` that belong to a lesion.
            bounds: first and one-past-last HR voxel to ask for, along each axis.
        """
        inner = tuple(
            slice(first - span.start, last - span.start)
            for span, (first, last) in zip(spans, bounds, strict=True)
        )
        labels, lesions = ndimage.label(lesion[inner])
        if lesions:
            voxels = np.argwhere(labels)
            sizes = np.bincount(labels.ravel())[labels[tuple(voxels.T)]]
            # Small lesions count as much as large ones: they are the ones that get lost.
            shares = 1.0 / (lesions * sizes)
            count = round(self.patches.lesion_voxels * len(indices))
            drawn = voxels[rng.choice(len(voxels), size=count, p=shares)]
            indices[:count] = drawn + [first for first, _ in bounds]

    def _place(self, rng: np.random.Generator, volume: TrainingVolume) -> _Place:
        """A patch with few enough zeros; the last one tried where none is found."""
        shape, size = volume.array.shape, self.patches.size
        scales = scales_of(rng, self.patches, volume.axes)
        blurs = self.blurs.draw(rng)
        low_shape = [min(n, max(size, round(n / s))) for n, s in zip(shape, scales, strict=True)]
        for _ in range(_PLACES):
            centre = _foreground_voxel(rng, volume, self.patches.foreground)
            starts = [
                int(np.clip(round((c + 0.5) * m / n - size / 2), 0, m - size))
                for c, m, n in zip(centre, low_shape, shape, strict=True)
            ]
            inner = tuple(
                slice(*_inside(start, size, m, n))
                for n, m, start in zip(shape, low_shape, starts, strict=True)
            )
            if volume.zeros >= 1.0 or np.mean(volume.array[inner] == 0) <= volume.zeros:
                break
        operators, spans = [], []
        for blur, n, m, start in zip(blurs, shape, low_shape, starts, strict=True):
            rows = axis_operator(blur, n, m, (start, start + size))
            span = _columns(rows, start, size, m, n, blur)
            rows = rows[:, span]
            operators.append(rows / rows.sum(axis=1, keepdims=True))
            spans.append(span)
        return _Place(low_shape, starts, operators, tuple(spans))

    def _paper_sample(self, rng: np.random.Generator, volume: TrainingVolume) -> Sample:
        """The paper's pair: a cropped HR patch and its corner-aligned cubic zoom (§IV-A.1)."""
        size = self.patches.size
        shape = volume.array.shape
        scale = rng.uniform(self.patches.scale_min, self.patches.scale_max)
        side = min(int(size * scale), *shape)
        centre = _foreground_voxel(rng, volume, self.patches.foreground)
        starts = [
            int(np.clip(c - side // 2, 0, n - side)) for c, n in zip(centre, shape, strict=True)
        ]
        block = volume.normalisation.apply(volume.array[tuple(slice(s, s + side) for s in starts)])
        block = _contrast(rng, block, self.patches)
        low, noise = _with_noise(rng, paper_low_resolution(block, side / size), None, self.patches)
        indices = rng.integers(0, side, size=(self.patches.coordinates, 3))
        target = block[tuple(indices.T)]
        cell = np.full(3, size / side)
        return _sample(low, (2.0 * indices + 1.0) / side - 1.0, cell, target, noise)

    def _asked(self, start: int, low: int, high: int) -> tuple[int, int]:
        """First and one-past-last HR voxel to ask for; no margin at the volume's edge."""
        size, margin = self.patches.size, self.patches.margin
        first = start if start == 0 else start + margin
        last = start + size if start + size == low else start + size - margin
        return _inside(first, last - first, low, high)


def _scale(place: _Place) -> float:
    """HR voxels in an LR voxel, the geometric mean of the axes."""
    ratios = [rows.shape[1] / rows.shape[0] for rows in place.operators]
    return float(np.cbrt(np.prod(ratios)))


def _sample(
    low: FloatArray,
    coordinates: npt.NDArray[np.float64],
    cell: npt.NDArray[np.float64],
    target: FloatArray,
    noise: float,
) -> Sample:
    return Sample(
        low,
        coordinates.astype(np.float32),
        cell.astype(np.float32),
        target,
        np.array(noise, dtype=np.float32),
    )


def _foreground_voxel(
    rng: np.random.Generator, volume: TrainingVolume, threshold: float
) -> npt.NDArray[np.int64]:
    """A random voxel above ``threshold``; any voxel when none turns up in a number of tries."""
    level = volume.normalisation.offset + threshold * volume.normalisation.span
    candidates = rng.integers(0, volume.array.shape, size=(_TRIES, 3))
    bright = np.flatnonzero(volume.array[tuple(candidates.T)] > level)
    return candidates[bright[0] if bright.size else 0]


def _columns(rows: FloatArray, start: int, size: int, low: int, high: int, blur: Blur) -> slice:
    """The HR voxels that matter to the LR rows ``start`` to ``start + size``."""
    inside = _inside(start, size, low, high)
    if blur.kernel == "kspace" and low < high:
        margin = int(np.ceil(_KSPACE_REACH * high / low))
        return slice(max(0, inside[0] - margin), min(high, inside[1] + margin))
    used = np.flatnonzero(rows.any(axis=0))
    return slice(min(int(used[0]), inside[0]), max(int(used[-1]) + 1, inside[1]))


def _inside(start: int, size: int, low: int, high: int) -> tuple[int, int]:
    """First and one-past-last HR voxel whose centre lies inside LR voxels start … start + size."""
    ratio = high / low
    first = int(np.ceil(start * ratio - 0.5))
    last = int(np.ceil((start + size) * ratio - 0.5))
    return max(first, 0), min(last, high)


def _augmented(rng: np.random.Generator, sample: Sample, recipe: PatchRecipe) -> Sample:
    """Random axis order, reversal and gain for input and target alike."""
    low, coordinates, cell, target, noise = sample
    if recipe.permute:
        order = rng.permutation(3)
        low, coordinates, cell = low.transpose(order), coordinates[:, order], cell[order]
    if recipe.flip:
        signs = rng.choice([-1, 1], size=3)
        low = low[tuple(slice(None, None, int(s)) for s in signs)]
        coordinates = coordinates * signs.astype(np.float32)
    if recipe.gain > 0:
        gain = np.float32((1.0 + recipe.gain) ** rng.uniform(-1.0, 1.0))
        low, target, noise = low * gain, target * gain, noise * gain
    return Sample(np.ascontiguousarray(low), np.ascontiguousarray(coordinates), cell, target, noise)


def _with_noise(
    rng: np.random.Generator,
    low: FloatArray,
    brain: npt.NDArray[np.bool_] | None,
    recipe: PatchRecipe,
) -> tuple[FloatArray, float]:
    """The patch with noise, and the noise's standard deviation.

    Args:
        low: normalised intensities (k, j, i).
        brain: where a volume that was stripped after the scan has any; None for everywhere.
    """
    if recipe.noise <= 0 or rng.random() >= recipe.noise_share:
        return low, 0.0
    # Small levels are the common ones, and the harder ones to tell from detail.
    level = recipe.noise * rng.uniform() ** 1.5
    with_noise = noisy(rng, low, level, rng.random() < recipe.correlated_share)
    return (with_noise if brain is None else np.where(brain, with_noise, low)), level


def _stripped(low: FloatArray, coverage: FloatArray) -> FloatArray:
    """A patch as if the brain had been cut out after the coarse scan, voxel by voxel.

    A coarse scan of a stripped volume fades out at the brain's rim. A coarse scan that is stripped
    afterwards ends with a step: within the rim, voxels are as bright as the tissue in them.

    Args:
        low: simulated from a stripped volume, in which the outside is 0.
        coverage: the same simulation of what is brain (1) and what is not (0).
    """
    return np.where(coverage > 0.5, low / np.maximum(coverage, 0.5), 0.0).astype(np.float32)


def _contrast(rng: np.random.Generator, block: FloatArray, recipe: PatchRecipe) -> FloatArray:
    """Another contrast, before the LR patch is simulated: blurring and contrast do not commute."""
    drawn = rng.random()
    if drawn < recipe.contrast_share:
        block = recoloured(block, contrast_curve(rng))
    elif recipe.gamma > 0 and drawn < recipe.contrast_share + recipe.gamma_share:
        gamma = np.float32((1.0 + recipe.gamma) ** rng.uniform(-1.0, 1.0))
        block = np.sign(block) * np.abs(block) ** gamma
    if recipe.bias > 0:
        for along in bias_field(rng, block.shape, recipe.bias):
            block = block * along
    return block
