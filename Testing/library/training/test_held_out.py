"""Without volumes to validate on, a share of the training volumes is held out."""

from __future__ import annotations

import json
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from smoke_run import DATA, train

from ArSSRLib.training.recipe import SourceRecipe
from ArSSRLib.training.volumes import load_volumes
from ArSSRLib.volumes.files.search import find_files


@pytest.fixture
def scans(tmp_path: Path) -> Path:
    """Three volumes, a mask and a label map."""
    image = nib.nifti1.load(DATA)
    array = np.asarray(image.dataobj)
    folder = tmp_path / "scans"
    folder.mkdir()
    for n in range(3):
        nib.save(nib.Nifti1Image(array[n:], image.affine), folder / f"s{n}_T1w.nii.gz")
    mask = (array > array.mean()).astype(np.uint8)
    nib.save(nib.Nifti1Image(mask, image.affine), folder / "s0_mask.nii.gz")
    nib.save(nib.Nifti1Image(mask * 7, image.affine), folder / "s0_dseg.nii.gz")
    return folder


def test_the_split_depends_on_the_names_alone(scans: Path) -> None:
    volumes = load_volumes(find_files([scans]), 8, [SourceRecipe()])
    data, held_out = volumes.split(0.1)
    assert len(data.volumes) == 2 and len(held_out.volumes) == 1
    again = load_volumes(find_files([scans])[::-1], 8, [SourceRecipe()]).split(0.1)[1]
    assert [v.name for v in again.volumes] == [v.name for v in held_out.volumes]
    assert len(volumes.split(0.7)[1].volumes) == 2
    assert volumes.split(0.0)[0] is volumes
    assert data.left_out == volumes.left_out and len(data.left_out) == 2


def test_a_run_holds_out_leaves_label_maps_out_and_writes_best_npz(
    scans: Path, tmp_path: Path
) -> None:
    sets = ("optimiser.steps=4", "patches.size=6", "patches.coordinates=50", "validate_crop=16")
    result = train(tmp_path / "run", data=(scans,), sets=sets)
    assert result.returncode == 0, result.stderr
    assert (tmp_path / "run" / "best.npz").is_file()
    settings = json.loads((tmp_path / "run" / "settings.json").read_text())
    (held_out,) = settings["validation"]["volumes"]
    assert sorted([*settings["volumes"], held_out]) == [f"s{n}_T1w.nii.gz" for n in range(3)]
    assert {entry.partition(":")[0] for entry in settings["left_out"]} == {
        "s0_mask.nii.gz", "s0_dseg.nii.gz",
    }  # fmt: skip
    assert f"Held out to validate on: {held_out}" in result.stderr + result.stdout
