"""What a batch says while it runs and at its end."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
from in_process import Arssr
from running import LINEAR

from ArSSRLib.volumes.files.reading import read_volume


def test_a_broken_input_is_reported_at_the_end_and_the_others_finish(
    tmp_path: Path, inputs: list[Path], cortex_path: Path, arssr: Arssr
) -> None:
    missing = inputs[0].with_name("missing.nrrd")
    out = tmp_path / "results"
    options = ["--scale", "1.5", "--method", "cubic"]
    done = arssr("upsample", missing, *inputs, "-o", f"{out}/", *options, "--jobs", "2")
    assert done.returncode == 2
    assert sorted(os.listdir(out)) == ["a'b_cubic_1.5x.nii.gz", "größer_cubic_1.5x.nii.gz"]
    assert done.stdout.splitlines()[0] == f"{out}/: 2 upsampled, 2 failed"
    sentences = done.stderr.splitlines()[-2:]
    assert all(line.startswith("arssr: ") for line in sentences)
    assert "missing.nrrd" in sentences[0] or "missing.nrrd" in sentences[1]
    assert any("broken.nii.gz' is truncated" in line for line in sentences)
    alone = tmp_path / "alone.nii.gz"
    assert arssr("upsample", cortex_path, "-o", alone, *options).returncode == 0
    for name in os.listdir(out):
        # Other thread counts sum in another order: a value may round to the neighbouring integer.
        made, expected = read_volume(out / name).array, read_volume(alone).array
        np.testing.assert_allclose(made, expected, rtol=0, atol=1)


def test_json_lines_tell_of_the_whole_batch_and_of_each_volume(
    tmp_path: Path, inputs: list[Path], arssr: Arssr
) -> None:
    done = arssr("upsample", *inputs, "-o", f"{tmp_path}/out/", *LINEAR, "--progress", "json")
    assert done.returncode == 2
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    reports = [line for line in lines if line.get("stage") == "upsampling"]
    fractions = [line["fraction"] for line in reports]
    assert fractions == sorted(fractions)
    assert fractions[0] == 0.0
    assert fractions[-1] == 1.0
    assert reports[-1]["volumes_ended"] == reports[-1]["volumes"] == 3
    assert any(line["seconds_left"] for line in reports if 0 < line["fraction"] < 1)
    states = {line["volume"]: line["state"] for line in lines if "volume" in line}
    assert states == {str(p): "failed" if p.name.startswith("br") else "done" for p in inputs}
    assert all(0 < line["difference"] < 0.1 for line in lines if line.get("state") == "done")
    assert "truncated" in next(line["error"] for line in lines if line.get("state") == "failed")
    last = lines[-1]
    assert (last["stage"], last["done"], last["kept"], last["failed"]) == ("done", 2, 0, 1)


@pytest.mark.parametrize("mode", ["bar", "none"])
def test_the_bar_counts_volumes_and_none_is_silent(
    mode: str, tmp_path: Path, inputs: list[Path], arssr: Arssr
) -> None:
    good = [inputs[0], inputs[2]]
    done = arssr("upsample", *good, "-o", f"{tmp_path}/out/", *LINEAR, "--progress", mode)
    assert done.returncode == 0
    if mode == "none":
        assert done.stdout == done.stderr == ""
    else:
        assert "Downsampled again, they differ from their inputs by at most" in done.stdout
        assert done.stderr.splitlines() == [f"{n} of 2 finished" for n in range(3)]


def test_a_warning_names_its_volume(two_places: Path, tmp_path: Path, arssr: Arssr) -> None:
    done = arssr("upsample", two_places, "-o", tmp_path, *LINEAR)
    assert done.returncode == 0
    assert done.stderr.startswith("arssr: warning: ")
    assert "two_places.nii: " in done.stderr
    assert "disagree by up to 30.0 mm" in done.stderr
