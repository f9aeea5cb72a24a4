"""Which volumes and masks an evaluation takes, and what they are called."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import SimpleITK as sitk

from ArSSRLib.errors import InputError
from ArSSRLib.evaluation.measuring.volumes import find_volumes, mask_files
from ArSSRLib.evaluation.run import evaluate
from ArSSRLib.evaluation.settings import Settings
from ArSSRLib.volumes.files.search import VolumeFile

BRAINS = ("brain_45_2mm.nii.gz", "brain_46_2mm.nii.gz")
Quick = Callable[..., Settings]


@pytest.fixture
def subjects(tmp_path: Path, data_folder: Path) -> Path:
    """Two subjects whose volumes have one file name."""
    source = tmp_path / "subjects"
    for subject, name in zip(("100", "101"), BRAINS, strict=True):
        (source / subject).mkdir(parents=True)
        shutil.copy(data_folder / name, source / subject / "T1w.nii.gz")
    return source


def _write_masks(volumes: dict[str, VolumeFile], places: dict[str, Path]) -> None:
    for name, file in volumes.items():
        places[name].parent.mkdir(parents=True, exist_ok=True)
        mask = sitk.Cast(sitk.ReadImage(str(file.path)) > 0, sitk.sitkUInt8)
        sitk.WriteImage(mask, str(places[name]))


def _paths(volumes: dict[str, VolumeFile]) -> dict[str, Path]:
    return {name: file.path for name, file in volumes.items()}


def test_volumes_with_one_file_name_have_their_own_masks(
    subjects: Path, tmp_path: Path, quick: Quick
) -> None:
    masks = tmp_path / "masks"
    volumes = find_volumes(subjects)
    expected = {name: masks / name[:3] / "T1w.nii.gz" for name in ("100_T1w", "101_T1w")}
    assert mask_files(masks, volumes) == expected
    _write_masks(volumes, expected)
    settings = quick(source=subjects, masks=masks)
    together = {r.volume: r.values["psnr"] for r in evaluate(settings).measured}
    for subject in ("100", "101"):
        alone = quick(
            source=subjects / subject, masks=masks / subject, output=tmp_path / f"only {subject}"
        )
        (record,) = evaluate(alone).measured
        assert record.values["psnr"] == together[f"{subject}_T1w"]


def test_a_mask_by_the_bare_name_counts_only_for_a_name_that_is_unique(
    subjects: Path, tmp_path: Path, quick: Quick
) -> None:
    masks = tmp_path / "masks"
    volumes = find_volumes(subjects)
    one = {"100_T1w": volumes["100_T1w"]}
    _write_masks(one, {"100_T1w": masks / "T1w.nii.gz"})
    assert mask_files(masks, one) == {"100_T1w": masks / "T1w.nii.gz"}
    assert masks / "T1w.nii.gz" not in mask_files(masks, volumes).values()
    with pytest.raises(InputError, match=r"no mask '.*100.T1w.nii.gz'; add it"):
        evaluate(quick(source=subjects, masks=masks))


@pytest.mark.parametrize("change", ["origin", "spacing", "direction"])
def test_a_mask_on_another_grid_of_the_same_size_is_refused(
    change: str, folder: Path, quick: Quick
) -> None:
    masks = folder.parent / "masks"
    volumes = find_volumes(folder)
    _write_masks(volumes, {name: masks / file.name for name, file in volumes.items()})
    image = sitk.ReadImage(str(masks / BRAINS[0]))
    if change == "origin":
        image.SetOrigin([x + 3.0 for x in image.GetOrigin()])
    elif change == "spacing":
        image.SetSpacing([1.1 * x for x in image.GetSpacing()])
    else:
        image.SetDirection([-x for x in image.GetDirection()])
    sitk.WriteImage(image, str(masks / BRAINS[0]))
    evaluation = evaluate(quick(masks=masks))
    (failure,) = evaluation.failed
    assert failure.volume == "brain_45_2mm" and "resample it to the volume's grid" in failure.error


def test_a_mask_whose_header_was_rounded_is_taken(folder: Path, quick: Quick) -> None:
    masks = folder.parent / "masks"
    volumes = find_volumes(folder)
    _write_masks(volumes, {name: masks / file.name for name, file in volumes.items()})
    image = sitk.ReadImage(str(masks / BRAINS[0]))
    image.SetOrigin([round(x + 0.004, 2) for x in image.GetOrigin()])
    sitk.WriteImage(image, str(masks / BRAINS[0]))
    assert not evaluate(quick(masks=masks)).failed


def test_real_scans_need_no_masks(folder: Path, quick: Quick) -> None:
    empty = folder.parent / "masks"
    empty.mkdir()
    settings = quick(reference_free=True, metrics=("grain",), masks=empty, scales=(1.2,))
    assert not evaluate(settings).failed


@pytest.mark.parametrize(
    ("first", "second"), [("a/b.nii.gz", "a_b.nii.gz"), ("x.nii.gz", "x.nrrd")]
)
def test_volumes_that_would_have_one_name_are_refused_by_both_names(
    first: str, second: str, tmp_path: Path, brain_image: sitk.Image
) -> None:
    for name in (first, second):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        sitk.WriteImage(brain_image, str(tmp_path / name))
    with pytest.raises(InputError) as refused:
        find_volumes(tmp_path)
    sentence = str(refused.value)
    assert str(tmp_path / first) in sentence and str(tmp_path / second) in sentence
    assert "rename one" in sentence


def test_of_an_hcp_release_only_the_restored_brains_are_taken(
    tmp_path: Path, data_folder: Path
) -> None:
    for subject, name in zip(("100307", "100408"), BRAINS, strict=True):
        (tmp_path / subject / "T1w").mkdir(parents=True)
        for file in ("T1w_acpc_dc_restore_brain", "T1w_acpc_dc", "T2w_acpc_dc_restore_brain"):
            shutil.copy(data_folder / name, tmp_path / subject / "T1w" / f"{file}.nii.gz")
    assert {name: file.path.parts[-3:] for name, file in find_volumes(tmp_path).items()} == {
        f"{subject}_T1w_T1w_acpc_dc_restore_brain": (
            subject, "T1w", "T1w_acpc_dc_restore_brain.nii.gz"
        )
        for subject in ("100307", "100408")
    }  # fmt: skip


def test_a_list_names_the_volumes_one_a_line(subjects: Path, tmp_path: Path) -> None:
    listing = tmp_path / "chosen.txt"
    lines = [str(subjects / subject / "T1w.nii.gz") for subject in ("101", "100")]
    listing.write_text("\n".join([*lines, "", lines[0]]), encoding="utf-8")
    assert _paths(find_volumes(listing)) == {
        "101_T1w": subjects / "101" / "T1w.nii.gz",
        "100_T1w": subjects / "100" / "T1w.nii.gz",
    }


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_a_list_that_an_editor_of_windows_saved_is_read(
    encoding: str, subjects: Path, tmp_path: Path
) -> None:
    path = (subjects / "100" / "T1w.nii.gz").rename(tmp_path / "größer.nii.gz")
    listing = tmp_path / "chosen.txt"
    listing.write_text(f"{path}\n", encoding=encoding)
    assert _paths(find_volumes(listing)) == {"größer": path}


@pytest.mark.skipif(os.name == "nt", reason="Windows has no named pipes in folders")
@pytest.mark.parametrize("name", ["volumes.txt", "volume.nii", "63"])
def test_a_list_that_is_a_pipe_is_refused_at_once(name: str, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / name)
    with pytest.raises(InputError, match=f"{name}' is neither a file nor a folder but a pipe"):
        find_volumes(tmp_path / name)


def test_a_list_with_a_wrong_line_is_refused_with_that_line(tmp_path: Path) -> None:
    listing = tmp_path / "chosen.txt"
    listing.write_text("gone.nii.gz\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"no file or folder 'gone\.nii\.gz'"):
        find_volumes(listing)
    for encoding in ("utf-16", "latin-1"):
        listing.write_text("größer.nii.gz\n", encoding=encoding)
        with pytest.raises(InputError, match=r"chosen\.txt' cannot be read as text in UTF-8"):
            find_volumes(listing)
