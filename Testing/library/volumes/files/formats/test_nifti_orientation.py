"""A NIfTI volume is where its file says; what is in doubt is reported or refused."""

from __future__ import annotations

import logging
import struct
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
import SimpleITK as sitk

from ArSSRLib.errors import InputError
from ArSSRLib.volumes.files.formats.nifti_header import read_nifti_header
from ArSSRLib.volumes.files.formats.nifti_orientation import orientation_of
from ArSSRLib.volumes.files.reading import read_volume
from ArSSRLib.volumes.files.writing import write_volume
from ArSSRLib.volumes.grid import Grid

THICK = np.diag([2.0, 2.0, 3.0, 1.0])
METRE, MILLIMETRE, MICRON = 1, 2, 3


def _save(path: Path, sform: np.ndarray | None, qform: np.ndarray | None, **fields: object) -> Path:
    """A file with the forms that are given, of space 1 unless ``fields`` say otherwise."""
    image = nib.Nifti1Image(np.arange(24, dtype=np.int16).reshape(2, 3, 4), None)
    if qform is not None:
        image.set_qform(qform, code=1)
    if sform is not None:
        image.set_sform(sform, code=1)
    for name, value in fields.items():
        image.header[name] = value
    nib.save(image, path)
    return path


def _warnings(path: Path, caplog: pytest.LogCaptureFixture) -> list[str]:
    caplog.clear()
    with caplog.at_level(logging.WARNING):
        read_volume(path)
    return caplog.messages


def _codes_written(path: Path) -> tuple[int, int]:
    """The qform's and the sform's code of the file that a volume read from ``path`` becomes."""
    write_volume(read_volume(path), path.with_name("out.nii"))
    header = nib.load(path.with_name("out.nii")).header
    return int(header["qform_code"]), int(header["sform_code"])


def test_forms_that_disagree_are_reported_with_their_distance(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    shifted = THICK.copy()
    shifted[0, 3] = 12.5
    (warning,) = _warnings(_save(tmp_path / "a.nii", shifted, THICK), caplog)
    assert "12.5 mm" in warning
    assert _warnings(_save(tmp_path / "b.nii", None, shifted), caplog) == []
    assert _warnings(_save(tmp_path / "c.nii", THICK, THICK), caplog) == []


def test_of_two_forms_that_disagree_the_space_of_the_one_that_was_read_is_kept(
    tmp_path: Path,
) -> None:
    shifted = THICK.copy()
    shifted[0, 3] = 40.0
    path = _save(tmp_path / "in.nii", shifted, THICK, sform_code=4)
    code = 4 if read_volume(path).grid.origin[0] == -40.0 else 1
    assert _codes_written(path) == (code, code)


@pytest.mark.parametrize("angle", [0.0, 0.1, 0.7])
def test_forms_that_agree_keep_the_space_of_each(tmp_path: Path, angle: float) -> None:
    oblique = THICK.copy()
    cos, sin = np.cos(angle), np.sin(angle)
    oblique[:3, :3] = np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]]) @ oblique[:3, :3]
    assert _codes_written(_save(tmp_path / "in.nii", oblique, oblique, sform_code=4)) == (1, 4)


def test_a_file_without_an_orientation_is_reported_and_gets_none(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = _save(tmp_path / "in.nii", None, None, pixdim=[1, 2, 2, 3, 1, 1, 1, 1])
    (warning,) = _warnings(path, caplog)
    assert "does not define the orientation" in warning
    assert _codes_written(path) == (0, 0)
    before, after = nib.load(path), nib.load(tmp_path / "out.nii")
    np.testing.assert_allclose(after.affine, before.affine)


def test_a_form_with_other_voxels_than_the_header_says_is_refused(tmp_path: Path) -> None:
    path = _save(tmp_path / "in.nii", THICK, None, pixdim=[1, 1, 1, 1, 1, 1, 1, 1])
    with pytest.raises(InputError, match=r"1 × 1 × 1 mm by its pixdim and 2 × 2 × 3 mm by its sf"):
        read_volume(path)


def test_a_voxel_size_that_was_rounded_is_only_reported(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = _save(tmp_path / "in.nii", THICK, None, pixdim=[1, 2, 2, 3.1, 1, 1, 1, 1])
    (warning,) = _warnings(path, caplog)
    assert "by up to 0.3 mm" in warning


@pytest.mark.parametrize(("unit", "mm"), [(METRE, 1000.0), (MILLIMETRE, 1.0), (MICRON, 0.001)])
def test_lengths_in_other_units_are_not_a_contradiction(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, unit: int, mm: float
) -> None:
    path = _save(tmp_path / "in.nii", THICK, THICK, xyzt_units=unit)
    assert _warnings(path, caplog) == []
    assert read_volume(path).grid.spacing == pytest.approx([2.0 * mm, 2.0 * mm, 3.0 * mm])


def test_the_forms_of_an_oblique_left_handed_file_agree(tmp_path: Path) -> None:
    image = sitk.Image(5, 6, 7, sitk.sitkInt16)
    turn = np.array([[0.6, -0.8, 0], [0.8, 0.6, 0], [0, 0, -1.0]])
    image.SetDirection(turn.ravel().tolist())
    image.SetSpacing((1.0, 2.0, 3.0))
    image.SetOrigin((10.0, -20.0, 30.0))
    sitk.WriteImage(image, str(tmp_path / "oblique.nii"))
    found = orientation_of(read_nifti_header(tmp_path / "oblique.nii"))
    assert [form.field for form in found.forms] == ["sform", "qform"]
    grid, warnings = found.grid((5, 6, 7))
    assert warnings == ()
    np.testing.assert_allclose(grid.direction, image.GetDirection(), atol=1e-6)


def test_an_affine_of_nan_is_refused(tmp_path: Path) -> None:
    path = _save(tmp_path / "a.nii", THICK, THICK)
    data = bytearray(path.read_bytes())
    struct.pack_into("<f", data, 280, float("nan"))
    path.write_bytes(data)
    with pytest.raises(InputError, match="not finite"):
        read_volume(path)


def _oblique(seed: int) -> np.ndarray:
    """A random left- or right-handed affine of anisotropic voxels."""
    rng = np.random.default_rng(seed)
    turn, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    affine = np.eye(4)
    affine[:3, :3] = turn * rng.uniform(0.4, 3.0, 3)
    affine[:3, 3] = rng.uniform(-120, 120, 3)
    return affine


@pytest.mark.parametrize("seed", range(40))
def test_the_grid_is_the_one_that_simpleitk_reads(tmp_path: Path, seed: int) -> None:
    rng = np.random.default_rng(seed)
    affine = _oblique(seed)
    moved = affine.copy()
    moved[:3, 3] += rng.choice([0.0, 7.0])
    sform, qform = [(affine, None), (None, affine), (affine, moved), (moved, affine)][seed % 4]
    codes = {
        f"{field}_code": int(rng.integers(1, 5))
        for field, form in (("sform", sform), ("qform", qform))
        if form is not None
    }
    size = np.linalg.norm(affine[:3, :3], axis=0)
    path = _save(tmp_path / "a.nii", sform, qform, **codes)
    header = bytearray(path.read_bytes())
    struct.pack_into("<3f", header, 80, *size)
    path.write_bytes(header)
    grid, theirs = read_volume(path).grid, Grid.of_image(sitk.ReadImage(str(path)))
    assert grid.size == theirs.size
    for name in ("spacing", "origin", "direction"):
        np.testing.assert_allclose(getattr(grid, name), getattr(theirs, name), atol=2e-5)


@pytest.mark.parametrize("seed", range(20))
def test_an_sform_rounded_to_three_decimals_is_read_as_the_nearest_rotation(
    tmp_path: Path, seed: int
) -> None:
    affine = _oblique(seed)
    path = _save(tmp_path / "a.nii", np.round(affine, 3), None)
    header = bytearray(path.read_bytes())
    struct.pack_into("<3f", header, 80, *np.linalg.norm(np.round(affine, 3)[:3, :3], axis=0))
    path.write_bytes(header)
    grid = read_volume(path).grid
    direction = np.reshape(grid.direction, (3, 3))
    np.testing.assert_allclose(direction.T @ direction, np.eye(3), atol=2e-4)
    expected = np.diag([-1.0, -1.0, 1.0]) @ affine[:3, :3]
    np.testing.assert_allclose(grid.axes, expected, atol=2e-3)


def test_a_small_shear_is_reported_when_voxels_move_visibly_and_a_large_one_is_refused(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    shape = (200, 200, 20)
    for shear, words in ((2e-4, ""), (8e-3, "slightly sheared"), (0.05, None)):
        affine = np.diag([-1.0, -1.0, 4.0, 1.0])
        affine[0, 1] = shear
        image = nib.Nifti1Image(np.zeros(shape, np.uint8), None)
        image.set_sform(affine, code=1)
        image.header["pixdim"][1:4] = np.linalg.norm(affine[:3, :3], axis=0)
        nib.save(image, tmp_path / "a.nii")
        if words is None:
            with pytest.raises(InputError, match="not orthonormal: its sform is sheared"):
                read_volume(tmp_path / "a.nii")
        else:
            warnings = _warnings(tmp_path / "a.nii", caplog)
            assert len(warnings) == bool(words)
            assert all(words in warning for warning in warnings)
