"""What SimpleITK lets through in NIfTI files is caught."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from ArSSRLib.errors import InputError
from ArSSRLib.volumes.files.nifti_check import check_nifti


def _save(path: Path) -> Path:
    nib.save(nib.Nifti1Image(np.arange(24, dtype=np.int16).reshape(2, 3, 4), np.eye(4)), path)
    return path


@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz"])
def test_a_sound_file_passes(tmp_path: Path, name: str) -> None:
    assert check_nifti(_save(tmp_path / name)).sizes == [2, 3, 4]


def test_a_nifti_2_file_is_checked_too(tmp_path: Path) -> None:
    image = nib.Nifti2Image(np.zeros((2, 3, 4), np.float32), np.eye(4))
    nib.save(image, tmp_path / "two.nii")
    assert check_nifti(tmp_path / "two.nii").sizes == [2, 3, 4]
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


def test_a_size_of_zero_is_refused(tmp_path: Path) -> None:
    path = _save(tmp_path / "a.nii.gz")
    data = bytearray(gzip.decompress(path.read_bytes()))
    struct.pack_into("<h", data, 42, 0)
    path.write_bytes(gzip.compress(bytes(data)))
    with pytest.raises(InputError, match="size"):
        check_nifti(path)


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
