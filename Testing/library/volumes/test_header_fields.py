"""Only entries about the acquisition and the display are carried into a result."""

from __future__ import annotations

import pytest

from ArSSRLib.volumes.header_fields import entries_to_keep


@pytest.mark.parametrize(
    "key",
    ["0010|0010", "0010,0030", "DICOM_0010_0010_PatientName", "DICOM_0010_0030", "PatientName",
     "DICOM.PatientID", "patientname", "Subject", "AccessionNumber", "0008|0080", "anything else",
     "aux_file", "(0010,0010)"],
)  # fmt: skip
def test_what_may_name_the_patient_is_left_out_under_any_key(key: str) -> None:
    assert entries_to_keep({key: "Doe^Jane"}) == {}


@pytest.mark.parametrize(
    "key",
    ["0018|0081", "DICOM_0018_0081_EchoTime", "DICOM_0018_0081", "EchoTime", "DICOM.EchoTime",
     "Modality", "descrip", "cal_max", "nifti_form_codes"],
)  # fmt: skip
def test_how_it_was_acquired_is_kept_under_any_key(key: str) -> None:
    assert entries_to_keep({key: "2.9"}) == {key: "2.9"}
