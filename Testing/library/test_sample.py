"""The bundled brain is real, small, whole and placed alike for SimpleITK and nibabel."""

from __future__ import annotations

import nibabel as nib
import numpy as np
import SimpleITK as sitk

from ArSSRLib.sample import sample_path
from ArSSRLib.volumes.files.reading import read_volume


def test_the_bundled_brain_is_small_and_has_its_licence_beside_it() -> None:
    assert sample_path().stat().st_size < 4e6
    assert "CC0" in (sample_path().parent / "README.md").read_text(encoding="utf-8")


def test_both_readers_place_it_alike() -> None:
    header = nib.load(sample_path())
    image = sitk.ReadImage(str(sample_path()))
    corner = np.array([*image.TransformIndexToPhysicalPoint((160, 191, 73)), 1.0])
    by_nibabel = header.affine @ [160, 191, 73, 1]
    np.testing.assert_allclose(by_nibabel, corner * [-1, -1, 1, 1], atol=1e-3)
    np.testing.assert_allclose(header.get_qform(), header.get_sform(), atol=1e-5)


def test_it_holds_a_brain_and_no_face() -> None:
    volume = read_volume(sample_path())
    assert volume.pixel_type == "int16"
    tissue = volume.array > 0
    litres = tissue.sum() * np.prod(volume.grid.spacing) / 1e6
    assert 0.8 < litres < 2.0
    assert not tissue[:, [0, -1]].any()
    assert not tissue[:, :, [0, -1]].any()
