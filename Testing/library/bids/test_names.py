"""File names of BIDS, taken apart and made."""

from __future__ import annotations

import pytest

from ArSSRLib.bids.names import BidsName, resolution_label
from ArSSRLib.upsampling.resolution import Resolution


@pytest.mark.parametrize(
    ("source", "result"),
    [
        ("sub-01_T1w.nii", "sub-01_res-2x_desc-arssr_T1w.nii.gz"),
        (
            "sub-A1_ses-2_task-rest_acq-x+y_ce-gd_rec-n_run-03_echo-1_part-mag_chunk-2_T1w.nii.gz",
            "sub-A1_ses-2_task-rest_acq-x+y_ce-gd_rec-n_run-03_echo-1_part-mag_chunk-2_res-2x"
            "_desc-arssr_T1w.nii.gz",
        ),
        (
            "sub-01_space-MNI152Lin_res-1_desc-preproc_T1w.nii.gz",
            "sub-01_space-MNI152Lin_res-1to2x_desc-preprocArssr_T1w.nii.gz",
        ),
    ],
)
def test_all_entities_of_the_source_come_before_ours(source: str, result: str) -> None:
    name = BidsName.parse(source)
    assert name is not None
    assert name.text == source
    assert name.upsampled("2x", "arssr").text == result


@pytest.mark.parametrize(
    "text",
    ["T1w.nii", "sub-01.nii", "sub-_T1w.nii", "ses-1_sub-01_T1w.nii", "sub-01_new scan_T1w.nii",
     "sub-01_run-1_run-2_T1w.nii", "sub-01_T1w", "_T1w.nii", ""],
)  # fmt: skip
def test_other_names_are_not_taken_for_bids(text: str) -> None:
    assert BidsName.parse(text) is None


@pytest.mark.parametrize(
    ("scale", "spacing", "label"),
    [
        (2.0, None, "2x"),
        (2.5, None, "2p5x"),
        ((1.0, 1.0, 2.3), None, "1x1x2p3x"),
        (10.0, None, "10x"),
        (None, 0.8, "0p8mm"),
        (None, (0.5, 0.5, 1.0), "0p5x0p5x1mm"),
        (None, 0.00001, "0p00001mm"),
    ],
)
def test_labels_of_resolutions_hold_letters_and_digits_only(
    scale: float | None, spacing: float | None, label: str
) -> None:
    assert resolution_label(Resolution.of(scale, spacing)) == label
    assert label.isalnum()


def test_a_sidecar_applies_to_the_volumes_that_have_all_its_entities() -> None:
    volume = BidsName.parse("sub-01_ses-1_run-2_T1w.nii.gz")
    assert volume is not None
    for text, applies in {
        "sub-01_T1w.json": True,
        "sub-01_run-2_T1w.json": True,
        "sub-01_run-1_T1w.json": False,
        "sub-01_acq-x_T1w.json": False,
        "sub-01_T2w.json": False,
    }.items():
        sidecar = BidsName.parse(text)
        assert sidecar is not None
        assert sidecar.describes(volume) is applies
