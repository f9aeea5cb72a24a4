"""Real T1-weighted brains for the evaluation tests (CC0; see data/LICENCE.txt)."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from ArSSRLib.evaluation.measuring.methods import parse_methods
from ArSSRLib.evaluation.report.page import write_report
from ArSSRLib.evaluation.run import Evaluation, evaluate
from ArSSRLib.evaluation.settings import Settings
from ArSSRLib.networks.arssr import ArSSR
from ArSSRLib.networks.model_file import ModelHeader, save_model
from ArSSRLib.networks.spec import DecoderSpec, EncoderSpec, NetworkSpec
from ArSSRLib.volumes.grid import Grid

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


@pytest.fixture
def folder(tmp_path: Path, data_folder: Path) -> Path:
    """A folder of two brains, beside which the reports go."""
    source = tmp_path / "hr"
    source.mkdir()
    for name in ("brain_45_2mm.nii.gz", "brain_46_2mm.nii.gz"):
        shutil.copy(data_folder / name, source)
    return source


@pytest.fixture
def quick(folder: Path) -> Callable[..., Settings]:
    """Settings for the two brains that are measured in a moment, with changes."""

    def settings(**changes: object) -> Settings:
        values = {
            "source": folder,
            "output": folder.parent / "report",
            "scales": (2.0,),
            "methods": parse_methods("cubic"),
            "metrics": ("psnr",),
            **changes,
        }
        return Settings(**values)  # type: ignore[arg-type]

    return settings


@pytest.fixture
def tiny_model(tmp_path: Path) -> Callable[..., Path]:
    """Writes a small network; with ``change`` its weights do something."""

    def write(seed: int = 1, mirrored: bool = True, change: float = 0.05) -> Path:
        import torch

        spec = NetworkSpec(
            EncoderSpec("SRResNet", features=8, blocks=1, layers=1, channels=8),
            DecoderSpec(width=8, depth=2, skip=False, last_relu=False),
            coordinates="local",
            residual="trilinear",
        )
        torch.manual_seed(seed)
        network = ArSSR(spec)
        with torch.no_grad():
            for weights in network.parameters():
                weights.add_(change * torch.randn_like(weights))
        save_model(network, ModelHeader(spec, mirrored=mirrored), tmp_path / "tiny.npz")
        return tmp_path / "tiny.npz"

    return write


@pytest.fixture(scope="session")
def evaluation(tmp_path_factory: pytest.TempPathFactory, data_folder: Path) -> Evaluation:
    """Two methods at two scales, measured on two real brains."""
    return evaluate(
        Settings(
            data_folder,
            tmp_path_factory.mktemp("report"),
            (2.0, 3.0),
            parse_methods("nearest,cubic"),
            metrics=("psnr", "psi", "nmse"),
        )
    )


@pytest.fixture(scope="session")
def page(evaluation: Evaluation) -> Path:
    """The page of its report, with pictures of one brain beside it."""
    return write_report(evaluation, pictured=1)
