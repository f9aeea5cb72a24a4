"""Which volumes of a dataset are upsampled, and what their sidecars hand on."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ArSSRLib.bids.dataset import Source, find_volumes
from ArSSRLib.bids.names import BidsName
from ArSSRLib.bids.sidecar import static_entries
from ArSSRLib.errors import InputError

FIRST = "sub-01/anat/sub-01_T1w.nii.gz"
SECOND = "sub-02/ses-a/anat/sub-02_ses-a_T1w.nii.gz"


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    """Two volumes, as far as names go."""
    for name in (FIRST, SECOND):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).touch()
    return tmp_path


@pytest.mark.parametrize("folder", ["", "sub-01", "sub-01/anat", "sub-02/ses-a/anat"])
def test_a_folder_that_cannot_be_read_is_reported(
    folder: str, dataset: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    really = os.scandir

    def scandir(path: Path) -> object:
        if Path(path) == dataset / folder:
            raise PermissionError(13, "Permission denied", str(path))
        return really(path)

    monkeypatch.setattr("ArSSRLib.bids.listing.os.scandir", scandir)
    with pytest.raises(InputError) as caught:
        find_volumes(dataset)
    path = str(dataset / folder)
    assert str(caught.value) == (
        f"The folder {path!r} cannot be read (Permission denied); check its rights."
    )


@pytest.mark.parametrize(
    "stray", ["sub-01/anat/sub-02_T1w.nii.gz", "sub-02/ses-a/anat/sub-02_ses-b_T1w.nii"]
)
def test_a_volume_whose_folder_names_another_is_left_out_and_reported(
    stray: str, dataset: Path
) -> None:
    (dataset / stray).touch()
    found = find_volumes(dataset)
    assert [source.relative for source in found.sources] == [FIRST, SECOND]
    assert len(found.notes) == 1
    assert Path(stray).name in found.notes[0]
    assert "which its name contradicts" in found.notes[0]


@pytest.mark.parametrize(
    ("said", "handed_on"),
    [
        (None, f"bids:raw:{FIRST}"),
        ("orig", "orig"),
        ("https://example.org/template.nii.gz", "https://example.org/template.nii.gz"),
        ("bids:templates:tpl-x/tpl-x_T1w.nii.gz", "bids:templates:tpl-x/tpl-x_T1w.nii.gz"),
        (f"bids::{SECOND}", f"bids:raw:{SECOND}"),
        (SECOND, f"bids:raw:{SECOND}"),
        ("sub-01/nowhere.nii.gz", f"bids:raw:{FIRST}"),
        ({"VolumeReference": SECOND}, f"bids:raw:{FIRST}"),
        ("", f"bids:raw:{FIRST}"),
    ],
)
def test_a_spatial_reference_leads_somewhere_from_the_derivative_dataset_too(
    said: object, handed_on: str, dataset: Path
) -> None:
    name = BidsName.parse(Path(FIRST).name)
    assert name is not None
    metadata = {} if said is None else {"SpatialReference": said}
    source = Source(dataset / FIRST, dataset, name, metadata)
    assert static_entries(source, "linear", None)["SpatialReference"] == handed_on
