"""Training pairs: LR patch and HR targets show the same place, at any scale, kernel and turn."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from ArSSRLib.intensity import Normalisation
from ArSSRLib.networks.lookup import trilinear
from ArSSRLib.training.patches import PatchSampler
from ArSSRLib.training.recipe import KernelRecipe, PatchRecipe
from ArSSRLib.training.volumes import TrainingVolume

PLAIN = PatchRecipe(
    size=10, coordinates=500, flip=False, permute=False, gain=0.0, gamma=0.0, noise=0.0
)


def _waves() -> TrainingVolume:
    """A smooth phantom: any shift or mix-up of axes shows, blurring hardly changes it."""
    k, j, i = np.meshgrid(*(np.arange(n) for n in (70, 80, 90)), indexing="ij")
    array = 2.0 + np.sin(k / 17.0) + np.cos(j / 23.0 + 1.0) + np.sin(i / 29.0 + k / 40.0)
    array = array.astype(np.float32)
    return TrainingVolume("waves", array, Normalisation.of(array), (1.0, 1.0, 1.0))


def _misfit(recipe: PatchRecipe, kernels: KernelRecipe, shift: float = 0.0) -> float:
    """Largest difference of target and interpolated LR patch, away from the patch's border.

    ``shift`` misplaces the coordinates by so many LR voxels along every axis.
    """
    sampler = PatchSampler([_waves()], recipe, kernels, seed=3)
    worst = 0.0
    for number in range(12):
        sample = sampler[number]
        coordinates = sample.coordinates + np.float32(2.0 * shift / recipe.size)
        values = trilinear(
            torch.from_numpy(sample.low)[None, None], torch.from_numpy(coordinates)[None]
        )[0, :, 0].numpy()
        inner = np.abs(coordinates).max(axis=1) < 0.85
        worst = max(worst, float(np.abs(values - sample.target)[inner].max()))
    return worst


@pytest.mark.parametrize("kernel", ["cubic", "gaussian", "kspace"])
@pytest.mark.parametrize("per_axis", [0.0, 1.0])
def test_input_and_target_show_the_same_place(kernel: str, per_axis: float) -> None:
    kernels = KernelRecipe(**{**dict.fromkeys(("cubic", "kspace", "gaussian"), 0.0), kernel: 1.0})
    # Truncated k-space rings at the phantom's seam, where opposite faces meet.
    allowed = 0.25 if kernel == "kspace" else 0.02
    assert _misfit(replace(PLAIN, per_axis=per_axis), kernels) < allowed


def test_turns_and_flips_keep_input_and_target_together() -> None:
    recipe = replace(PLAIN, flip=True, permute=True, per_axis=0.5)
    assert _misfit(recipe, KernelRecipe(1.0, 0.0, 0.0)) < 0.02


def test_a_shift_of_half_a_voxel_would_be_noticed() -> None:
    assert _misfit(PLAIN, KernelRecipe(1.0, 0.0, 0.0), shift=0.5) > 0.03


def test_the_papers_pair_has_its_shapes() -> None:
    recipe = replace(PLAIN, scale_min=2.0, scale_max=4.0)
    sample = PatchSampler([_waves()], recipe, KernelRecipe(0, 0, 0, 1.0), seed=1)[0]
    assert sample.low.shape == (10, 10, 10)
    assert 2.0 <= 1.0 / sample.cell[0] <= 4.0
    assert np.abs(sample.coordinates).max() < 1.0


def test_a_sample_depends_on_its_number_alone() -> None:
    recipe = PatchRecipe(size=8, coordinates=50)
    one = PatchSampler([_waves()], recipe, KernelRecipe(), seed=9)
    other = PatchSampler([_waves()], recipe, KernelRecipe(), seed=9)
    one[4], one[7]
    for a, b in zip(one[5], other[5], strict=True):
        np.testing.assert_array_equal(a, b)
    assert not np.array_equal(one[5].target, one[6].target)


def test_patches_are_drawn_from_the_foreground() -> None:
    array = np.zeros((60, 60, 60), dtype=np.float32)
    array[20:40, 20:40, 20:40] = np.random.default_rng(0).uniform(50, 100, size=(20, 20, 20))
    volume = TrainingVolume("box", array, Normalisation.of(array), (1.0, 1.0, 1.0))
    sampler = PatchSampler([volume], PLAIN, KernelRecipe(1.0, 0.0, 0.0), seed=2)
    assert all(sampler[n].low.max() > 0.2 for n in range(20))


def test_weights_decide_how_often_a_volume_is_drawn() -> None:
    dark = TrainingVolume(
        "dark", np.full((40,) * 3, 1.0, np.float32), Normalisation(0, 10), (1,) * 3, 1.0
    )
    bright = TrainingVolume(
        "bright", np.full((40,) * 3, 9.0, np.float32), Normalisation(0, 10), (1,) * 3, 9.0
    )
    sampler = PatchSampler([dark, bright], PLAIN, KernelRecipe(1.0, 0.0, 0.0), seed=2)
    share = np.mean([sampler[n].target[0] > 0.5 for n in range(300)])
    assert 0.83 < share < 0.96
