"""Values that single precision rounds are reported: in the log and in the result's sidecar."""

from __future__ import annotations

import json
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
import SimpleITK as sitk

from ArSSRLib import upsample
from ArSSRLib.upsampling.file_job import FileJob, upsample_file
from ArSSRLib.upsampling.request import Upsampling
from ArSSRLib.volumes.array_types import Array
from ArSSRLib.volumes.files.reading import read_volume
from ArSSRLib.volumes.rounding import rounding_of

SMALL = np.arange(4 * 5 * 6).reshape(4, 5, 6)
THIRDS = SMALL / 3
LARGE = SMALL + (1 << 24)


def _file(folder: Path, values: Array) -> Path:
    nib.save(nib.Nifti1Image(values.T, np.eye(4), dtype=values.dtype), folder / "head.nii")
    return folder / "head.nii"


@pytest.mark.parametrize("values", [THIRDS, LARGE.astype(np.int32), LARGE.astype(np.uint32)])
def test_a_file_whose_values_are_rounded_gives_one_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, values: Array
) -> None:
    volume = read_volume(_file(tmp_path, values))
    (warning,) = caplog.messages
    assert "head.nii holds" in warning
    assert "are rounded" in warning
    assert volume.rounding in warning


@pytest.mark.parametrize(
    "values", [SMALL.astype(np.float64) / 4, SMALL.astype(np.int32), THIRDS.astype(np.float32)]
)
def test_values_that_single_precision_holds_give_no_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, values: Array
) -> None:
    assert read_volume(_file(tmp_path, values)).rounding == ""
    assert not caplog.messages


def test_scaled_integers_are_rounded_once_neighbours_can_become_equal() -> None:
    def rounding(slope: float, intercept: float) -> str:
        array = (SMALL * slope + intercept).astype(np.float32)
        return rounding_of(SMALL.astype(np.int16), array, (slope, intercept))

    assert rounding(0.1, 3.0) == ""
    assert "rounded by up to 0.5" in rounding(0.1, 1e7)


@pytest.mark.parametrize("give", [lambda array: array, sitk.GetImageFromArray])
def test_the_api_warns_too(give, caplog: pytest.LogCaptureFixture) -> None:  # type: ignore[no-untyped-def]
    upsample(give(THIRDS), 2, method="linear")
    assert "values are rounded by up to" in caplog.text


def test_the_sidecar_names_the_rounding(tmp_path: Path) -> None:
    job = FileJob(
        source=str(_file(tmp_path, THIRDS)),
        output=str(tmp_path / "fine.nii"),
        request=Upsampling.of(scale=2, method="linear"),
        sidecar=str(tmp_path / "fine.json"),
    )
    upsample_file(job, lambda progress: None)
    made = json.loads((tmp_path / "fine.json").read_text())["Upsampling"]
    assert "rounded by up to" in made["Rounding"]
