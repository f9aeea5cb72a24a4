"""A folder with one DICOM series is a volume."""

from __future__ import annotations

import locale
from pathlib import Path

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk

from ArSSRLib.errors import InputError
from ArSSRLib.volumes.files.reading import read_volume
from ArSSRLib.volumes.files.writing import write_volume
from ArSSRLib.volumes.grid import Grid

GRID = Grid((7, 6, 5), (0.9, 0.9, 2.5), (-10.0, 20.0, -30.0), (1, 0, 0, 0, 0, 1, 0, -1, 0))


def _write_series(folder: Path, uid: str, skip: tuple[int, ...] = ()) -> np.ndarray:
    """Coronal slices of noise, one file each, as a scanner exports them."""
    folder.mkdir(exist_ok=True)
    rng = np.random.default_rng(3)
    values = rng.integers(0, 1500, size=GRID.size[::-1], dtype=np.int16)
    direction = np.reshape(GRID.direction, (3, 3))
    users_locale = locale.setlocale(locale.LC_ALL)
    writer = sitk.ImageFileWriter()
    writer.KeepOriginalImageUIDOn()
    for k in range(GRID.size[2]):
        if k in skip:
            continue
        image = sitk.GetImageFromArray(values[k])
        image.SetSpacing(GRID.spacing[:2])
        tags = {
            "0008|0060": "MR",
            "0008|103e": "t1_mprage_sag",
            "0010|0010": "Doe^Jane",
            "0018|0050": "2.5",
            "0018|0081": "2.96",
            "0020|000e": uid,
            "0020|000d": "1.2.826.0.1.3680043.2.1125.1",
            "0020|0013": str(k + 1),
            "0020|0032": "\\".join(f"{x:.6f}" for x in GRID.index_to_world((0, 0, k))),
            "0020|0037": "\\".join(f"{x:g}" for x in direction[:, :2].T.ravel()),
            "0008|0018": f"{uid}.{k + 1}",
        }
        for tag, value in tags.items():
            image.SetMetaData(tag, value)
        writer.SetFileName(str(folder / f"{uid[-1]}_{(k * 3) % 5}.dcm"))
        writer.Execute(image)
    # GDCM's writer leaves the whole process in the C locale.
    locale.setlocale(locale.LC_ALL, users_locale)
    return values


def test_a_series_is_stacked_in_space(tmp_path: Path) -> None:
    values = _write_series(tmp_path / "series", "1.2.826.0.1.3680043.2.1125.7")
    assert pydicom.dcmread(tmp_path / "series" / "7_0.dcm").SeriesDescription == "t1_mprage_sag"
    volume = read_volume(tmp_path / "series")
    assert volume.pixel_type == "int16"
    positions = np.array([(0, 0, 0), (6, 0, 0), (0, 5, 0), (0, 0, 4), (3, 2, 1)])
    found = volume.grid.world_to_index(GRID.index_to_world(positions))
    for (i, j, k), (u, v, w) in zip(positions, np.rint(found).astype(int), strict=True):
        assert volume.array[w, v, u] == values[k, j, i]
    np.testing.assert_allclose(found, np.rint(found), atol=1e-3)


def test_how_it_was_acquired_is_kept_and_who_the_patient_is_is_not(tmp_path: Path) -> None:
    _write_series(tmp_path / "series", "1.2.826.0.1.3680043.2.1125.7")
    volume = read_volume(tmp_path / "series")
    assert volume.metadata["SeriesDescription"] == "t1_mprage_sag"
    assert volume.metadata["EchoTime"] == "2.96"
    write_volume(volume, tmp_path / "out.nrrd")
    assert b"Jane" not in (tmp_path / "out.nrrd").read_bytes()


def test_two_series_in_a_folder_are_named_and_refused(tmp_path: Path) -> None:
    for uid in ("1.2.826.0.1.3680043.2.1125.7", "1.2.826.0.1.3680043.2.1125.8"):
        _write_series(tmp_path / "series", uid)
    with pytest.raises(InputError, match=r"2 DICOM series .*1125\.7.*1125\.8"):
        read_volume(tmp_path / "series")


def test_a_missing_slice_is_refused(tmp_path: Path) -> None:
    _write_series(tmp_path / "series", "1.2.826.0.1.3680043.2.1125.7", skip=(2,))
    with pytest.raises(InputError, match="not evenly spaced"):
        read_volume(tmp_path / "series")


def test_an_empty_folder_and_a_folder_of_other_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no DICOM series"):
        read_volume(tmp_path)
    (tmp_path / "notes.txt").write_text("nothing here")
    with pytest.raises(InputError, match="no DICOM series"):
        read_volume(tmp_path)


def test_a_truncated_slice_is_refused(tmp_path: Path) -> None:
    _write_series(tmp_path / "series", "1.2.826.0.1.3680043.2.1125.7")
    victim = tmp_path / "series" / "7_1.dcm"
    victim.write_bytes(victim.read_bytes()[:-40])
    with pytest.raises(InputError, match="damaged"):
        read_volume(tmp_path / "series")


def test_slices_with_a_slope_of_their_own_keep_their_values(tmp_path: Path) -> None:
    """The type of the first slice would not hold the values of the others."""
    values = _write_series(tmp_path / "series", "1.2.826.0.1.3680043.2.1125.7") * 10
    for path in (tmp_path / "series").iterdir():
        data = pydicom.dcmread(path)
        k = int(data.InstanceNumber) - 1
        data.RescaleSlope, data.RescaleIntercept = 10 * (k + 1), 0
        data.save_as(path)
    volume = read_volume(tmp_path / "series")
    assert volume.pixel_type == "float32"
    stacked = values.astype(float) * np.arange(1, 6)[:, None, None]
    assert stacked.max() > np.iinfo(np.int16).max
    found = volume.grid.world_to_index(GRID.index_to_world([(0, 0, k) for k in range(5)]))
    order = np.rint(found[:, 2]).astype(int)
    np.testing.assert_array_equal(volume.array[order], stacked)


def test_an_enhanced_file_is_refused_with_its_number_of_slices(tmp_path: Path) -> None:
    _write_series(tmp_path / "series", "1.2.826.0.1.3680043.2.1125.7", skip=(1, 2, 3, 4))
    (path,) = (tmp_path / "series").iterdir()
    data = pydicom.dcmread(path)
    data.NumberOfFrames, data.PixelData = 3, data.PixelData * 3
    data.save_as(path)
    with pytest.raises(InputError, match=r"3 slices .* convert it to NIfTI"):
        read_volume(tmp_path / "series")
