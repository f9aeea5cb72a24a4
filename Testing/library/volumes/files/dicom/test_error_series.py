"""The expected error is a second derived series of the same study."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
import pytest

from ArSSRLib.cli.main import main
from ArSSRLib.sample import sample_path
from ArSSRLib.volumes.files.reading import read_volume

from .series_files import Exported, export


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A real scan as a DICOM series."""
    head = read_volume(sample_path("head")).array[20:30, 60:92, 50:90]
    folder = tmp_path_factory.mktemp("study") / "series"
    export(folder, Exported(description="head t1", change=_of_a_study), head.astype(np.int16))
    return folder


def _of_a_study(dataset: pydicom.Dataset, k: int) -> None:
    dataset.StudyInstanceUID = "1.2.3.4"


def _first(folder: Path) -> pydicom.Dataset:
    return pydicom.dcmread(min(path for path in folder.iterdir() if path.is_file()))


@pytest.mark.parametrize("named", [True, False])
def test_the_expected_error_is_a_series_beside_the_result(
    source: Path, error_model_path: Path, tmp_path: Path, named: bool
) -> None:
    fine = tmp_path / "fine"
    errors = tmp_path / ("errors" if named else "fine_error")
    words = ["upsample", str(source), "--scale", "1.5", "--model", str(error_model_path)]
    option = ["--error-map", str(errors)] if named else ["--expected-error"]
    assert main([*words, *option, "-o", str(fine), "--dicom", "--progress", "none"]) == 0
    result, error = _first(fine), _first(errors)
    assert error.StudyInstanceUID == result.StudyInstanceUID
    assert error.SeriesInstanceUID != result.SeriesInstanceUID
    assert "expected error" in error.SeriesDescription
    assert "expected error" not in result.SeriesDescription
    same = tmp_path / "same.nii"
    assert main([*words, "--error-map", str(same), "-o", str(tmp_path / "fine.nii"),
                 "--progress", "none"]) == 0  # fmt: skip
    expected = read_volume(same).array
    stored = read_volume(errors).array
    np.testing.assert_allclose(stored, expected, atol=1e-4 * float(np.ptp(expected)))
