"""Training pairs: LR patch and HR targets show the same place, at any scale, kernel and turn."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from ArSSRLib import choices
from ArSSRLib.networks.lookup import trilinear
from ArSSRLib.sample import sample_path
from ArSSRLib.training.patches import PatchSampler, Sample
from ArSSRLib.training.recipe import BlurRecipe, KernelRecipe, PatchRecipe, Recipe
from ArSSRLib.training.variation.blurs import BlurSampler
from ArSSRLib.training.volumes import TrainingVolume
from ArSSRLib.volumes.files.reading import read_volume
from ArSSRLib.volumes.intensity import Normalisation

PLAIN = PatchRecipe(
    size=10, coordinates=500, flip=False, permute=False, gain=0.0, gamma=0.0, noise=0.0
)

NONE = KernelRecipe(0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
KERNELS = {name: replace(NONE, **{name: 1.0}) for name in choices.KERNELS}
ALMOST_NEVER = 1e-300
"""A share that asks the generator as any other does, so that the same places are drawn."""


def _sampler(
    volumes: list[TrainingVolume], patches: PatchRecipe, kernels: KernelRecipe, seed: int
) -> PatchSampler:
    return PatchSampler(volumes, Recipe(seed=seed, patches=patches, kernels=kernels))


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
    sampler = _sampler([_waves()], recipe, kernels, seed=3)
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


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("per_axis", [0.0, 1.0])
def test_input_and_target_show_the_same_place(kernel: str, per_axis: float) -> None:
    # Truncated k-space rings at the phantom's seam, where opposite faces meet.
    allowed = 0.25 if kernel == "kspace" else 0.02
    assert _misfit(replace(PLAIN, per_axis=per_axis), KERNELS[kernel]) < allowed


def test_turns_and_flips_keep_input_and_target_together() -> None:
    recipe = replace(PLAIN, flip=True, permute=True, per_axis=0.5)
    assert _misfit(recipe, KERNELS["cubic"]) < 0.02


def test_a_shift_of_half_a_voxel_would_be_noticed() -> None:
    assert _misfit(PLAIN, KERNELS["cubic"], shift=0.5) > 0.03


def test_the_papers_pair_has_its_shapes() -> None:
    recipe = replace(PLAIN, scale_min=2.0, scale_max=4.0)
    sample = _sampler([_waves()], recipe, KernelRecipe(0, 0, 0, paper=1.0), seed=1)[0]
    assert sample.low.shape == (10, 10, 10)
    assert 2.0 <= 1.0 / sample.cell[0] <= 4.0
    assert np.abs(sample.coordinates).max() < 1.0


def test_a_sample_depends_on_its_number_alone() -> None:
    recipe = PatchRecipe(size=8, coordinates=50)
    one = _sampler([_waves()], recipe, KernelRecipe(), seed=9)
    other = _sampler([_waves()], recipe, KernelRecipe(), seed=9)
    one[4], one[7]
    for a, b in zip(one[5], other[5], strict=True):
        np.testing.assert_array_equal(a, b)
    assert not np.array_equal(one[5].target, one[6].target)


def test_patches_are_drawn_from_the_foreground() -> None:
    array = np.zeros((60, 60, 60), dtype=np.float32)
    array[20:40, 20:40, 20:40] = np.random.default_rng(0).uniform(50, 100, size=(20, 20, 20))
    volume = TrainingVolume("box", array, Normalisation.of(array), (1.0, 1.0, 1.0))
    sampler = _sampler([volume], PLAIN, KERNELS["cubic"], seed=2)
    assert all(sampler[n].low.max() > 0.2 for n in range(20))


def test_weights_decide_how_often_a_volume_is_drawn() -> None:
    dark = TrainingVolume(
        "dark", np.full((40,) * 3, 1.0, np.float32), Normalisation(0, 10), (1,) * 3, 1.0
    )
    bright = TrainingVolume(
        "bright", np.full((40,) * 3, 9.0, np.float32), Normalisation(0, 10), (1,) * 3, 9.0
    )
    sampler = _sampler([dark, bright], PLAIN, KERNELS["cubic"], seed=2)
    share = np.mean([sampler[n].target[0] > 0.5 for n in range(300)])
    assert 0.83 < share < 0.96


def _brain() -> TrainingVolume:
    """The bundled brain, of which everything else has been cut out."""
    array = read_volume(sample_path()).array
    return TrainingVolume("brain", array, Normalisation.of(array), (1.0, 1.0, 1.0))


def _drawn(volume: TrainingVolume, kernel: str, stripped: float) -> list[Sample]:
    # With a foreground of 0 a volume and its mask are drawn from at the same places.
    recipe = replace(PLAIN, foreground=0.0, stripped=stripped)
    sampler = _sampler([volume], recipe, KERNELS[kernel], seed=5)
    return [sampler[number] for number in range(12)]


@pytest.mark.parametrize("kernel", KERNELS)
def test_stripped_after_the_coarse_scan_a_brain_ends_with_a_step(kernel: str) -> None:
    brain = _brain()
    mask = replace(brain, array=np.sign(brain.array), normalisation=Normalisation(0.0, 1.0))
    before, after = _drawn(brain, kernel, ALMOST_NEVER), _drawn(brain, kernel, 1.0)
    coverages = [sample.low for sample in _drawn(mask, kernel, ALMOST_NEVER)]
    for faded, cut, coverage in zip(before, after, coverages, strict=True):
        np.testing.assert_array_equal(cut.coordinates, faded.coordinates)
        np.testing.assert_array_equal(cut.target, faded.target)
        assert (cut.low[coverage <= 0.5] == 0.0).all()
        rim = (coverage > 0.5) & (coverage < 0.95) & (faded.low > 0.0)
        assert (cut.low[rim] > faded.low[rim]).all()
        within = np.abs(coverage - 1.0) < 0.001
        np.testing.assert_allclose(cut.low[within], faded.low[within], rtol=0.002)
    fades = [faded.low[coverage <= 0.5] for faded, coverage in zip(before, coverages, strict=True)]
    assert np.concatenate(fades).max() > 0.1
    assert sum(int(((c > 0.5) & (c < 0.95)).sum()) for c in coverages) > 100


@pytest.mark.parametrize("kernel", KERNELS)
def test_where_nothing_was_cut_out_nothing_is_stripped(kernel: str) -> None:
    before, after = (_drawn(_waves(), kernel, share) for share in (ALMOST_NEVER, 1.0))
    for whole, same in zip(before, after, strict=True):
        np.testing.assert_array_equal(same.target, whole.target)
        np.testing.assert_allclose(same.low, whole.low, rtol=1e-5)


def test_the_noise_of_a_patch_has_the_level_that_the_sample_names() -> None:
    patches = replace(PLAIN, noise=0.07, noise_share=1.0, correlated_share=0.5, size=16)
    volume = _waves()
    for number in range(12):
        silent = _sampler([volume], replace(patches, noise=ALMOST_NEVER), KERNELS["cubic"], 4)
        noisy = _sampler([volume], patches, KERNELS["cubic"], 4)
        before, after = silent[number], noisy[number]
        np.testing.assert_array_equal(after.target, before.target)
        # The phantom's dark parts are left out: Rician noise is smaller there.
        bright = before.low > 0.4
        found = float((after.low - before.low)[bright].std())
        assert found == pytest.approx(float(after.noise), rel=0.15, abs=1e-4)
        assert after.noise <= 0.07


def test_a_share_of_the_patches_has_no_noise() -> None:
    patches = replace(PLAIN, noise=0.05, noise_share=0.5)
    sampler = _sampler([_waves()], patches, KERNELS["cubic"], seed=4)
    silent = sum(float(sampler[n].noise) == 0.0 for n in range(60))
    assert 15 < silent < 45


def test_another_contrast_keeps_input_and_target_together() -> None:
    recipe = replace(PLAIN, contrast_share=1.0, bias=0.3, flip=True, permute=True)
    assert _misfit(recipe, KERNELS["cubic"]) < 0.03
    plain, other = (_sampler([_waves()], r, KERNELS["cubic"], 3) for r in (PLAIN, recipe))
    assert not np.allclose(plain[0].low, other[0].low, atol=0.05)


def test_slices_are_thick_along_one_axis() -> None:
    recipe = replace(PLAIN, scale_min=2.0, thick_slices=1.0, thickest=5.0, per_axis=0.0)
    sampler = _sampler([_waves()], recipe, KERNELS["box"], seed=6)
    for number in range(10):
        factors = np.sort(1.0 / sampler[number].cell)
        np.testing.assert_allclose(factors[:2], 1.0)
        assert 1.9 < factors[2] < 5.2


def test_patches_of_the_same_grid_ask_for_their_own_voxels() -> None:
    recipe = replace(PLAIN, same_grid=1.0, per_axis=0.0)
    sample = _sampler([_waves()], recipe, KERNELS["sinc"], seed=6)[0]
    np.testing.assert_array_equal(sample.cell, 1.0)
    index = np.rint((sample.coordinates + 1.0) * 5.0 - 0.5).astype(int)
    np.testing.assert_allclose(sample.low[tuple(index.T)], sample.target, atol=1e-5)


def test_only_the_sharp_axes_of_a_volume_become_coarser() -> None:
    volume = replace(_waves(), axes=(1, 2))
    recipe = replace(PLAIN, per_axis=0.4, thick_slices=0.3, scale_min=1.5)
    sampler = _sampler([volume], recipe, KERNELS["cubic"], seed=6)
    cells = np.array([sampler[n].cell for n in range(30)])
    np.testing.assert_array_equal(cells[:, 0], 1.0)
    assert (cells[:, 1:] < 1.0).any(axis=0).all()


def test_patches_keep_away_from_where_a_face_was_cut_out() -> None:
    array = _waves().array + np.float32(1.0)
    array[:, :30] = 0.0
    volume = TrainingVolume("head", array, Normalisation.of(array), (1.0, 1.0, 1.0))
    recipe = replace(PLAIN, foreground=0.0, scale_max=2.0)
    near, away = (
        _sampler([replace(volume, zeros=zeros)], recipe, KERNELS["cubic"], seed=6)
        for zeros in (1.0, 0.0)
    )
    cut = [sum(int((s[n].low < 0.01).any()) for n in range(60)) for s in (near, away)]
    assert cut[0] > 5
    assert cut[1] == 0


def test_mixed_axes_differ_in_their_blur() -> None:
    sampler = BlurSampler(KERNELS["box"], BlurRecipe(thinnest=0.8, thickest=1.4, mixed=1.0))
    widths = {blur.thickness for blur in sampler.draw(np.random.default_rng(0))}
    assert len(widths) == 3
    assert all(0.8 <= width <= 1.4 for width in widths)


def test_a_share_of_the_voxels_is_drawn_from_lesions() -> None:
    plain = replace(PLAIN, lesions=1.0)
    kernel = KERNELS["cubic"]
    usual = _sampler([_waves()], plain, kernel, seed=3)
    asking = _sampler([_waves()], replace(plain, lesion_voxels=0.5), kernel, seed=3)
    half = plain.coordinates // 2
    for number in range(6):
        sample, other = asking[number], usual[number]
        np.testing.assert_array_equal(sample.low, other.low)
        same = sample.coordinates == other.coordinates
        assert same[half:].all()
        assert not same[:half].all()
        # The voxels of a few lesions are asked for again and again.
        assert len(np.unique(sample.coordinates[:half], axis=0)) < len(
            np.unique(other.coordinates[:half], axis=0)
        )


def test_lesions_are_in_the_input_and_in_the_target() -> None:
    with_them = _sampler([_waves()], replace(PLAIN, lesions=1.0), KERNELS["cubic"], seed=3)
    without = _sampler([_waves()], replace(PLAIN, lesions=ALMOST_NEVER), KERNELS["cubic"], seed=3)
    changes = []
    for number in range(12):
        sample, plain = with_them[number], without[number]
        changes.append(float(np.abs(sample.low - plain.low).max()))
        values = trilinear(
            torch.from_numpy(sample.low)[None, None], torch.from_numpy(sample.coordinates)[None]
        )[0, :, 0].numpy()
        # What the target has more of, the input has as well, if not as sharp.
        assert np.corrcoef(values, sample.target)[0, 1] > 0.95
    assert min(changes) > 0.01
    assert max(changes) < 0.8
