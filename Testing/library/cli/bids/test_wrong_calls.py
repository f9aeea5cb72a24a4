"""What ``arssr bids`` cannot do is said in one sentence, and nothing is made."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from contents import files
from in_process import Arssr
from small_dataset import LINEAR, write


def test_a_group_stage_does_nothing_and_succeeds(out: Path, bids: Arssr) -> None:
    done = bids("group")
    assert done.returncode == 0
    assert "no group stage" in done.stdout
    assert done.stdout.count("\n") == 1
    assert not out.exists()


@pytest.mark.parametrize(
    ("change", "options", "words"),
    [
        ("no description", [], "not a BIDS dataset"),
        ("no volumes", [], "has no T1w image"),
        ("broken description", [], "not readable JSON"),
        ("", ["--participant-label", "99"], "no participant '99'; the dataset has: 01, 02"),
        ("", ["--session-label", "z"], "no session 'z'; the sessions are: a, b"),
        ("", ["--model", "no such", "--method", "arssr"], "no model"),
        ("out is the dataset", [], "the dataset itself"),
        ("out of others", [], "contains another dataset"),
    ],
)
def test_a_wrong_call_is_one_sentence_and_leaves_nothing(
    change: str, options: list[str], words: str, dataset: Path, arssr: Arssr
) -> None:
    out = dataset if change == "out is the dataset" else dataset.parent / "out"
    if change == "no description":
        (dataset / "dataset_description.json").unlink()
    elif change == "no volumes":
        for folder in dataset.glob("sub-*"):
            shutil.rmtree(folder)
    elif change == "broken description":
        (dataset / "dataset_description.json").write_text("{")
    elif change == "out of others":
        out.mkdir()
        write(out / "dataset_description.json", {"Name": "x", "GeneratedBy": [{"Name": "other"}]})
    before = files(dataset.parent)
    done = arssr("bids", dataset, out, *LINEAR, *options)
    assert done.returncode == 2
    assert words in done.stderr
    assert done.stderr.count("\n") == 1
    assert files(dataset.parent) == before
