"""The bundled scans are real, small, and placed alike by SimpleITK and nibabel."""

from __future__ import annotations

import nibabel as nib
import numpy as np
import pytest
import SimpleITK as sitk

from ArSSRLib.sample import Sample, sample_path
from ArSSRLib.volumes.files.reading import read_volume


def test_the_bundled_scans_are_small_and_have_their_licences_beside_them() -> None:
    assert sample_path("brain").stat().st_size < 4e6
    assert sample_path("head").stat().st_size < 3e6
    licences = (sample_path().parent / "README.md").read_text(encoding="utf-8")
    assert "CC0" in licences
    assert "BSD 2-Clause License" in licences


@pytest.mark.parametrize("name", ["brain", "head"])
def test_both_readers_place_it_alike(name: Sample) -> None:
    header = nib.load(sample_path(name))
    image = sitk.ReadImage(str(sample_path(name)))
    last = [size - 1 for size in image.GetSize()]
    corner = np.array([*image.TransformIndexToPhysicalPoint(last), 1.0])
    by_nibabel = header.affine @ [*last, 1]
    np.testing.assert_allclose(by_nibabel, corner * [-1, -1, 1, 1], atol=1e-3)
    np.testing.assert_allclose(header.get_qform(), header.get_sform(), atol=1e-5)


def test_the_brain_is_whole_and_has_no_face() -> None:
    volume = read_volume(sample_path("brain"))
    assert volume.pixel_type == "int16"
    tissue = volume.array > 0
    litres = tissue.sum() * np.prod(volume.grid.spacing) / 1e6
    assert 0.8 < litres < 2.0
    assert not tissue[:, [0, -1]].any()
    assert not tissue[:, :, [0, -1]].any()


def test_the_head_is_as_the_scanner_made_it() -> None:
    volume = read_volume(sample_path("head"))
    assert volume.pixel_type == "int16"
    assert volume.grid.spacing == (1.0, 1.0, 1.0)
    air = volume.array[-1, :12, :12]
    assert air.std() > 0, "a scan as it is has noise in the air around the head"
