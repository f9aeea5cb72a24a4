"""A result as a derived DICOM series: its header, and its voxels as other programs read them."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import nibabel as nib
import numpy as np
import pydicom
import pytest
import SimpleITK as sitk

from ArSSRLib.cli.main import main
from ArSSRLib.errors import InputError
from ArSSRLib.sample import sample_path
from ArSSRLib.volumes.files.dicom.derived_header import Derivation
from ArSSRLib.volumes.files.dicom.series import chosen_series
from ArSSRLib.volumes.files.dicom.writing import write_series
from ArSSRLib.volumes.files.reading import read_volume
from ArSSRLib.volumes.volume import Volume

from .series_files import Exported, export, setting

DERIVATION = Derivation("ArSSR 2x, not for diagnosis", "Upsampled. Not for diagnosis.", "ArSSR 1")
Read = Callable[[Path, Path], tuple[np.ndarray, np.ndarray]]


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real scan as an oblique DICOM series."""
    head = read_volume(sample_path("head")).array[20:30, 60:92, 50:90]
    folder = tmp_path_factory.mktemp("study") / "series"
    export(
        folder,
        Exported(description="Schädel t1 " + "x" * 50, change=_in_latin_1),
        head.astype(np.int16),
    )
    return folder


def _in_latin_1(dataset: pydicom.Dataset, k: int) -> None:
    dataset.SpecificCharacterSet = "ISO_IR 100"
    dataset.StudyInstanceUID, dataset.FrameOfReferenceUID = "1.2.3.4", "1.2.3.5"
    dataset.add_new((0x0029, 0x0010), "LO", "PRIVATE")


def _in_order(folder: Path) -> list[pydicom.Dataset]:
    return sorted(map(pydicom.dcmread, folder.iterdir()), key=lambda d: d.InstanceNumber)


def _by_pydicom(folder: Path, scratch: Path) -> tuple[np.ndarray, np.ndarray]:
    slices = _in_order(folder)
    planes = [d.pixel_array * d.RescaleSlope + d.RescaleIntercept for d in slices]
    return np.array(planes, float), np.array(slices[0].ImagePositionPatient, float)


def _by_simpleitk(folder: Path, scratch: Path) -> tuple[np.ndarray, np.ndarray]:
    image = sitk.ReadImage(sitk.ImageSeriesReader.GetGDCMSeriesFileNames(str(folder)))
    return sitk.GetArrayFromImage(image).astype(float), np.array(image.GetOrigin())


def _by_dcm2niix(folder: Path, scratch: Path) -> tuple[np.ndarray, np.ndarray]:
    subprocess.run(["dcm2niix", "-f", "made", "-o", scratch, folder], check=True)
    image = nib.nifti1.load(scratch / "made.nii")
    # Rows run against those of DICOM.
    array = image.get_fdata().transpose()[:, ::-1]
    corner = image.affine @ [0, image.shape[1] - 1, 0, 1]
    return array, corner[:3] * [-1, -1, 1]


READERS = [_by_pydicom, _by_simpleitk, *([_by_dcm2niix] if shutil.which("dcm2niix") else [])]


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize("method", ["cubic", "linear"])
def test_other_programs_read_the_same_voxels_as_from_nifti(
    source: Path, tmp_path: Path, read: Read, method: str
) -> None:
    words = ["upsample", str(source), "--scale", "1.5", "--method", method, "--progress", "none"]
    assert main([*words, "-o", f"{tmp_path / 'new'}/", "--dicom"]) == 0
    assert main([*words, "-o", str(tmp_path / "same.nii")]) == 0
    expected = read_volume(tmp_path / "same.nii")
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    array, corner = read(tmp_path / "new", scratch)
    np.testing.assert_array_equal(array, expected.array)
    np.testing.assert_allclose(corner, expected.grid.origin, atol=1e-4)
    again = read_volume(tmp_path / "new")
    assert again.grid.size == expected.grid.size
    np.testing.assert_allclose(again.grid.spacing, expected.grid.spacing, rtol=1e-5)
    np.testing.assert_allclose(again.grid.direction, expected.grid.direction, atol=1e-5)


def test_the_header_is_that_of_a_derived_series_of_the_same_study(
    source: Path, tmp_path: Path
) -> None:
    words = ["upsample", str(source), "-o", str(tmp_path / "new"), "--dicom", "--scale", "2"]
    assert main([*words, "--method", "cubic"]) == 0
    made = _in_order(tmp_path / "new")
    originals = [pydicom.dcmread(path) for path in sorted(source.iterdir())]
    first, original = made[0], originals[0]
    for name in ("PatientName", "PatientID", "StudyInstanceUID", "FrameOfReferenceUID", "EchoTime"):
        assert first[name].value == original[name].value
    assert first.ImageType[:2] == ["DERIVED", "SECONDARY"]
    assert first.SeriesDescription.startswith("Schädel t1 ")
    assert first.SeriesDescription.endswith(" ArSSR cubic 2x, not for diagnosis")
    assert len(first.SeriesDescription) <= 64
    assert first.SeriesNumber == original.SeriesNumber + 1000
    assert {d.SeriesInstanceUID for d in made}.isdisjoint({original.SeriesInstanceUID})
    assert len({d.SeriesInstanceUID for d in made}) == 1
    assert len({d.SOPInstanceUID for d in made}) == len(made) == 20
    assert all(d.file_meta.MediaStorageSOPInstanceUID == d.SOPInstanceUID for d in made)
    names = {d.SOPInstanceUID for d in originals}
    referenced = [{r.ReferencedSOPInstanceUID for r in d.SourceImageSequence} for d in made]
    assert set.union(*referenced) == names and original.SOPInstanceUID in referenced[0]
    assert not any(element.tag.is_private for element in first)


def test_intensities_that_16_bits_do_not_hold_are_scaled_and_the_error_is_given(
    source: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    volume = read_volume(source)
    floats = replace(volume, array=volume.array * np.float32(0.37) - 5.5, pixel_type="float32")
    large = replace(volume, array=volume.array + 40000, pixel_type="uint16")
    series = chosen_series(source)
    for made, name in ((floats, "floats"), (large, "large")):
        write_series(made, tmp_path / name, series, DERIVATION)
    (said,) = caplog.messages
    worst = float(said.rpartition(" ")[2].rstrip("."))
    array, _ = _by_simpleitk(tmp_path / "floats", tmp_path)
    assert np.abs(array - floats.array).max() <= worst * 1.01
    np.testing.assert_array_equal(_by_simpleitk(tmp_path / "large", tmp_path)[0], large.array)


def test_a_failure_leaves_nothing_and_keeps_what_was_there(source: Path, tmp_path: Path) -> None:
    volume, series = read_volume(source), chosen_series(source)
    write_series(volume, tmp_path / "new", series, DERIVATION)
    before = sorted(os.listdir(tmp_path / "new"))

    def fail() -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(Exception, match="No space left"):
        write_series(_brighter(volume), tmp_path / "new", series, DERIVATION, fail)
    assert os.listdir(tmp_path) == ["new"] and sorted(os.listdir(tmp_path / "new")) == before
    write_series(_brighter(volume), tmp_path / "new", series, DERIVATION)
    np.testing.assert_array_equal(_by_pydicom(tmp_path / "new", tmp_path)[0], volume.array + 1)


def test_a_kill_while_a_series_is_replaced_would_leave_the_older_one(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Under a name that is not taken for a leftover and removed a day later."""
    volume, series = read_volume(source), chosen_series(source)
    write_series(volume, tmp_path / "new", series, DERIVATION)
    before = sorted(os.listdir(tmp_path / "new"))
    rename, there = os.rename, []

    def look_and_rename(old: Path, new: Path) -> None:
        kept = [path for path in tmp_path.iterdir() if not path.name.startswith(".arssr-part-")]
        there.extend(sorted(os.listdir(path)) for path in kept)
        rename(old, new)

    monkeypatch.setattr(os, "rename", look_and_rename)
    write_series(_brighter(volume), tmp_path / "new", series, DERIVATION)
    assert there == [before, before]
    assert os.listdir(tmp_path) == ["new"]


def _brighter(volume: Volume) -> Volume:
    return replace(volume, array=volume.array + 1)


def test_places_that_a_series_cannot_take_are_refused(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def says(*words: str) -> str:
        call = ["upsample", *words, "--dicom", "--scale", "2", "--method", "linear"]
        assert main(call) == 2
        return capsys.readouterr().err

    full = tmp_path / "full"
    full.mkdir()
    (full / "notes.txt").write_text("mine")
    assert "(--force)" in says(str(source), "-o", str(full))
    assert "more than the slices" in says(str(source), "-o", str(full), "--force")
    assert (full / "notes.txt").read_text() == "mine"
    assert "is a file" in says(str(sample_path("head")), "-o", str(tmp_path / "new"))
    assert "beside it" in says(str(source), "-o", str(source / "new"))
    assert "one input" in says(str(source), str(source), "-o", str(tmp_path / "new"))
    assert "does not exist" in says(str(source), "-o", str(tmp_path / "no" / "new"))


def test_only_mr_series_are_written(tmp_path: Path) -> None:
    export(tmp_path / "ct", Exported(change=setting(Modality="CT")))
    volume, series = read_volume(tmp_path / "ct"), chosen_series(tmp_path / "ct")
    with pytest.raises(InputError, match="modality CT, not MR"):
        write_series(volume, tmp_path / "new", series, DERIVATION)
