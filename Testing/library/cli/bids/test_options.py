"""Options of ``arssr bids`` as BIDS Apps are called, and what they choose."""

from __future__ import annotations

from pathlib import Path

import pytest
import SimpleITK as sitk
from contents import files, identities
from in_process import Arssr
from small_dataset import LINEAR, ONLY_01, PLAIN, RESULTS, SESSION_B, expected, read

from ArSSRLib import __version__


def test_options_with_several_values_may_be_repeated(
    dataset: Path, out: Path, bids: Arssr, arssr: Arssr
) -> None:
    labels = ["--participant-label", "01", "--participant-label", "sub-02"]
    sessions = ["--session-label", "a", "--session_label", "b"]
    methods = ["--method", "nearest", "--method", "linear"]
    assert bids(*LINEAR[:3], *labels, *methods).returncode == 0
    every = [*RESULTS, *(result.replace("linear", "nearest") for result in RESULTS)]
    assert files(out) == expected(every)
    other = out.with_name("other")
    assert arssr("bids", dataset, other, *LINEAR, *sessions).returncode == 0
    assert files(other) == expected(RESULTS[1:])


def test_labels_in_front_of_the_folders_are_explained(dataset: Path, arssr: Arssr) -> None:
    done = arssr("bids", *ONLY_01, dataset, "out", *LINEAR)
    assert done.returncode == 2
    assert "put options with several values after 'participant'" in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("empty", ["dataset", "output"])
def test_an_empty_name_is_not_the_current_folder(
    empty: str, dataset: Path, monkeypatch: pytest.MonkeyPatch, arssr: Arssr
) -> None:
    place = dataset if empty == "dataset" else dataset.parent
    monkeypatch.chdir(place)
    before = files(place)
    root, out = ("", "out") if empty == "dataset" else (str(dataset), "")
    done = arssr("bids", root, out, *LINEAR)
    assert done.returncode == 2
    assert f"The name of the {empty} is empty" in done.stderr
    assert files(place) == before


def test_the_version_is_printed(arssr: Arssr) -> None:
    done = arssr("bids", "--version")
    assert (done.returncode, done.stdout) == (0, f"arssr {__version__}\n")


@pytest.mark.parametrize("option", ["--skip-bids-validation", "--skip_bids_validator"])
def test_that_nothing_is_to_be_validated_is_understood(option: str, out: Path, bids: Arssr) -> None:
    assert bids(*LINEAR, "--session-label", "b", option).returncode == 0
    assert files(out) == expected(RESULTS[2:])


def test_a_volume_of_a_4d_file_can_be_chosen_and_is_not_taken_for_another(
    dataset: Path, out: Path, bids: Arssr
) -> None:
    source = sitk.ReadImage(str(dataset / PLAIN))
    sitk.WriteImage(sitk.JoinSeries([source, source * 2]), str(dataset / PLAIN))
    call = (*LINEAR, *ONLY_01)
    refused = bids(*call)
    assert refused.returncode == 2
    assert "--volume" in refused.stderr
    assert bids(*call, "--volume", "1").returncode == 0
    made = read(out / f"{RESULTS[0]}.json")["Upsampling"]
    assert isinstance(made, dict)
    assert made["SourceVolume"] == 1
    before = identities(out)
    assert bids(*call, "--volume", "1").returncode == 0
    other = bids(*call, "--volume", "0")
    assert other.returncode == 2
    assert "another volume" in other.stderr
    assert identities(out) == before


def test_of_two_sources_of_one_result_the_second_is_left_out_and_reported(
    dataset: Path, out: Path, bids: Arssr
) -> None:
    twin = dataset / PLAIN.removesuffix(".gz")
    sitk.WriteImage(sitk.ReadImage(str(dataset / SESSION_B)) + 1, str(twin))
    done = bids(*LINEAR)
    assert done.returncode == 2
    told = [line for line in done.stderr.splitlines() if "warning" not in line]
    assert len(told) == 1
    for words in (PLAIN, "would both become", "remove or rename one"):
        assert words in told[0]
    assert files(out) == expected(RESULTS)
    taken = PLAIN.removesuffix(".gz")
    assert read(out / f"{RESULTS[0]}.json")["Sources"] == [f"bids:raw:{taken}"]
