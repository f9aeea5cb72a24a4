"""The folder of the derivative dataset: what is the user's stays, what is of no use goes."""

from __future__ import annotations

import shutil
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
from contents import files
from in_process import Arssr
from small_dataset import LINEAR, ONLY_01, PLAIN, RESULTS, SESSION_B, expected, read, write

from ArSSRLib.bids.derivative import prepared
from ArSSRLib.running.batch.jobs import run_jobs
from ArSSRLib.running.output_files import replacing


@pytest.mark.parametrize("name", ["README", "README.md", "README.rst"])
def test_a_readme_of_the_user_stays_and_is_the_only_one(name: str, out: Path, bids: Arssr) -> None:
    out.mkdir()
    (out / name).write_text("Mine.")
    assert bids(*LINEAR, *ONLY_01).returncode == 0
    assert (out / name).read_text() == "Mine."
    made = {*expected(RESULTS[:1])} - {"README.md"}
    assert {*files(out)} == {*made, name}


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        (["--scheduler", "nonsense://here"], 1, "No Dask scheduler answers"),
        (["--method", "arssr", "--device", "cuda"], 2, "device cuda is not available"),
        (["--participant-label", "01"], 2, "truncated or damaged"),
    ],
)
def test_a_run_without_any_result_leaves_no_folder(
    options: list[str], code: int, words: str, dataset: Path, monkeypatch: pytest.MonkeyPatch,
    arssr: Arssr,
) -> None:  # fmt: skip
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    (dataset / PLAIN).write_bytes((dataset / PLAIN).read_bytes()[:20000])
    before = sorted(dataset.rglob("*"))
    out = dataset / "derivatives" / "arssr"
    method = [] if "--method" in options else ["--method", "linear"]
    done = arssr("bids", dataset, out, "participant", "--scale", "2", "--progress", "none",
                 *method, *options)  # fmt: skip
    assert done.returncode == code
    assert words in done.stderr
    assert len([line for line in done.stderr.splitlines() if "warning" not in line]) == 1
    assert sorted(dataset.rglob("*")) == before


def test_a_run_without_any_result_takes_nothing_of_the_user_along(out: Path, bids: Arssr) -> None:
    out.mkdir()
    (out / "notes.txt").write_text("Mine.")
    assert bids(*LINEAR, "--scheduler", "nonsense://here").returncode == 1
    assert files(out) == ["notes.txt"]


def test_a_dataset_that_a_run_beside_takes_away_is_complete_in_the_end(
    out: Path, bids: Arssr, monkeypatch: pytest.MonkeyPatch
) -> None:
    def after_a_run_beside(*what: Any) -> None:
        # It began first, made the folders and could compute none of its volumes.
        shutil.rmtree(out)
        run_jobs(*what)

    monkeypatch.setattr("ArSSRLib.cli.batch.run_jobs", after_a_run_beside)
    assert bids(*LINEAR, *ONLY_01).returncode == 0
    assert files(out) == expected(RESULTS[:1])


def test_a_file_that_appears_during_the_run_is_left_alone(
    dataset: Path, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def with_a_run_beside(path: Path) -> AbstractContextManager[Path]:
        path.write_text("theirs")
        return replacing(path)

    monkeypatch.setattr("ArSSRLib.bids.derivative.replacing", with_a_run_beside)
    with prepared(dataset, out, {}):
        pass
    assert {path.name: path.read_text() for path in out.iterdir()} == {
        "README.md": "theirs",
        "dataset_description.json": "theirs",
    }


@pytest.mark.parametrize(("name", "called"), [("Small", "Small"), (["x"], "data set")])
def test_a_name_that_is_not_text_is_replaced_by_that_of_the_folder(
    name: object, called: str, dataset: Path, out: Path, bids: Arssr
) -> None:
    write(dataset / "dataset_description.json", {"Name": name, "BIDSVersion": "1.8.0"})
    assert bids(*LINEAR, "--session-label", "b").returncode == 0
    described = read(out / "dataset_description.json")
    assert described["Name"] == f"{called}: anatomical images upsampled by ArSSR"
    assert read(out / f"{RESULTS[2]}.json")["SpatialReference"] == f"bids:raw:{SESSION_B}"
