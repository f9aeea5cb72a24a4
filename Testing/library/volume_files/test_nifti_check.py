"""What SimpleITK lets through in NIfTI files is caught."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
import SimpleITK as sitk

from ArSSRLib.errors import InputError
from ArSSRLib.volume_files.nifti_check import check_nifti


def _save(path: Path, **forms: object) -> Path:
    image = nib.Nifti1Image(np.arange(24, dtype=np.int16).reshape(2, 3, 4), None)
    image.set_sform(forms.get("sform", np.eye(4)), code=forms.get("sform_code", 1))
    image.set_qform(forms.get("qform", np.eye(4)), code=forms.get("qform_code", 1))
    nib.save(image, path)
    return path


@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz"])
def test_a_sound_file_passes_without_a_warning(tmp_path: Path, name: str) -> None:
    assert check_nifti(_save(tmp_path / name)).warning is None


def test_a_nifti_2_file_is_read_too(tmp_path: Path) -> None:
    image = nib.Nifti2Image(np.zeros((2, 3, 4), np.float32), np.eye(4))
    nib.save(image, tmp_path / "two.nii")
    assert check_nifti(tmp_path / "two.nii").warning is None
    data = (tmp_path / "two.nii").read_bytes()
    (tmp_path / "cut.nii").write_bytes(data[:-1])
    with pytest.raises(InputError, match="truncated"):
        check_nifti(tmp_path / "cut.nii")


@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz"])
@pytest.mark.parametrize("kept", [0.0, 0.3, 0.99])
def test_a_truncated_file_is_refused(tmp_path: Path, name: str, kept: float) -> None:
    path = _save(tmp_path / name)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * kept)])
    with pytest.raises(InputError, match="truncated"):
        check_nifti(path)


def test_a_compressed_file_with_flipped_bytes_is_refused(cortex_path: Path, tmp_path: Path) -> None:
    data = bytearray(cortex_path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    (tmp_path / "flipped.nii.gz").write_bytes(data)
    with pytest.raises(InputError, match="damaged"):
        check_nifti(tmp_path / "flipped.nii.gz")


def test_an_affine_of_nan_is_refused(tmp_path: Path) -> None:
    path = _save(tmp_path / "a.nii")
    data = bytearray(path.read_bytes())
    struct.pack_into("<f", data, 280, float("nan"))
    path.write_bytes(data)
    with pytest.raises(InputError, match="not finite"):
        check_nifti(path)


def test_a_size_of_zero_is_refused(tmp_path: Path) -> None:
    path = _save(tmp_path / "a.nii.gz")
    data = bytearray(gzip.decompress(path.read_bytes()))
    struct.pack_into("<h", data, 42, 0)
    path.write_bytes(gzip.compress(bytes(data)))
    with pytest.raises(InputError, match="size"):
        check_nifti(path)


def test_forms_that_disagree_are_told_with_their_distance(tmp_path: Path) -> None:
    shifted = np.eye(4)
    shifted[0, 3] = 12.5
    warning = check_nifti(_save(tmp_path / "a.nii", sform=shifted, sform_code=2)).warning
    assert warning is not None
    assert "12.5 mm" in warning
    assert check_nifti(_save(tmp_path / "b.nii", sform=shifted, sform_code=0)).warning is None


def test_the_forms_of_an_oblique_left_handed_file_agree(tmp_path: Path) -> None:
    image = sitk.Image(5, 6, 7, sitk.sitkInt16)
    turn = np.array([[0.6, -0.8, 0], [0.8, 0.6, 0], [0, 0, -1.0]])
    image.SetDirection(turn.ravel().tolist())
    image.SetSpacing((1.0, 2.0, 3.0))
    image.SetOrigin((10.0, -20.0, 30.0))
    sitk.WriteImage(image, str(tmp_path / "oblique.nii"))
    assert check_nifti(tmp_path / "oblique.nii").warning is None


@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_nan_in_the_chosen_volume_is_counted_and_refused(
    tmp_path: Path, name: str, dtype: type[np.floating]
) -> None:
    data = np.ones((4, 5, 6, 3), dtype)
    data[1, 2, 3, 1], data[0, 0, 0, 1] = np.nan, -np.inf
    nib.save(nib.Nifti1Image(data, np.eye(4)), tmp_path / name)
    check_nifti(tmp_path / name, 0)
    check_nifti(tmp_path / name, 2)
    with pytest.raises(InputError, match="2 voxels that are NaN or infinite"):
        check_nifti(tmp_path / name, 1)
