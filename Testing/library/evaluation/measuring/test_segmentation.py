"""Tissue and atlas segmentation of a real brain with ANTs, and the Dice overlap."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from scipy import ndimage

from ArSSRLib.errors import EnvironmentFault, InputError
from ArSSRLib.evaluation.measuring.measure import measure
from ArSSRLib.evaluation.measuring.methods import parse_method
from ArSSRLib.evaluation.measuring.segmentation import (
    PAPER_REGIONS,
    TISSUES,
    AtlasSegmenter,
    TissueSegmenter,
    brain_mask,
    dice,
)
from ArSSRLib.evaluation.measuring.tasks import Task
from ArSSRLib.evaluation.settings import Settings
from ArSSRLib.volumes.grid import Grid


@pytest.fixture(scope="module")
def coarse(brain: np.ndarray) -> np.ndarray:
    """The brain in voxels of 4 mm: an eighth of the work."""
    return np.ascontiguousarray(brain[::2, ::2, ::2])


@pytest.fixture(scope="module")
def coarse_grid(brain_grid: Grid, coarse: np.ndarray) -> Grid:
    spacing = tuple(2.0 * s for s in brain_grid.spacing)
    return Grid(coarse.shape[::-1], spacing, brain_grid.origin, brain_grid.direction)  # type: ignore[arg-type]


def test_dice_counts_twice_the_overlap() -> None:
    first = np.array([[[1, 1, 2, 0]]], dtype=np.uint8)
    second = np.array([[[1, 2, 2, 2]]], dtype=np.uint8)
    scores = dice(first, second, TISSUES)
    assert scores["CSF"] == pytest.approx(2 / 3)
    assert scores["GM"] == pytest.approx(2 / 4)
    assert np.isnan(scores["WM"])


def test_the_brain_of_a_skull_stripped_volume_is_what_is_not_background(brain) -> None:
    assert np.array_equal(brain_mask(brain), brain > 0)


def test_a_volume_with_a_noisy_border_needs_a_mask(noisy_brain) -> None:
    with pytest.raises(InputError, match="not skull-stripped"):
        brain_mask(noisy_brain)


def test_tissue_classes_are_ordered_by_t1_brightness(brain, brain_grid: Grid) -> None:
    pytest.importorskip("ants", reason="the optional extra 'segmentation' is not installed")
    mask = brain_mask(brain)
    labels = TissueSegmenter().segment(brain, brain_grid, mask)
    assert labels.shape == brain.shape
    assert np.array_equal(labels > 0, mask)
    means = [brain[labels == label].mean() for label in TISSUES.values()]
    assert means == sorted(means)


def test_blur_costs_dice_and_identity_does_not(coarse, coarse_grid: Grid) -> None:
    pytest.importorskip("ants", reason="the optional extra 'segmentation' is not installed")
    mask = brain_mask(coarse)

    def segmented(array: np.ndarray) -> np.ndarray:
        return TissueSegmenter().segment(array, coarse_grid, mask)

    truth = segmented(coarse)
    same = dice(truth, segmented(coarse.copy()), TISSUES)
    blurred = [
        dice(truth, segmented(ndimage.gaussian_filter(coarse, sigma)), TISSUES)
        for sigma in (0.5, 1.5)
    ]
    for tissue in TISSUES:
        assert same[tissue] == 1.0
        assert blurred[1][tissue] < blurred[0][tissue] < 1.0


def test_an_atlas_gives_the_papers_six_regions(coarse, coarse_grid: Grid, tmp_path: Path) -> None:
    pytest.importorskip("ants", reason="the optional extra 'segmentation' is not installed")
    mask = brain_mask(coarse)
    truth = _six_regions(TissueSegmenter().segment(coarse, coarse_grid, mask))
    for name, array in (("template", coarse), ("labels", truth)):
        image = sitk.GetImageFromArray(array)
        image.SetSpacing(coarse_grid.spacing)
        image.SetDirection(coarse_grid.direction)
        image.SetOrigin([x + 6.0 for x in coarse_grid.origin])
        sitk.WriteImage(image, str(tmp_path / f"{name}.nii.gz"))

    found = AtlasSegmenter(tmp_path).segment(coarse, coarse_grid, mask)

    scores = dice(truth, found, PAPER_REGIONS)
    assert set(scores) == set(PAPER_REGIONS)
    assert min(scores.values()) > 0.6


def _six_regions(tissues: np.ndarray) -> np.ndarray:
    """Boxes replace deep grey matter, brain stem and cerebellum: enough for a round trip."""
    regions = tissues.copy()
    depth, height, width = regions.shape
    for label, box in (
        (4, (slice(depth // 3, depth // 2), slice(height // 3, height // 2))),
        (5, (slice(0, depth // 3), slice(height // 3, height // 2))),
        (6, (slice(0, depth // 3), slice(height // 2, height))),
    ):
        part = regions[box]
        part[(part > 0)] = label
    return regions


def test_an_incomplete_atlas_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"has no template\.nii\.gz"):
        AtlasSegmenter(tmp_path)


def test_an_empty_mask_is_refused(brain, brain_grid: Grid) -> None:
    pytest.importorskip("ants", reason="the optional extra 'segmentation' is not installed")
    with pytest.raises(InputError, match="brain mask is empty"):
        TissueSegmenter().segment(brain, brain_grid, np.zeros(brain.shape, dtype=bool))


def test_without_antspyx_the_message_names_what_to_install(
    brain, brain_grid: Grid, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ants", None)
    with pytest.raises(EnvironmentFault, match=r"pip install 'arssr\[segmentation\]'"):
        TissueSegmenter().segment(brain, brain_grid, brain > 0)


def test_a_case_has_the_overlap_of_each_tissue_and_a_blunter_method_less(
    brain_image: sitk.Image, quick: Callable[..., Settings], tmp_path: Path
) -> None:
    pytest.importorskip("ants", reason="the optional extra 'segmentation' is not installed")
    path = tmp_path / "coarse.nii.gz"
    sitk.WriteImage(brain_image[::2, ::2, ::2], str(path))
    cubic, nearest = (
        measure(Task("coarse", path, 1.5, parse_method(name)), quick(segmentation=True)).dice
        for name in ("cubic", "nearest")
    )
    assert set(cubic) == set(TISSUES)
    assert all(1.0 > cubic[name] > nearest[name] > 0.5 for name in TISSUES)
