"""Label maps between the volumes of an evaluation are left out, which is not a failure."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import SimpleITK as sitk

from ArSSRLib.errors import InputError
from ArSSRLib.evaluation.run import evaluate
from ArSSRLib.evaluation.settings import Settings


def _label_map(folder: Path) -> None:
    image = sitk.ReadImage(str(folder / "brain_45_2mm.nii.gz"))
    labels = sitk.Cast(sitk.OtsuMultipleThresholds(image, 3), sitk.sitkUInt8)
    sitk.WriteImage(labels, str(folder / "brain_45_dseg.nii.gz"))


def test_they_are_left_out_and_the_rest_is_measured(
    folder: Path, quick: Callable[..., Settings]
) -> None:
    _label_map(folder)
    said: list[str] = []
    evaluation = evaluate(quick(), warn=said.append)
    assert evaluation.failed == [] and evaluation.exit_code == 0
    assert {record.volume for record in evaluation.measured} == {"brain_45_2mm", "brain_46_2mm"}
    (note,) = evaluation.notes
    assert note.startswith("brain_45_dseg was left out: ") and "label map" in note
    assert said == [note]


def test_nothing_but_label_maps_is_an_error_that_names_the_reason(
    folder: Path, quick: Callable[..., Settings]
) -> None:
    _label_map(folder)
    for name in ("brain_45_2mm.nii.gz", "brain_46_2mm.nii.gz"):
        (folder / name).unlink()
    with pytest.raises(InputError, match=r"Nothing could be measured; .* is a label map"):
        evaluate(quick())
