"""Real and made-up volumes, a small network and the command line, for all library tests."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from in_process import Arssr, run_arssr

from ArSSRLib.volumes.files.reading import read_volume
from ArSSRLib.volumes.grid import Grid
from ArSSRLib.volumes.volume import Volume

ROOT = Path(__file__).resolve().parents[2]
CORTEX = ROOT / "Testing" / "data" / "cortex_t1.nii.gz"


@pytest.fixture(scope="session")
def cortex_path() -> Path:
    """A real T1 cut of 48×44×20 voxels of 0.87×0.87×2 mm, int16, oblique."""
    return CORTEX


@pytest.fixture(scope="session")
def cortex(cortex_path: Path) -> Volume:
    return read_volume(cortex_path)


@pytest.fixture(scope="session")
def seeded_model_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small network whose every weight matters, in a model file."""
    import torch
    from small_models import small_network

    from ArSSRLib.networks.model_file import ModelHeader, save_model

    network = small_network()
    torch.nn.init.normal_(network.decoder.second[-1].weight, std=0.05)
    path = tmp_path_factory.mktemp("models") / "seeded.npz"
    save_model(network, ModelHeader(network.spec, "Seeded", "1"), path)
    return path


@pytest.fixture(scope="session")
def error_model_path(seeded_model_path: Path) -> Path:
    """The same network with a head for the expected error."""
    from dataclasses import replace

    import torch

    from ArSSRLib.networks.catalogue import load_model
    from ArSSRLib.networks.expected_error import ExpectedErrorHead
    from ArSSRLib.networks.model_file import save_model
    from ArSSRLib.networks.spec import ExpectedErrorSpec

    model = load_model(seeded_model_path)
    spec = ExpectedErrorSpec(hidden=16)
    torch.manual_seed(3)
    head = ExpectedErrorHead(spec, model.header.spec.last_hidden)
    torch.nn.init.constant_(head.last.bias, -4.0)
    path = seeded_model_path.with_name("with_error.npz")
    save_model(model.network, replace(model.header, expected_error=spec), path, head)
    return path


@pytest.fixture(scope="session")
def oblique_grid() -> Grid:
    """A left-handed oblique grid with unequal spacing."""
    first, second = np.deg2rad([20.0, -35.0])
    turn = np.array(
        [[np.cos(first), -np.sin(first), 0], [np.sin(first), np.cos(first), 0], [0, 0, 1]]
    ) @ np.array(
        [[1, 0, 0], [0, np.cos(second), -np.sin(second)], [0, np.sin(second), np.cos(second)]]
    )
    turn[:, 0] *= -1
    return Grid((22, 26, 18), (1.1, 0.9, 1.6), (-31.0, 12.5, 7.25), tuple(turn.ravel()))


@pytest.fixture
def arssr() -> Arssr:
    """Runs the command line in the process of the tests; a batch still starts its workers."""
    return run_arssr


@pytest.fixture
def single_precision(monkeypatch: pytest.MonkeyPatch) -> None:
    """The network computes in float32, as on a processor without bfloat16."""
    from ArSSRLib.upsampling.hardware import precision

    monkeypatch.setattr(precision, "multiplies_bfloat16", lambda: False)
