"""Options of ``arssr bids`` as BIDS Apps are called, and what they choose."""

from __future__ import annotations

from pathlib import Path

import pytest
import SimpleITK as sitk
from contents import files, identities
from small_dataset import LINEAR, PLAIN, RESULTS, SESSION_B, expected, read

from ArSSRLib import __version__
from ArSSRLib.cli.main import main


def test_options_with_several_values_may_be_repeated(dataset: Path) -> None:
    out = dataset.parent / "out"
    labels = ["--participant-label", "01", "--participant-label", "sub-02"]
    sessions = ["--session-label", "a", "--session_label", "b"]
    methods = ["--method", "nearest", "--method", "linear"]
    call = ["bids", str(dataset), str(out), *LINEAR[:3]]
    assert main([*call, *labels, *methods, "--progress", "none"]) == 0
    every = [*RESULTS, *(result.replace("linear", "nearest") for result in RESULTS)]
    assert files(out) == expected(every)
    other = dataset.parent / "other"
    assert main(["bids", str(dataset), str(other), *LINEAR, *sessions]) == 0
    assert files(other) == expected(RESULTS[1:])


def test_labels_in_front_of_the_folders_are_explained(
    dataset: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    call = ["bids", "--participant-label", "01", str(dataset), "out", *LINEAR]
    assert main(call) == 2
    told = capfd.readouterr().err
    assert "put options with several values after 'participant'" in told
    assert told.count("\n") == 1


@pytest.mark.parametrize("empty", ["dataset", "output"])
def test_an_empty_name_is_not_the_current_folder(
    empty: str, dataset: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    place = dataset if empty == "dataset" else dataset.parent
    monkeypatch.chdir(place)
    before = files(place)
    root, out = ("", "out") if empty == "dataset" else (str(dataset), "")
    assert main(["bids", root, out, *LINEAR]) == 2
    assert f"The name of the {empty} is empty" in capfd.readouterr().err
    assert files(place) == before


def test_the_version_is_printed(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["bids", "--version"]) == 0
    assert capfd.readouterr().out == f"arssr {__version__}\n"


@pytest.mark.parametrize("option", ["--skip-bids-validation", "--skip_bids_validator"])
def test_that_nothing_is_to_be_validated_is_understood(option: str, dataset: Path) -> None:
    out = dataset.parent / "out"
    only = ["--session-label", "b"]
    assert main(["bids", str(dataset), str(out), *LINEAR, *only, option]) == 0
    assert files(out) == expected(RESULTS[2:])


def test_a_volume_of_a_4d_file_can_be_chosen_and_is_not_taken_for_another(
    dataset: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    source = sitk.ReadImage(str(dataset / PLAIN))
    sitk.WriteImage(sitk.JoinSeries([source, source * 2]), str(dataset / PLAIN))
    out = dataset.parent / "out"
    call = ["bids", str(dataset), str(out), *LINEAR, "--participant-label", "01"]
    assert main(call) == 2
    assert "--volume" in capfd.readouterr().err
    assert main([*call, "--volume", "1"]) == 0
    made = read(out / f"{RESULTS[0]}.json")["Upsampling"]
    assert isinstance(made, dict)
    assert made["SourceVolume"] == 1
    before = identities(out)
    assert main([*call, "--volume", "1"]) == 0
    assert main([*call, "--volume", "0"]) == 2
    assert "another volume" in capfd.readouterr().err
    assert identities(out) == before


def test_of_two_sources_of_one_result_the_second_is_left_out_and_reported(
    dataset: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    twin = dataset / PLAIN.removesuffix(".gz")
    sitk.WriteImage(sitk.ReadImage(str(dataset / SESSION_B)) + 1, str(twin))
    out = dataset.parent / "out"
    assert main(["bids", str(dataset), str(out), *LINEAR]) == 2
    told = [line for line in capfd.readouterr().err.splitlines() if "warning" not in line]
    assert len(told) == 1
    for words in (PLAIN, "would both become", "remove or rename one"):
        assert words in told[0]
    assert files(out) == expected(RESULTS)
    taken = PLAIN.removesuffix(".gz")
    assert read(out / f"{RESULTS[0]}.json")["Sources"] == [f"bids:raw:{taken}"]
