"""A result lies in the study of its input, with the entries that Slicer's DICOM export takes."""

from __future__ import annotations

import pytest

MADE = "ArSSR 1.2x, not for diagnosis"


@pytest.fixture
def hierarchy(slicer):
    return slicer.mrmlScene.GetSubjectHierarchyNode()


@pytest.fixture
def series(slicer, hierarchy, cortex):
    """The cortex as Slicer's DICOM module loads a series; returns its study."""
    patient = hierarchy.CreateSubjectItem(hierarchy.GetSceneItemID(), "Doe")
    study = hierarchy.CreateStudyItem(patient, "Head")
    hierarchy.SetItemAttribute(study, "DICOM.StudyInstanceUID", "1.2.3")
    item = hierarchy.GetItemByDataNode(cortex)
    hierarchy.SetItemParent(item, study)
    hierarchy.SetItemUID(item, "DICOM", "1.2.3.4")
    hierarchy.SetItemUID(item, "DICOMInstanceUID", "1.2.3.4.1 1.2.3.4.2")
    for key, value in {
        "Modality": "MR",
        "SeriesNumber": "5",
        "SeriesDescription": "t1_mprage_sag",
        "FrameOfReferenceUID": "1.2.3.9",
        "Manufacturer": "Maker",
        "SeriesDate": "20250102",
    }.items():
        hierarchy.SetItemAttribute(item, f"DICOM.{key}", value)
    return study


@pytest.fixture
def exported(slicer, hierarchy):
    """What the export takes from an item, as qSlicerDICOMTagEditorWidget does."""
    defaults = {"Modality": "CT", "SeriesDescription": "No series description",
                "Manufacturer": "Unknown manufacturer", "Model": "Unknown model",
                "SeriesNumber": "301", "SeriesInstanceUID": "", "FrameOfReferenceUID": "",
                "SeriesDate": ""}  # fmt: skip

    def read(node):
        item = hierarchy.GetItemByDataNode(node)
        study = hierarchy.GetItemParent(item)
        assert hierarchy.IsItemLevel(study, "Study")
        assert hierarchy.IsItemLevel(hierarchy.GetItemParent(study), "Patient")
        own = {key: f"DICOM.{key}" for key in defaults}
        return {
            key: hierarchy.GetItemAttribute(item, name)
            if hierarchy.HasItemAttribute(item, name)
            else defaults[key]
            for key, name in own.items()
        }

    return read


@pytest.fixture
def upsample(cortex, logic):
    return lambda **choices: logic.upsample(cortex, scale=1.2, **choices)


def test_it_is_a_new_mr_series_of_the_same_study(hierarchy, series, exported, upsample):
    made = exported(upsample())
    assert made["Modality"] == "MR"
    assert made["SeriesDescription"] == f"t1_mprage_sag {MADE}"
    assert made["SeriesNumber"] == "305"
    assert made["FrameOfReferenceUID"] == "1.2.3.9"
    assert made["Manufacturer"] == "Maker"
    assert made["Model"] == "Unknown model"
    # Of a new series, which Slicer gives its identifier and date.
    assert made["SeriesInstanceUID"] == made["SeriesDate"] == ""


def test_it_does_not_pass_for_its_input_but_names_it(hierarchy, series, upsample):
    item = hierarchy.GetItemByDataNode(upsample(method="cubic"))
    assert list(hierarchy.GetItemUIDNames(item)) == []
    assert hierarchy.GetItemAttribute(item, "DICOM.ReferencedInstanceUIDs") == "1.2.3.4.1 1.2.3.4.2"


def test_an_output_that_was_chosen_moves_there_too_unless_it_was_put_elsewhere(
    slicer, hierarchy, series, exported, upsample
):
    first, second = (
        slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", name) for name in "ab"
    )
    folder = hierarchy.CreateFolderItem(hierarchy.GetSceneItemID(), "Mine")
    hierarchy.SetItemParent(hierarchy.GetItemByDataNode(second), folder)
    for node in (first, second):
        upsample(method="cubic", outputNode=node)
    assert exported(first)["SeriesDescription"].startswith("t1_mprage_sag cubic")
    assert hierarchy.GetItemParent(hierarchy.GetItemByDataNode(second)) == folder


def test_without_dicom_the_name_describes_it(hierarchy, cortex, upsample):
    cortex.SetName("a rather long name of a volume that was loaded from a file")
    item = hierarchy.GetItemByDataNode(upsample())
    description = hierarchy.GetItemAttribute(item, "DICOM.SeriesDescription")
    assert description.startswith("a rather long name")
    assert description.endswith(MADE)
    assert len(description) <= 64
    assert hierarchy.GetItemAttribute(item, "DICOM.Modality") == "MR"
