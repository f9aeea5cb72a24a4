"""The series of a folder are listed and chosen; one even stack of slices is a volume."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from pydicom.uid import RLELossless, generate_uid

from ArSSRLib.cli.main import main
from ArSSRLib.errors import InputError
from ArSSRLib.volumes.files.dicom.series import list_series
from ArSSRLib.volumes.files.reading import read_volume
from ArSSRLib.volumes.files.writing import write_volume
from ArSSRLib.volumes.grid import Grid

from .enhanced import export_enhanced
from .series_files import VALUES, Exported, export, setting


def test_a_series_is_stacked_in_space_as_simpleitk_stacks_it(tmp_path: Path) -> None:
    export(tmp_path / "s")
    for k, name in enumerate(("z", "a", "m")):
        (tmp_path / "s" / f"IM{k:04d}.dcm").rename(tmp_path / "s" / f"{name}.dcm")
    volume = read_volume(tmp_path / "s")
    files = sitk.ImageSeriesReader.GetGDCMSeriesFileNames(str(tmp_path / "s"))
    theirs = sitk.ReadImage(files)
    np.testing.assert_array_equal(volume.array, VALUES)
    np.testing.assert_array_equal(volume.array, sitk.GetArrayFromImage(theirs))
    for name in ("spacing", "origin", "direction"):
        grid = Grid.of_image(theirs)
        np.testing.assert_allclose(getattr(volume.grid, name), getattr(grid, name), atol=1e-6)
    assert volume.pixel_type == "int16"


def test_how_it_was_acquired_is_kept_and_who_the_patient_is_is_not(tmp_path: Path) -> None:
    export(tmp_path / "s")
    volume = read_volume(tmp_path / "s")
    assert volume.metadata["SeriesDescription"] == "t1_mprage_tra"
    assert volume.metadata["EchoTime"] == "2.9"
    write_volume(volume, tmp_path / "out.nrrd")
    content = (tmp_path / "out.nrrd").read_bytes()
    assert b"Jane" not in content and b"4711" not in content


@pytest.mark.parametrize("nested", [False, True])
def test_the_series_of_a_folder_are_listed_with_what_tells_them_apart(
    tmp_path: Path, nested: bool
) -> None:
    for number, description in ((10, "t2_tse_tra"), (2, "t1_mprage_sag"), (1, "localizer")):
        folder = tmp_path / (f"S{number}" if nested else "")
        export(folder, Exported(number, description), names=f"{number}_{{:04d}}")
    listed = list_series(tmp_path)
    assert [(s.number, s.description, s.contrast) for s in listed] == [
        ("1", "localizer", "localizer"), ("2", "t1_mprage_sag", "T1"), ("10", "t2_tse_tra", "T2"),
    ]  # fmt: skip
    assert all(s.grid is not None and s.grid.size == (8, 9, 6) for s in listed)
    with pytest.raises(InputError, match=r"3 DICOM series; choose one .*2 “t1_mprage_sag”, T1"):
        read_volume(tmp_path)


def test_info_lists_the_series_of_a_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    export(tmp_path / "a", Exported(number=2, description="t1_mprage"))
    export(tmp_path / "b", Exported(number=10, description="FLAIR tra"))
    (tmp_path / "b" / "IM0002.dcm").unlink()
    assert main(["info", str(tmp_path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1:] == [
        "2 DICOM series; choose one with --series NUMBER or DESCRIPTION",
        "2 “t1_mprage”, T1, 8×9×6, 0.9 × 1.1 × 2.5 mm",
        "10 “FLAIR tra”, FLAIR, 5 slices that are not one volume",
    ]
    assert main(["info", str(tmp_path), "--json"]) == 0
    first, second = json.loads(capsys.readouterr().out)["series"]
    assert (first["number"], first["size"], first["problem"]) == ("2", [8, 9, 6], "")
    assert second["size"] is None and "is missing" in second["problem"]


@pytest.mark.parametrize("wanted", ["2", "t1_mprage_sag", "T1_MPRAGE_SAG", "mprage"])
def test_a_series_is_chosen_by_number_or_description(tmp_path: Path, wanted: str) -> None:
    export(tmp_path, Exported(2, "t1_mprage_sag"), names="a{}")
    export(tmp_path, Exported(22, "t2_tse"), VALUES[::-1], names="b{}")
    np.testing.assert_array_equal(read_volume(tmp_path, series=wanted).array, VALUES)


def test_a_series_that_is_not_there_or_ambiguous_is_refused_with_the_list(tmp_path: Path) -> None:
    export(tmp_path, Exported(2, "t1_mprage"), names="a{}")
    export(tmp_path, Exported(3, "t1_mprage"), names="b{}")
    with pytest.raises(InputError, match=r"no DICOM series '9'; it has 2 “t1_mprage”"):
        read_volume(tmp_path, series="9")
    with pytest.raises(InputError, match=r"'mprage' stands for 2 of those"):
        read_volume(tmp_path, series="mprage")


@pytest.mark.parametrize("digits", [2, 3])
@pytest.mark.parametrize("angle", [0.2, 0.7, 1.3])
def test_rounded_positions_are_an_even_stack(tmp_path: Path, digits: int, angle: float) -> None:
    values = np.tile(VALUES, (10, 1, 1))
    exported = Exported(spacing=(0.9, 1.1, 1.0), angle=angle, digits=digits)
    export(tmp_path, exported, values)
    grid = read_volume(tmp_path).grid
    assert grid.spacing[2] == pytest.approx(1.0, abs=1e-3)
    assert grid.size[2] == 60
    # Directions of two decimals are known to 0.005, and the slices lie on the line of positions.
    true = [1, 0, 0, 0, np.cos(angle), -np.sin(angle), 0, np.sin(angle), np.cos(angle)]
    np.testing.assert_allclose(grid.direction, true, atol=0.006)
    last = np.array([-20, 30, 5]) + 59 * np.array([0, -np.sin(angle), np.cos(angle)])
    assert np.abs(grid.index_to_world([(0, 0, 59)])[0] - last).max() < 0.5


def test_coarsely_rounded_directions_are_reported(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    export(tmp_path / "two", Exported(digits=2, angle=0.3))
    read_volume(tmp_path / "two")
    assert "direction cosines are rounded, by up to 0.3°" in caplog.text
    caplog.clear()
    export(tmp_path / "three", Exported(digits=3, angle=0.3))
    read_volume(tmp_path / "three")
    assert caplog.text == ""


def test_jitter_of_a_hundredth_of_a_millimetre_is_an_even_stack(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)

    def jitter(dataset: pydicom.Dataset, k: int) -> None:
        moved = np.array(dataset.ImagePositionPatient, float) + rng.uniform(-0.01, 0.01, 3)
        dataset.ImagePositionPatient = [f"{x:.6f}" for x in moved]

    export(tmp_path, Exported(spacing=(1, 1, 0.8), change=jitter), np.tile(VALUES, (5, 1, 1)))
    assert read_volume(tmp_path).grid.spacing[2] == pytest.approx(0.8, abs=1e-3)


def test_each_fault_of_a_stack_has_its_own_message(tmp_path: Path) -> None:
    def moved(by: float, axis: int = 2):  # type: ignore[no-untyped-def]
        def change(dataset: pydicom.Dataset, k: int) -> None:
            place = [float(x) for x in dataset.ImagePositionPatient]
            place[axis] += by * (k if axis == 1 else k == 3)
            dataset.ImagePositionPatient = place

        return change

    for name, change, words in (
        ("uneven", moved(0.6), "not evenly spaced"),
        ("tilted", moved(0.5, axis=1), "tilted gantry"),
        ("there twice", moved(-2.5), "same place"),
    ):
        export(tmp_path / name, Exported(angle=0.0, change=change))
        with pytest.raises(InputError, match=words):
            read_volume(tmp_path / name)
    export(tmp_path / "gap")
    (tmp_path / "gap" / "IM0002.dcm").unlink()
    with pytest.raises(InputError, match=r"missing: after slice 2 of 5 .* 5\.00 mm"):
        read_volume(tmp_path / "gap")


@pytest.mark.parametrize(
    ("name", "values"),
    [("EchoTime", ("2.9", "8.8")), ("ImageType", (["ORIGINAL", "M"], ["ORIGINAL", "P"]))],
)
def test_two_volumes_under_one_series_are_listed_and_chosen(
    tmp_path: Path, name: str, values: tuple[object, object]
) -> None:
    series = generate_uid()
    for n, value in enumerate(values):
        exported = Exported(4, "gre", series, change=setting(**{name: value}))
        export(tmp_path, exported, VALUES + n, names=f"{n}_{{}}")
    assert [s.number for s in list_series(tmp_path)] == ["4.1", "4.2"]
    with pytest.raises(InputError, match=f"choose one .*gre, {name}"):
        read_volume(tmp_path)
    np.testing.assert_array_equal(read_volume(tmp_path, series="4.2").array, VALUES + 1)


def test_copies_of_files_are_left_out(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    export(tmp_path)
    shutil.copy(tmp_path / "IM0003.dcm", tmp_path / "IM0003 (1).dcm")
    np.testing.assert_array_equal(read_volume(tmp_path).array, VALUES)
    assert any("copies" in message for message in caplog.messages)


def test_reports_and_other_files_beside_the_slices_are_passed_over(tmp_path: Path) -> None:
    export(tmp_path)
    report = pydicom.dcmread(tmp_path / "IM0000.dcm")
    for name in ("Rows", "Columns", "PixelData", "BitsAllocated", "PixelRepresentation"):
        delattr(report, name)
    # A grayscale presentation state.
    report.SOPClassUID = report.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.11.1"
    report.SOPInstanceUID = generate_uid()
    report.save_as(tmp_path / "PS.dcm")
    (tmp_path / "notes.txt").write_text("nothing here")
    (tmp_path / "._IM0001.dcm").write_bytes(b"\0\5\x16\7")
    np.testing.assert_array_equal(read_volume(tmp_path).array, VALUES)


def test_slices_of_different_types_keep_their_values(tmp_path: Path) -> None:
    def change(dataset: pydicom.Dataset, k: int) -> None:
        if k == 0:
            dataset.PixelRepresentation = 1
            dataset.PixelData = np.full((9, 8), -7, "<i2").tobytes()
        elif k == 1:
            dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 8, 8, 7
            dataset.PixelRepresentation = 0
            dataset.PixelData = np.full((9, 8), 200, "u1").tobytes()
        else:
            dataset.PixelRepresentation = 0
            dataset.PixelData = np.full((9, 8), 40000 + k, "<u2").tobytes()

    export(tmp_path, Exported(change=change))
    volume = read_volume(tmp_path)
    assert volume.array[:, 0, 0].tolist() == [-7, 200, 40002, 40003, 40004, 40005]
    assert volume.pixel_type == "int32"


def test_slices_with_their_own_slopes_keep_their_values(tmp_path: Path) -> None:
    def change(dataset: pydicom.Dataset, k: int) -> None:
        dataset.RescaleSlope, dataset.RescaleIntercept = 10 * (k + 1), 0

    export(tmp_path, Exported(change=change))
    volume = read_volume(tmp_path)
    assert volume.pixel_type == "float32"
    np.testing.assert_array_equal(volume.array, VALUES * np.arange(10.0, 61.0, 10.0)[:, None, None])


def test_negative_values_of_twelve_bits_keep_their_sign(tmp_path: Path) -> None:
    values = np.full((9, 8), 0x0FFE, "<u2").tobytes()
    signed = setting(PixelRepresentation=1, BitsStored=12, HighBit=11, PixelData=values)
    export(tmp_path, Exported(change=signed))
    assert np.unique(read_volume(tmp_path).array).tolist() == [-2]


@pytest.mark.parametrize(
    ("end", "words"), [(-2, "(truncated|damaged)"), (-40, "(truncated|damaged)"), (400, "damaged")]
)
def test_a_slice_cut_in_its_pixels_or_header_is_refused(
    tmp_path: Path, end: int, words: str
) -> None:
    export(tmp_path)
    victim = tmp_path / "IM0002.dcm"
    victim.write_bytes(victim.read_bytes()[:end])
    with pytest.raises(InputError, match=rf"IM0002\.dcm.* {words}"):
        read_volume(tmp_path)


def test_run_length_encoded_slices_are_read(tmp_path: Path) -> None:
    export(tmp_path)
    for path in tmp_path.iterdir():
        dataset = pydicom.dcmread(path)
        dataset.compress(RLELossless, generate_instance_uid=False)
        dataset.save_as(path)
    np.testing.assert_array_equal(read_volume(tmp_path).array, VALUES)


def test_a_small_file_that_claims_a_huge_slice_is_refused_by_its_length(tmp_path: Path) -> None:
    export(tmp_path, Exported(change=setting(Rows=16000, Columns=16000)))
    with pytest.raises(InputError, match=r"16000 × 16000 pixels need 512000000 bytes"):
        read_volume(tmp_path)


@pytest.mark.parametrize("count", [1, 6])
def test_an_enhanced_file_is_refused_with_its_number_of_slices(tmp_path: Path, count: int) -> None:
    export_enhanced(tmp_path / "head.dcm", VALUES[:count], (0.9, 1.1, 2.5))
    with pytest.raises(InputError, match=rf"{count} frame.*convert it to NIfTI"):
        read_volume(tmp_path)


@pytest.mark.skipif(shutil.which("dcm2niix") is None, reason="dcm2niix is not installed")
def test_what_dcm2niix_makes_of_an_enhanced_file_is_read(tmp_path: Path) -> None:
    export_enhanced(tmp_path / "head.dcm", VALUES, (0.9, 1.1, 2.5))
    subprocess.run(["dcm2niix", "-f", "head", "-o", tmp_path, tmp_path], check=True)
    volume = read_volume(tmp_path / "head.nii")
    # Rows run against those of DICOM.
    np.testing.assert_array_equal(volume.array, VALUES[:, ::-1])
    np.testing.assert_allclose(volume.grid.spacing, (0.9, 1.1, 2.5), rtol=1e-6)


def test_slices_without_a_place_are_refused_with_the_tags(tmp_path: Path) -> None:
    export(tmp_path, Exported(change=setting(ImagePositionPatient=None)))
    with pytest.raises(InputError, match="missing or invalid position tags"):
        read_volume(tmp_path)


def test_an_empty_folder_and_a_folder_of_other_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no DICOM series"):
        read_volume(tmp_path)
    (tmp_path / "notes.txt").write_text("nothing here")
    with pytest.raises(InputError, match="no DICOM series"):
        list_series(tmp_path)


def test_a_series_given_for_a_file_is_refused(cortex_path: Path) -> None:
    with pytest.raises(InputError, match="is a file; leave it out"):
        read_volume(cortex_path, series="3")


def test_the_padding_value_is_read_with_its_scaling(tmp_path: Path) -> None:
    padded = setting(PixelPaddingValue=7, RescaleSlope=2, RescaleIntercept=-20)
    export(tmp_path / "named", Exported(change=padded))
    assert read_volume(tmp_path / "named").padding == -6.0
    export(tmp_path / "none")
    assert read_volume(tmp_path / "none").padding is None
