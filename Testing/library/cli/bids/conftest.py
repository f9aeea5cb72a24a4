"""A small real dataset, as ``arssr bids`` gets it."""

from __future__ import annotations

import shutil
import sys
from functools import partial
from pathlib import Path

import pytest
import SimpleITK as sitk

sys.path.insert(0, str(Path(__file__).parent))

from in_process import Arssr
from small_dataset import NAMED, PLAIN, SESSION_B, write


@pytest.fixture
def dataset(tmp_path: Path, cortex_path: Path) -> Path:
    """Two participants, one of them with sessions, and things that must be left alone."""
    root = tmp_path / "data set"
    for relative in (PLAIN, NAMED):
        (root / relative).parent.mkdir(parents=True)
        shutil.copy(cortex_path, root / relative)
    (root / SESSION_B).parent.mkdir(parents=True)
    sitk.WriteImage(sitk.ReadImage(str(cortex_path)), str(root / SESSION_B))
    shutil.copy(cortex_path, root / PLAIN.replace("T1w", "T2w"))
    shutil.copy(cortex_path, root / PLAIN.replace("T1w", "part-phase_T1w"))
    write(root / "dataset_description.json", {"Name": "Small", "BIDSVersion": "1.8.0"})
    write(root / "T1w.json", {"SkullStripped": True, "EchoTime": 0.003, "SliceThickness": 2.0})
    write((root / NAMED).with_name("sub-02_ses-a_T1w.json"), {"EchoTime": 0.004})
    (root / "README").write_text("Cuts of a real brain, for tests of a BIDS App.\n" * 5)
    return root


@pytest.fixture
def out(dataset: Path) -> Path:
    """Where the results go."""
    return dataset.parent / "out"


@pytest.fixture
def bids(dataset: Path, out: Path, arssr: Arssr) -> Arssr:
    """Runs ``arssr bids`` over the dataset with these options."""
    return partial(arssr, "bids", dataset, out)
