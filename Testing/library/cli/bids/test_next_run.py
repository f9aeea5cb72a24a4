"""Run again over a dataset, ``arssr bids`` does what is missing and keeps what is there."""

from __future__ import annotations

import shutil
import signal
from dataclasses import replace
from pathlib import Path

import pytest
from contents import files, identities
from in_process import Arssr
from process_ends import goes_on
from small_dataset import (
    LINEAR,
    NAMED,
    ONLY_01,
    RESULTS,
    assert_complete_results_only,
    expected,
    read,
    run_over,
)

from ArSSRLib.networks.model_file import read_network, save_model


def test_a_broken_volume_costs_itself_only_and_a_rerun_does_what_is_missing(
    dataset: Path, out: Path, bids: Arssr, cortex_path: Path
) -> None:
    (dataset / NAMED).write_bytes(cortex_path.read_bytes()[:20000])
    first = bids(*LINEAR, "--jobs", "2")
    assert first.returncode == 2
    assert [line for line in first.stderr.splitlines() if "warning" not in line] == [
        f"arssr: The file {str(dataset / NAMED)!r} is truncated or damaged; copy it again from "
        "its source."
    ]
    assert files(out) == expected([RESULTS[0], RESULTS[2]])
    assert not (out / "sub-02" / "ses-a").exists()
    before = identities(out)
    shutil.copy(cortex_path, dataset / NAMED)
    (out / f"{RESULTS[2]}.json").unlink()  # as when a run is killed between the two files
    again = bids(*LINEAR)
    assert again.returncode == 0
    after = identities(out)
    assert sorted(after) == expected(RESULTS)
    kept = {name for name in before if after.get(name) == before[name]}
    assert kept == {*expected([RESULTS[0]])}
    assert bids(*LINEAR).returncode == 0
    assert identities(out) == after


def test_results_of_another_model_are_kept_and_reported(
    out: Path, bids: Arssr, seeded_model_path: Path
) -> None:
    call = ("participant", "--scale", "1", *ONLY_01, "--model")
    assert bids(*call, seeded_model_path).returncode == 0
    before = identities(out)
    again = bids(*call, "default")
    assert again.returncode == 2
    assert "was made with another model" in again.stderr
    assert identities(out) == before


@pytest.mark.parametrize("mirrored", [False, True])
def test_a_result_of_another_number_of_passes_is_reported(
    mirrored: bool, out: Path, bids: Arssr, seeded_model_path: Path
) -> None:
    model = out.with_name("model.npz")
    network, header = read_network(seeded_model_path)
    save_model(network, replace(header, mirrored=mirrored), model)
    call = ("participant", "--scale", "1.5", *ONLY_01, "--model", model)
    assert bids(*call).returncode == 0
    made = read(out / "sub-01/anat/sub-01_res-1p5x_desc-arssr_T1w.json")["Upsampling"]
    assert made["Passes"] == (2 if mirrored else 1)  # type: ignore[index]
    before = identities(out)
    fast = bids(*call, "--fast")
    assert fast.returncode == (2 if mirrored else 0)
    assert ("another number of passes" in fast.stderr) == mirrored
    assert bids(*call).returncode == 0
    assert identities(out) == before


def test_sigterm_leaves_nothing_half_written_and_the_next_run_continues(
    dataset: Path, out: Path, seeded_model_path: Path
) -> None:
    running = run_over(dataset, out, seeded_model_path, "--jobs", "2")
    running.wait_until_computing()
    children = running.workers()
    running.process.send_signal(signal.SIGTERM)
    told = running.end()
    assert running.process.returncode == 130
    assert told.splitlines()[-1].startswith("arssr: Cancelled. Finished results were kept")
    assert not any(map(goes_on, children))
    assert_complete_results_only(out)
    again = run_over(dataset, out, seeded_model_path)
    # One warning, unless the volumes that it is about were complete already.
    assert again.end(within_seconds=600.0).count("warning") <= 1
    assert again.process.returncode == 0
    assert len(files(out)) == 2 + 2 * 3
    assert_complete_results_only(out)
