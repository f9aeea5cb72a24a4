"""``arssr info`` on real volumes."""

from __future__ import annotations

import json
from pathlib import Path

import nibabel as nib
import numpy as np
import pytest
from in_process import Arssr

from ArSSRLib.resampling.interpolation import interpolate
from ArSSRLib.sample import sample_path
from ArSSRLib.volumes.files.reading import read_volume


def test_it_prints_grid_resolution_noise_and_plan(arssr: Arssr) -> None:
    done = arssr("info", sample_path("head"))
    assert done.returncode == 0
    lines = dict(line.split(None, 1) for line in done.stdout.splitlines()[1:])
    assert lines["grid"].startswith("160×188×80 voxels of 1 × 1 × 1 mm")
    assert lines["contrast"] == "T1"
    assert lines["measured"] == "1 × 1 × 1 mm"
    assert lines["noise"].endswith("% of the intensity range")
    assert lines["upsample"].startswith("2×: 320×376×160 voxels of 0.5 × 0.5 × 0.5 mm")
    assert "warning" not in lines


def test_a_volume_stored_finer_than_measured_is_described(tmp_path: Path, arssr: Arssr) -> None:
    head = read_volume(sample_path("head")).array[20:60, 50:122, 40:120]
    fine = np.rint(interpolate(head, (40, 72, 160), "linear")).astype(np.int16)
    path = tmp_path / "flair.nii"
    nib.save(nib.Nifti1Image(fine.transpose(), np.diag([0.5, 1, 1, 1])), path)
    call = ("info", path, "--scale", "2", "--json")
    facts = json.loads(arssr(*call).stdout)
    assert facts["contrast"] == "FLAIR" and facts["size"] == [160, 72, 40]
    assert facts["measured_how"][0] == "interpolated"
    assert facts["measured_mm"] == pytest.approx([1.0, 1.0, 1.0], rel=0.02)
    assert "little to sharpen" in facts["upsample"]["warnings"][0]
    plan = json.loads(arssr(*call, "--from-measured").stdout)["upsample"]
    assert plan["warnings"] == [] and plan["size"] == [160, 144, 80]


def test_a_label_map_is_called_one(tmp_path: Path, arssr: Arssr) -> None:
    labels = np.zeros((12, 12, 12), np.int16)
    labels[3:9, 3:9, 3:9] = 4
    path = tmp_path / "brain_dseg.nii.gz"
    nib.save(nib.Nifti1Image(labels, np.eye(4)), path)
    done = arssr("info", path)
    assert done.returncode == 0
    assert "--method nearest" in done.stdout
