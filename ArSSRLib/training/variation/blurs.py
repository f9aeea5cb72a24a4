"""How coarse a training patch is along each axis, and how its axes are blurred."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import cast

import numpy as np
import numpy.typing as npt

from ...choices import PAPER_KERNEL, SLICE_PROFILES, WINDOWS, Kernel
from ...resampling.blur import Blur
from ..recipe import BlurRecipe, KernelRecipe, PatchRecipe


def scales_of(
    rng: np.random.Generator, recipe: PatchRecipe, axes: Sequence[int]
) -> npt.NDArray[np.float64]:
    """The scale along each array axis (k, j, i).

    Args:
        rng: the generator.
        recipe: bounds and shares.
        axes: array axes that may become coarser; the others get a scale of 1.
    """
    scales = np.ones(3)
    low, high = recipe.scale_min, recipe.scale_max
    drawn = rng.random()
    if drawn < recipe.same_grid:
        return scales
    if drawn < recipe.same_grid + recipe.thick_slices:
        scales[rng.choice(axes)] = rng.uniform(low, recipe.thickest)
        return scales
    if drawn < recipe.same_grid + recipe.thick_slices + recipe.per_axis:
        # At least one axis becomes coarser, two at most keep their voxels.
        coarser = rng.permutation(axes)[: rng.integers(1, len(axes) + 1)]
        scales[coarser] = rng.uniform(low, high, size=len(coarser))
        return scales
    scales[list(axes)] = rng.uniform(low, high)
    return scales


class BlurSampler:
    """Draws how the three axes of a patch are blurred."""

    def __init__(self, kernels: KernelRecipe, blur: BlurRecipe) -> None:
        shares = {name: share for name, share in asdict(kernels).items() if name != PAPER_KERNEL}
        total = sum(shares.values())
        self.recipe = blur
        self.names = list(shares)
        self.shares = [share / total for share in shares.values()] if total else None

    def draw(self, rng: np.random.Generator) -> list[Blur]:
        """One blur for each array axis (k, j, i)."""
        if rng.random() < self.recipe.mixed:
            return [self._one(rng) for _ in range(3)]
        return [self._one(rng)] * 3

    def _one(self, rng: np.random.Generator) -> Blur:
        kernel = cast(Kernel, self.names[rng.choice(len(self.names), p=self.shares)])
        recipe = self.recipe
        if kernel in SLICE_PROFILES:
            return Blur(kernel, thickness=rng.uniform(recipe.thinnest, recipe.thickest))
        if kernel != "kspace":
            return Blur(kernel)
        filtered = rng.random() < recipe.window_share
        window = WINDOWS[rng.integers(1, len(WINDOWS))] if filtered else "none"
        filled = rng.random() < recipe.zero_filled_share
        band = rng.uniform(recipe.smallest_band, 1.0) if filled else 1.0
        return Blur(kernel, window=window, band=band)
