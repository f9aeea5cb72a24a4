"""Which images of a dataset are chosen: by participant, session, suffix and filter file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ArSSRLib.bids.names import BidsName
from ArSSRLib.bids.selection import SUFFIXES, Selection, chosen_suffixes, read_filters
from ArSSRLib.errors import InputError


def _name(text: str) -> BidsName:
    name = BidsName.parse(text)
    assert name is not None
    return name


def _filters(tmp_path: Path, values: Any) -> dict[str, dict[str, Any]]:
    path = tmp_path / "filter.json"
    path.write_text(json.dumps(values))
    return read_filters(path)


@pytest.mark.parametrize(
    ("given", "chosen"),
    [
        ([], ("T1w",)),
        (["T2w", "FLAIR", "T2w"], ("T2w", "FLAIR")),
        (["T1w", "all"], SUFFIXES),
    ],
)
def test_suffixes_are_those_named_or_t1w_or_all(given: list[str], chosen: tuple[str, ...]) -> None:
    assert chosen_suffixes(given) == chosen


def test_sessions_are_wanted_with_and_without_their_prefix() -> None:
    assert Selection().wants_session("") and Selection().wants_session("b")
    some = Selection(sessions=("ses-a", "b"))
    assert some.wants_session("a") and some.wants_session("b")
    assert not some.wants_session("") and not some.wants_session("c")


def test_a_filter_file_as_of_fmriprep_chooses_by_entities(tmp_path: Path) -> None:
    filters = _filters(
        tmp_path,
        {
            "t1w": {
                "datatype": "anat", "suffix": "T1w", "acquisition": ["mprage", "acq-space"],
                "ceagent": None, "run": 1,
            },
            "flair": {"session": "*"},
            "bold": {"task": "rest"},
        },
    )  # fmt: skip
    assert set(filters) == {"T1w", "FLAIR"}
    selection = Selection(filters=filters)
    for wanted in (
        "sub-1_acq-mprage_run-01_T1w.nii.gz", "sub-1_acq-space_run-1_T1w.nii.gz",
        "sub-1_ses-a_FLAIR.nii.gz", "sub-1_T2w.nii.gz",
    ):  # fmt: skip
        assert selection.wants(_name(wanted)), wanted
    for unwanted in (
        "sub-1_acq-mprage_run-02_T1w.nii.gz", "sub-1_run-1_T1w.nii.gz",
        "sub-1_acq-mprage_ce-gd_run-1_T1w.nii.gz", "sub-1_FLAIR.nii.gz",
    ):  # fmt: skip
        assert not selection.wants(_name(unwanted)), unwanted


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"t1w": ["mprage"]}, "'t1w' is not a list of entities"),
        ({"t1w": {"colour": "red"}}, "the entity 'colour' is unknown; use one of subject"),
        ({"t1w": {"run": []}}, r"the entity 'run' is \[\]; give a label"),
        ({"t1w": {"run": True}}, "the entity 'run' is True"),
        ({"t1w": {"run": [1, {"a": 1}]}}, "the entity 'run'"),
        ([1, 2], "must hold a JSON object"),
    ],
)
def test_a_filter_that_means_nothing_is_refused(tmp_path: Path, values: Any, words: str) -> None:
    with pytest.raises(InputError, match=words):
        _filters(tmp_path, values)
