"""Real T1-weighted brains for the evaluation tests (CC0; see data/LICENCE.txt)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from ArSSRLib.grid import Grid

DATA = Path(__file__).parent / "data"


@pytest.fixture(scope="session")
def data_folder() -> Path:
    return DATA


@pytest.fixture(scope="session")
def brain_image() -> sitk.Image:
    return sitk.ReadImage(str(DATA / "brain_45_2mm.nii.gz"), sitk.sitkFloat32)


@pytest.fixture(scope="session")
def brain(brain_image: sitk.Image) -> np.ndarray:
    array = sitk.GetArrayFromImage(brain_image)
    array.setflags(write=False)
    return array


@pytest.fixture(scope="session")
def brain_grid(brain_image: sitk.Image) -> Grid:
    return Grid.of_image(brain_image)


@pytest.fixture(scope="session")
def noisy_brain(brain: np.ndarray) -> np.ndarray:
    return brain + np.random.default_rng(7).normal(0, 5, brain.shape).astype(np.float32)
