"""Volumes come in and go out with their place, type and header entries."""

from __future__ import annotations

import os
import shutil
import struct
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
import SimpleITK as sitk

from ArSSRLib.errors import InputError
from ArSSRLib.volumes.files import names  # noqa: F401 (registers the formats)
from ArSSRLib.volumes.files.file_format import writable_suffixes
from ArSSRLib.volumes.files.reading import read_volume
from ArSSRLib.volumes.files.writing import write_volume
from ArSSRLib.volumes.grid import Grid
from ArSSRLib.volumes.pixel_types import as_pixel_type
from ArSSRLib.volumes.volume import Volume

LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])


def _affine_in_ras(grid: Grid) -> np.ndarray:
    affine = np.eye(4)
    affine[:3, :3], affine[:3, 3] = grid.axes, grid.origin
    return LPS_TO_RAS @ affine


def _random_volume(grid: Grid, pixel_type: str = "int16") -> Volume:
    rng = np.random.default_rng(1)
    values = np.rint(rng.normal(300, 100, size=grid.size[::-1])).astype(np.float32)
    return Volume(values, grid, pixel_type)


@pytest.mark.parametrize("suffix", writable_suffixes())
def test_what_is_written_is_read_back_the_same(
    tmp_path: Path, oblique_grid: Grid, suffix: str
) -> None:
    volume = _random_volume(oblique_grid)
    write_volume(volume, tmp_path / f"a{suffix}")
    again = read_volume(tmp_path / f"a{suffix}")
    np.testing.assert_array_equal(again.array, volume.array)
    assert again.pixel_type == "int16"
    np.testing.assert_allclose(_affine_in_ras(again.grid), _affine_in_ras(oblique_grid), atol=1e-4)
    assert os.listdir(tmp_path) == [f"a{suffix}"]


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
def test_simpleitk_and_nibabel_see_the_same_place(
    tmp_path: Path, oblique_grid: Grid, suffix: str
) -> None:
    path = tmp_path / f"a{suffix}"
    write_volume(_random_volume(oblique_grid), path)
    by_nibabel = nib.load(path)
    by_simpleitk = Grid.of_image(sitk.ReadImage(str(path)))
    expected = _affine_in_ras(oblique_grid)
    np.testing.assert_allclose(by_nibabel.affine, expected, atol=1e-4)
    np.testing.assert_allclose(by_nibabel.get_qform(), expected, atol=1e-4)
    np.testing.assert_allclose(_affine_in_ras(by_simpleitk), expected, atol=1e-4)


@pytest.mark.parametrize("name", ["a.mhd", "a.nhdr", "größe.mhd", "größe.nhdr"])
def test_headers_with_their_data_beside_them_are_read(tmp_path: Path, name: str) -> None:
    grid = Grid((4, 5, 6), (1.0, 2.0, 3.0), (7.0, 8.0, 9.0))
    image = sitk.GetImageFromArray(_random_volume(grid).array)
    grid.apply_to(image)
    sitk.WriteImage(image, str(tmp_path / name))
    assert read_volume(tmp_path / name).grid == grid


@pytest.mark.parametrize(
    "pixel_type", ["uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64"]
)
def test_integers_are_rounded_and_clipped_to_their_type(pixel_type: str) -> None:
    limits = np.iinfo(pixel_type)
    values = np.array([-1e20, -0.6, 0.4, 1.5, 99.7, 1e20], dtype=np.float32)
    result = as_pixel_type(values, pixel_type)
    expected = [limits.min, max(limits.min, -1), 0, 2, 100, limits.max]
    assert result.dtype == pixel_type
    assert result.tolist() == expected


@pytest.mark.parametrize("pixel_type", ["uint8", "int16", "uint16", "int32", "float32", "float64"])
@pytest.mark.parametrize("suffix", [".nii.gz", ".nrrd", ".mha"])
def test_the_pixel_type_survives_a_round_trip(tmp_path: Path, pixel_type: str, suffix: str) -> None:
    image = sitk.GetImageFromArray(np.arange(60).reshape(3, 4, 5).astype(pixel_type))
    sitk.WriteImage(image, str(tmp_path / f"in{suffix}"))
    volume = read_volume(tmp_path / f"in{suffix}")
    write_volume(volume, tmp_path / f"out{suffix}")
    again = sitk.ReadImage(str(tmp_path / f"out{suffix}"))
    wanted = "float32" if pixel_type == "float64" else pixel_type
    assert sitk.GetArrayFromImage(again).dtype == wanted


def test_a_nifti_slope_is_applied_and_does_not_come_back(tmp_path: Path) -> None:
    stored = np.arange(60, dtype=np.int16).reshape(3, 4, 5)
    nib.save(nib.Nifti1Image(stored, np.eye(4)), tmp_path / "slope.nii")
    header = bytearray((tmp_path / "slope.nii").read_bytes())
    struct.pack_into("<2f", header, 112, 0.5, 3.0)
    (tmp_path / "slope.nii").write_bytes(header)
    data = stored * 0.5 + 3.0
    volume = read_volume(tmp_path / "slope.nii")
    np.testing.assert_allclose(volume.array.T, data, atol=1e-5)
    write_volume(volume, tmp_path / "out.nii")
    np.testing.assert_allclose(nib.load(tmp_path / "out.nii").get_fdata(), data, atol=1e-5)


@pytest.mark.parametrize("suffix", [".nrrd", ".mha"])
def test_header_entries_that_stay_true_are_kept(tmp_path: Path, suffix: str) -> None:
    image = sitk.Image(3, 4, 5, sitk.sitkInt16)
    image.SetMetaData("Protocol", "MPRAGE 3D")
    image.SetMetaData("srow_x", "1 0 0 0")
    sitk.WriteImage(image, str(tmp_path / f"in{suffix}"))
    write_volume(read_volume(tmp_path / f"in{suffix}"), tmp_path / f"out{suffix}")
    again = sitk.ReadImage(str(tmp_path / f"out{suffix}"))
    assert again.GetMetaData("Protocol") == "MPRAGE 3D"
    assert not again.HasMetaDataKey("srow_x")


def test_the_description_of_a_nifti_file_is_kept(tmp_path: Path) -> None:
    image = nib.Nifti1Image(np.zeros((3, 4, 5), np.int16), np.eye(4))
    image.header["descrip"] = b"TE=2.96;Time=154134"
    nib.save(image, tmp_path / "in.nii")
    write_volume(read_volume(tmp_path / "in.nii"), tmp_path / "out.nii")
    assert nib.load(tmp_path / "out.nii").header["descrip"].item() == b"TE=2.96;Time=154134"


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
@pytest.mark.parametrize(("qform_code", "sform_code"), [(0, 4), (1, 0), (2, 2), (1, 1)])
def test_the_space_and_the_display_range_of_a_nifti_file_are_kept(
    tmp_path: Path, suffix: str, qform_code: int, sform_code: int
) -> None:
    affine = np.diag([-1.5, -1.5, 2.0, 1.0])
    image = nib.Nifti1Image(np.arange(60, dtype=np.int16).reshape(3, 4, 5), None)
    image.set_qform(affine, code=qform_code)
    image.set_sform(affine, code=sform_code)
    image.header["cal_max"], image.header["cal_min"] = 55.0, 5.0
    nib.save(image, tmp_path / f"in{suffix}")
    write_volume(read_volume(tmp_path / f"in{suffix}"), tmp_path / f"out{suffix}")
    header = nib.load(tmp_path / f"out{suffix}").header
    assert header["sform_code"] == header["qform_code"] == max(qform_code, sform_code)
    assert (header["cal_max"], header["cal_min"]) == (55.0, 5.0)
    assert sorted(os.listdir(tmp_path)) == [f"in{suffix}", f"out{suffix}"]


def test_the_intent_and_the_directions_of_the_acquisition_are_kept_in_nifti(tmp_path: Path) -> None:
    image = nib.Nifti1Image(np.zeros((3, 4, 5), np.float32), np.eye(4))
    kept = {"intent_code": 1001, "intent_p1": 2.5, "intent_name": b"estimate", "dim_info": 57}
    for name, value in kept.items():
        image.header[name] = value
    nib.save(image, tmp_path / "in.nii.gz")
    write_volume(read_volume(tmp_path / "in.nii.gz"), tmp_path / "out.nii.gz")
    header = nib.load(tmp_path / "out.nii.gz").header
    assert {name: header[name].item() for name in kept} == kept


@pytest.mark.parametrize("suffix", [".nrrd", ".mha"])
def test_of_dicom_tags_only_those_of_the_acquisition_are_kept(tmp_path: Path, suffix: str) -> None:
    image = sitk.Image(3, 4, 5, sitk.sitkInt16)
    image.SetMetaData("0010|0010", "Doe^J")
    image.SetMetaData("0028|0030", "1.1\\0.9")
    image.SetMetaData("0018|0081", "2.9")
    sitk.WriteImage(image, str(tmp_path / f"in{suffix}"))
    write_volume(read_volume(tmp_path / f"in{suffix}"), tmp_path / f"out{suffix}")
    keys = sitk.ReadImage(str(tmp_path / f"out{suffix}")).GetMetaDataKeys()
    assert [key for key in keys if "|" in key] == ["0018|0081"]


@pytest.mark.parametrize("suffix", [".nii.gz", ".nrrd", ".mha"])
def test_one_volume_of_a_4d_file_is_chosen_by_its_index(tmp_path: Path, suffix: str) -> None:
    data = np.arange(2 * 3 * 4 * 5, dtype=np.int16).reshape(2, 3, 4, 5)
    image = sitk.JoinSeries([sitk.GetImageFromArray(each) for each in data])
    path = tmp_path / f"series{suffix}"
    sitk.WriteImage(image, str(path))
    with pytest.raises(InputError, match="choose one by its index, 0 to 1"):
        read_volume(path)
    np.testing.assert_array_equal(read_volume(path, 1).array, data[1])
    with pytest.raises(InputError, match="choose 0 to 1"):
        read_volume(path, 2)


def test_an_index_for_a_3d_file_is_refused(cortex_path: Path) -> None:
    with pytest.raises(InputError, match="leave the index out"):
        read_volume(cortex_path, 3)


@pytest.mark.parametrize("order", [("a.nii", "a.nii.gz"), ("a.nii.gz", "a.nii")])
def test_a_compressed_file_is_not_mistaken_for_its_uncompressed_neighbour(
    tmp_path: Path, order: tuple[str, str]
) -> None:
    grid = Grid((5, 4, 3))
    values = {"a.nii": 1.0, "a.nii.gz": 2.0}
    for name in order:
        array = np.full((3, 4, 5), values[name], np.float32)
        write_volume(Volume(array, grid, "int16"), tmp_path / name)
    for name, value in values.items():
        np.testing.assert_array_equal(read_volume(tmp_path / name).array, value)


def test_names_with_spaces_quotes_newlines_and_umlauts_work(
    tmp_path: Path, cortex_path: Path
) -> None:
    folder = tmp_path / "Kopf 'Ä' 頭\nzwei"
    folder.mkdir()
    path = folder / 'ein "Bild" ß.nii.gz'
    shutil.copy(cortex_path, path)
    write_volume(read_volume(path), folder / "aus gabe 頭.nrrd")
    assert read_volume(folder / "aus gabe 頭.nrrd").grid.size == (48, 44, 20)
