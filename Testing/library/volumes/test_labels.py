"""Label maps are recognised by their header, their name or their values; images are not."""

from __future__ import annotations

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
import SimpleITK as sitk

from ArSSRLib.errors import InputError
from ArSSRLib.sample import sample_path
from ArSSRLib.volumes.files.reading import read_volume
from ArSSRLib.volumes.grid import Grid
from ArSSRLib.volumes.labels import label_reason, refuse_labels
from ArSSRLib.volumes.volume import Volume


@pytest.fixture(scope="module")
def brain() -> Volume:
    return read_volume(sample_path())


@pytest.fixture(scope="module")
def tissue(brain: Volume) -> np.ndarray:
    """Labels like those of a segmentation: the brain's intensities, smoothed, in a few classes."""
    image = sitk.SmoothingRecursiveGaussian(sitk.GetImageFromArray(brain.array), 2.0)
    smooth = sitk.GetArrayFromImage(image)
    return np.digitize(smooth, np.percentile(smooth, [60, 75, 85, 95])).astype(np.float32)


def _named(volume: Volume, array: np.ndarray, pixel_type: str) -> Volume:
    return Volume(array, volume.grid, pixel_type)


def test_a_nifti_header_says_that_it_holds_labels(tmp_path: Path) -> None:
    image = nib.Nifti1Image(np.zeros((4, 5, 6), np.int16), np.eye(4))
    image.header.set_intent("label")
    nib.save(image, tmp_path / "a.nii.gz")
    assert "intent" in label_reason(read_volume(tmp_path / "a.nii.gz"), "a.nii.gz")


def test_a_segmentation_of_slicer_says_so_in_its_header(tmp_path: Path) -> None:
    image = sitk.GetImageFromArray(np.ones((4, 5, 6), np.uint8))
    image.SetMetaData("Segmentation_MasterRepresentation", "Binary labelmap")
    image.SetMetaData("Segment0_ID", "Segment_1")
    sitk.WriteImage(image, str(tmp_path / "a.seg.nrrd"))
    assert "segmentation" in label_reason(read_volume(tmp_path / "a.seg.nrrd"))


@pytest.mark.parametrize(
    "name", ["sub-01_dseg.nii.gz", "aparc+aseg.mgz", "brain_mask.nii", "x-labels.mha"]
)
def test_a_name_counts_with_whole_numbers_only(brain: Volume, name: str) -> None:
    few = Volume(np.tile(np.arange(4, dtype=np.float32), (3, 3, 1)), Grid((4, 3, 3)), "float32")
    assert name in label_reason(few, f"somewhere/{name}")
    assert label_reason(Volume(few.array + 0.5, few.grid), name) == ""
    assert label_reason(brain, name) == ""


@pytest.mark.parametrize("name", ["brainmask.mgz", "T1_masked.nii.gz", "mask_removed_T1.nii.gz"])
def test_names_of_images_are_not_names_of_labels(name: str) -> None:
    few = Volume(np.tile(np.arange(4, dtype=np.float32), (3, 3, 1)), Grid((4, 3, 3)), "int16")
    assert label_reason(few, name) == ""


@pytest.mark.parametrize("labels", [(0, 1, 2, 3, 4), (0, 17, 53, 1011, 2035)])
def test_flat_regions_of_whole_numbers_are_labels(
    brain: Volume, tissue: np.ndarray, labels: tuple[int, ...]
) -> None:
    array = np.array(labels, np.float32)[tissue.astype(int)]
    assert "flat regions" in label_reason(_named(brain, array, "int16"), "a.nii.gz")


@pytest.mark.parametrize("pixel_type", ["uint8", "float32"])
def test_a_mask_of_any_type_is_recognised(
    brain: Volume, tissue: np.ndarray, pixel_type: str
) -> None:
    mask = (tissue > 1).astype(np.float32)
    assert label_reason(_named(brain, mask, pixel_type), "a.nii.gz")


def test_images_of_few_grey_values_are_images(brain: Volume) -> None:
    for levels in (255, 100, 60):
        grey = np.rint(brain.array / brain.array.max() * levels).astype(np.float32)
        assert label_reason(_named(brain, grey, "uint8"), "a.nii.gz") == ""


@pytest.mark.parametrize("value", [0.0, 7.0])
def test_a_constant_volume_is_not_a_label_map(value: float) -> None:
    volume = Volume(np.full((12, 12, 12), value, np.float32), Grid((12, 12, 12)), "int16")
    assert label_reason(volume, "a.nii.gz") == ""


def test_the_refusal_names_the_file_the_reason_and_the_remedy(
    brain: Volume, tissue: np.ndarray
) -> None:
    with pytest.raises(InputError, match=r"'a\.nii' is a label map: .* the method nearest"):
        refuse_labels(_named(brain, tissue, "int16"), "a.nii")
    refuse_labels(brain, "a.nii")
