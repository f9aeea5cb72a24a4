"""What ``arssr bids`` makes: a dataset that the official validator accepts."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import numpy as np
import pytest
import SimpleITK as sitk
from contents import files
from in_process import Arssr
from small_dataset import LINEAR, NAMED, ONLY_01, PLAIN, RESULTS, expected, read

from ArSSRLib import __version__


def test_the_official_validator_accepts_the_derivative_dataset(dataset: Path, arssr: Arssr) -> None:
    out = dataset / "derivatives" / "arssr"
    options = ("--scale", "1,1,2.5", "--method", "linear", "cubic", "--jobs", "2")
    assert arssr("bids", dataset, out, "participant", *options).returncode == 0
    assert len(files(out)) == 2 + 2 * 2 * 3
    assert sorted(_validated(out)["summary"]["subjects"]) == ["01", "02"]


def _validated(out: Path) -> dict[str, Any]:
    """What the validator says of a dataset, in which it finds no error."""
    validator = Path(sys.executable).with_name("bids-validator-deno")
    told = subprocess.run(
        [validator, "--format", "json", out], capture_output=True, text=True, check=False
    )
    found: dict[str, Any] = json.loads(told.stdout)
    assert [each for each in found["issues"]["issues"] if each["severity"] == "error"] == []
    assert told.returncode == 0
    return found


def test_names_keep_the_source_entities_and_sidecars_tell_how_it_was_made(
    dataset: Path, out: Path, bids: Arssr, seeded_model_path: Path
) -> None:
    options = ("--spacing", "0.8,0.8,1", "--model", seeded_model_path)
    labels = ("--participant-label", "sub-02", "--session-label", "a")
    assert bids("participant", *options, *labels).returncode == 0
    stem = "sub-02_ses-a_acq-mprage_run-1_res-0p8x0p8x1mm_desc-arssr_T1w"
    folder = out / "sub-02" / "ses-a" / "anat"
    assert sorted(os.listdir(folder)) == [f"{stem}.json", f"{stem}.nii.gz"]
    sidecar, described = read(folder / f"{stem}.json"), read(out / "dataset_description.json")
    links = described["DatasetLinks"]
    assert isinstance(links, dict)
    assert sidecar["Sources"] == [f"bids:raw:{NAMED}"]
    assert (out / unquote(links["raw"])).resolve() == dataset.resolve()
    assert sidecar["SkullStripped"] is True
    assert sidecar["EchoTime"] == 0.004
    assert "SliceThickness" not in sidecar
    made = sidecar["Upsampling"]
    assert isinstance(made, dict)
    digest = hashlib.sha256(seeded_model_path.read_bytes()).hexdigest()
    assert made["Model"] == {"Name": "seeded.npz", "Version": "1", "SHA256": digest}
    assert made["Software"] == {"Name": "arssr", "Version": __version__}
    result = sitk.ReadImage(str(folder / f"{stem}.nii.gz"))
    np.testing.assert_allclose(made["VoxelSize"], result.GetSpacing(), rtol=1e-6)
    voxel = " × ".join(f"{step:.4g}" for step in result.GetSpacing())
    assert f"Voxels of {voxel} mm" in str(sidecar["Resolution"])
    assert described["DatasetType"] == "derivative"
    assert described["GeneratedBy"][0]["Name"] == "arssr"  # type: ignore[index]
    assert "can invent detail" in (out / "README.md").read_text()


@pytest.mark.parametrize(("said", "expected"), [(None, None), ("no", False), ("yes", True)])
def test_unknown_about_the_skull_is_left_out_unless_the_user_says_it(
    said: str | None, expected: bool | None, dataset: Path, out: Path, bids: Arssr
) -> None:
    (dataset / "T1w.json").unlink()
    option = ["--skull-stripped", said] if said else []
    done = bids(*LINEAR, *ONLY_01, *option)
    assert done.returncode == 0
    assert ("--skull-stripped yes or no" in done.stderr) == (said is None)
    assert read(out / f"{RESULTS[0]}.json").get("SkullStripped") is expected


def test_what_is_left_out_is_reported(dataset: Path, out: Path, bids: Arssr) -> None:
    (dataset / "sub-03" / "anat").mkdir(parents=True)
    shutil.copy(dataset / PLAIN, dataset / "sub-01" / "anat" / "sub-01_new scan_T1w.nii.gz")
    (dataset / "sub-01" / "anat" / "sub-01_T1w.json").write_text("{")
    done = bids(*LINEAR)
    assert done.returncode == 0
    told = done.stderr.splitlines()
    for words in ("sub-03 has no T1w", "does not follow BIDS", "complex image", "was ignored"):
        assert sum(words in line for line in told) == 1
    assert files(out) == expected(RESULTS)


def test_the_expected_error_is_a_second_result_with_its_sidecar(
    out: Path, bids: Arssr, error_model_path: Path
) -> None:
    command = ("participant", "--scale", "1,1,2", *ONLY_01, "--expected-error")
    model = ("--model", error_model_path)
    assert bids(*command, *model).returncode == 0
    results = sorted(path for path in files(out) if "desc-" in path)
    assert len(results) == 4
    error, sidecar = (
        next(path for path in results if "desc-arssrExpectedError" in path and path.endswith(end))
        for end in (".nii.gz", ".json")
    )
    values = read(out / sidecar)
    assert str(values["Description"]).startswith("Expected absolute error of each voxel")
    assert values["Interval68"] < values["Interval95"]  # type: ignore[operator]
    assert 0.0 < values["Upsampling"]["EstimatedNoiseLevel"] < 0.1  # type: ignore[index]
    assert sitk.ReadImage(str(out / error)).GetPixelIDTypeAsString() == "32-bit float"
    _validated(out)
    (out / error).unlink()
    assert bids(*command, *model).returncode == 0
    assert (out / error).is_file()
    assert bids(*command, *model, "--method", "cubic").returncode == 2
