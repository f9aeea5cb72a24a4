"""Results of many inputs have different names, and never that of an input."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ArSSRLib.errors import InputError
from ArSSRLib.upsampling.result_names import result_paths

OUT = Path("/out")


def _names(*sources: str) -> list[str]:
    return [path.as_posix() for path in result_paths(sources, OUT, "cubic_2x").values()]


def test_results_lie_side_by_side_in_their_inputs_format() -> None:
    assert _names("/a/x.nii", "/b/y.nrrd", "/b/z.mhd", "/c/dicom") == [
        "/out/x_cubic_2x.nii.gz", "/out/y_cubic_2x.nrrd", "/out/z_cubic_2x.mha",
        "/out/dicom_cubic_2x.nii.gz",
    ]  # fmt: skip


def test_inputs_of_one_name_keep_the_folders_below_the_one_they_share() -> None:
    sources = ["/s/p1/T1.nii.gz", "/s/p2/anat/T1.nii.gz", "/s/p2/anat/T2.nii.gz"]
    assert _names(*sources) == [
        "/out/p1/T1_cubic_2x.nii.gz", "/out/p2/anat/T1_cubic_2x.nii.gz",
        "/out/p2/anat/T2_cubic_2x.nii.gz",
    ]  # fmt: skip


def test_an_input_that_is_given_twice_counts_once() -> None:
    assert _names("/s/a.nii", "/s/../s/a.nii") == ["/out/a_cubic_2x.nii.gz"]


def test_two_inputs_with_one_result_are_refused() -> None:
    with pytest.raises(InputError, match="would both become"):
        _names("/s/a.nii", "/s/a.nii.gz")


def test_a_result_never_replaces_another_input(tmp_path: Path) -> None:
    sources = [str(tmp_path / "a.nii"), str(tmp_path / "a_cubic_2x.nii.gz")]
    with pytest.raises(
        InputError, match=r"would replace .*a_cubic_2x\.nii\.gz', which is an input"
    ):
        result_paths(sources, tmp_path, "cubic_2x")


def test_the_folder_above_is_called_by_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "scans" / "here").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "scans" / "here")
    assert [os.path.basename(name) for name in _names("..")] == ["scans_cubic_2x.nii.gz"]
