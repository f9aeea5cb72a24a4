"""NIfTI files are read as they are, or refused with the reason."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from ArSSRLib.errors import InputError
from ArSSRLib.volumes.files.reading import read_volume


def _save(path: Path) -> Path:
    nib.save(nib.Nifti1Image(np.arange(24, dtype=np.int16).reshape(2, 3, 4), np.eye(4)), path)
    return path


@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz"])
@pytest.mark.parametrize("kept", [0.0, 0.3, 0.99])
def test_a_truncated_file_is_refused(tmp_path: Path, name: str, kept: float) -> None:
    path = _save(tmp_path / name)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * kept)])
    with pytest.raises(InputError, match="truncated"):
        read_volume(path)


def test_a_compressed_file_with_flipped_bytes_is_refused(cortex_path: Path, tmp_path: Path) -> None:
    data = bytearray(cortex_path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    (tmp_path / "flipped.nii.gz").write_bytes(data)
    with pytest.raises(InputError, match="damaged"):
        read_volume(tmp_path / "flipped.nii.gz")


def test_a_size_of_zero_is_refused(tmp_path: Path) -> None:
    path = _save(tmp_path / "a.nii.gz")
    data = bytearray(gzip.decompress(path.read_bytes()))
    struct.pack_into("<h", data, 42, 0)
    path.write_bytes(gzip.compress(bytes(data)))
    with pytest.raises(InputError, match="size"):
        read_volume(path)


@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_nan_in_the_chosen_volume_is_counted_and_refused(
    tmp_path: Path, name: str, dtype: type[np.floating]
) -> None:
    data = np.ones((4, 5, 6, 3), dtype)
    data[1, 2, 3, 1], data[0, 0, 0, 1] = np.nan, -np.inf
    nib.save(nib.Nifti1Image(data, np.eye(4)), tmp_path / name)
    assert read_volume(tmp_path / name, 0).array.max() == 1.0
    assert read_volume(tmp_path / name, 2).array.min() == 1.0
    with pytest.raises(InputError, match="2 NaN or infinite voxels"):
        read_volume(tmp_path / name, 1)


@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz"])
@pytest.mark.parametrize("tail", [b"\0" * 700, b"left by a transfer", b"\x1f"])
def test_bytes_after_the_end_are_ignored(tmp_path: Path, name: str, tail: bytes) -> None:
    path = _save(tmp_path / name)
    expected = read_volume(path).array
    path.write_bytes(path.read_bytes() + tail)
    np.testing.assert_array_equal(read_volume(path).array, expected)


def test_two_gzip_streams_one_after_the_other_are_one_file(tmp_path: Path) -> None:
    data = _save(tmp_path / "a.nii").read_bytes()
    path = tmp_path / "b.nii.gz"
    path.write_bytes(gzip.compress(data[:360]) + gzip.compress(data[360:]))
    np.testing.assert_array_equal(read_volume(path).array, read_volume(tmp_path / "a.nii").array)


def test_the_content_decides_whether_a_file_is_compressed(tmp_path: Path) -> None:
    data = _save(tmp_path / "a.nii").read_bytes()
    (tmp_path / "plain.nii.gz").write_bytes(data)
    (tmp_path / "packed.nii").write_bytes(gzip.compress(data))
    expected = read_volume(tmp_path / "a.nii")
    for name in ("plain.nii.gz", "packed.nii"):
        volume = read_volume(tmp_path / name)
        np.testing.assert_array_equal(volume.array, expected.array)
        assert volume.grid == expected.grid


def test_a_nifti_2_file_is_read(tmp_path: Path) -> None:
    values = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
    affine = np.diag([-1.5, 2.0, 3.0, 1.0])
    image = nib.Nifti2Image(values, affine)
    image.header["descrip"] = b"version two"
    nib.save(image, tmp_path / "two.nii.gz")
    volume = read_volume(tmp_path / "two.nii.gz")
    np.testing.assert_array_equal(volume.array, values.T)
    np.testing.assert_allclose(volume.grid.axes, np.diag([1.5, -2.0, 3.0]))
    assert volume.metadata["descrip"] == "version two"


@pytest.mark.parametrize("given", ["a.hdr", "a.img"])
def test_a_pair_is_read_by_either_name(tmp_path: Path, given: str) -> None:
    values = np.arange(24, dtype=np.int16).reshape(2, 3, 4)
    nib.save(nib.Nifti1Pair(values, np.diag([-2.0, -2.0, 2.0, 1.0])), tmp_path / "a.hdr")
    volume = read_volume(tmp_path / given)
    np.testing.assert_array_equal(volume.array, values.T)
    assert volume.grid.direction == (1, 0, 0, 0, 1, 0, 0, 0, 1)


def test_half_a_pair_is_refused_with_the_name_of_the_other_half(tmp_path: Path) -> None:
    nib.save(nib.Nifti1Pair(np.zeros((2, 3, 4), np.int16), np.eye(4)), tmp_path / "a.hdr")
    (tmp_path / "a.img").unlink()
    with pytest.raises(InputError, match=r"'a\.img' .* is missing"):
        read_volume(tmp_path / "a.hdr")


def test_an_analyze_header_is_refused_because_it_has_no_orientation(tmp_path: Path) -> None:
    nib.save(nib.AnalyzeImage(np.zeros((2, 3, 4), np.int16), np.eye(4)), tmp_path / "a.hdr")
    with pytest.raises(InputError, match=r"Analyze 7\.5; convert it to NIfTI"):
        read_volume(tmp_path / "a.hdr")


@pytest.mark.parametrize(("largest", "written"), [(100, "int32"), (1 << 40, "float32")])
def test_64_bit_integers_become_a_type_that_other_programs_read(
    tmp_path: Path, largest: int, written: str, caplog: pytest.LogCaptureFixture
) -> None:
    values = np.arange(24, dtype=np.int64).reshape(2, 3, 4)
    values[-1, -1, -1] = largest
    nib.save(nib.Nifti1Image(values, np.eye(4), dtype=np.int64), tmp_path / "a.nii")
    volume = read_volume(tmp_path / "a.nii")
    assert volume.pixel_type == written
    assert any("int64" in message and written in message for message in caplog.messages)


def test_integers_that_single_precision_rounds_are_reported(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    values = np.zeros((2, 3, 4), np.int32)
    values[0, 0, 0] = (1 << 24) + 1
    nib.save(nib.Nifti1Image(values, np.eye(4)), tmp_path / "a.nii")
    read_volume(tmp_path / "a.nii")
    assert [m for m in caplog.messages if "16777216" in m and "rounded" in m]


def test_a_4_d_file_with_one_volume_is_that_volume(tmp_path: Path) -> None:
    values = np.arange(24, dtype=np.int16).reshape(2, 3, 4, 1)
    nib.save(nib.Nifti1Image(values, np.eye(4)), tmp_path / "a.nii.gz")
    np.testing.assert_array_equal(read_volume(tmp_path / "a.nii.gz").array, values[..., 0].T)
