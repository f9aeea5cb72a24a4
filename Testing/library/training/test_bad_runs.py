"""What cannot be trained is said in one sentence; what can be left out is left out."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

DATA = Path(__file__).parents[2] / "data" / "cortex_t1.nii.gz"


def _train(
    folder: Path, *data: object, sets: tuple[str, ...] = ()
) -> subprocess.CompletedProcess[str]:
    changes = ("optimiser.steps=20", "patches.size=6", "patches.coordinates=50", *sets)
    return subprocess.run(
        [
            *(sys.executable, "-m", "ArSSRLib.train", "--recipe", "smoke", "--device", "cpu"),
            *("--threads", "1", "--workers", "0", "-o", str(folder), "--data", *map(str, data)),
            *(word for change in changes for word in ("--set", change)),
        ],
        capture_output=True,
        text=True,
        timeout=200,
    )


def _sentence(result: subprocess.CompletedProcess[str], code: int) -> str:
    assert result.returncode == code, result.stderr
    assert "Traceback" not in result.stderr
    return result.stderr.strip().splitlines()[-1]


def _write(path: Path, array: np.ndarray) -> Path:
    sitk.WriteImage(sitk.GetImageFromArray(array), str(path))
    return path


def test_an_empty_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert "empty" in _sentence(_train(tmp_path / "run", tmp_path / "empty"), 2)


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    assert "nowhere" in _sentence(_train(tmp_path / "run", tmp_path / "nowhere"), 2)


def test_a_folder_of_unusable_volumes_is_refused(tmp_path: Path) -> None:
    flat = _write(tmp_path / "flat.nii.gz", np.full((30, 30, 30), 7, np.int16))
    assert "nothing to learn" in _sentence(_train(tmp_path / "run", flat), 2)


def test_bad_volumes_are_reported_and_left_out(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "good.nii.gz").write_bytes(DATA.read_bytes())
    (folder / "cut.nii.gz").write_bytes(DATA.read_bytes()[:500])
    _write(folder / "small.nii.gz", np.random.default_rng(0).normal(size=(4, 4, 4)).astype("f4"))
    _write(folder / "flat.nii.gz", np.zeros((30, 30, 30), np.int16))
    result = _train(tmp_path / "run", folder)
    report = _sentence(result, 0)
    assert report.startswith("3 volumes were left out")
    assert all(name in report for name in ("cut.nii.gz", "small.nii.gz", "flat.nii.gz"))
    assert (tmp_path / "run" / "last.npz").exists()


def test_a_loss_that_is_not_finite_keeps_the_last_good_checkpoint(tmp_path: Path) -> None:
    assert _train(tmp_path / "run", DATA, sets=("checkpoint_minutes=0.0",)).returncode == 0
    before = (tmp_path / "run" / "last.ckpt").read_bytes()
    result = _train(
        tmp_path / "run",
        DATA,
        sets=("optimiser.steps=60", "optimiser.learning_rate=1e30", "optimiser.clip=0.0"),
    )
    sentence = _sentence(result, 1)
    assert "loss became" in sentence and "learning_rate" in sentence
    assert before
    from ArSSRLib.training.state import load_state

    state = load_state(tmp_path / "run")
    assert state is not None
    assert all(bool(value.isfinite().all()) for value in state.average.values())


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ("optimiser.steps=many", "optimiser.steps"),
        ("optimiser.speed=3", "optimiser.speed"),
        ("patches.size=2", "patches.size"),
        ("patches.scale_min=9.0", "scale_min"),
        ("optimiser.schedule=sometimes", "schedule"),
        ("kernels.cubic=-1.0", "kernel"),
        ("optimiser.steps", "optimiser.steps"),
    ],
)
def test_a_wrong_entry_of_the_recipe_is_named(tmp_path: Path, change: str, named: str) -> None:
    assert named in _sentence(_train(tmp_path / "run", DATA, sets=(change,)), 2)


def test_a_foreign_checkpoint_is_refused(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "last.ckpt").write_bytes(b"not a checkpoint")
    assert "remove it to start afresh" in _sentence(_train(tmp_path / "run", DATA), 2)


def test_muon_without_a_matrix_to_work_on_is_refused(tmp_path: Path) -> None:
    sets = ("optimiser.name=muon", "network.encoder.features=4", "network.encoder.channels=4")
    narrow = (*sets, "network.decoder.width=8")
    assert "adamw" in _sentence(_train(tmp_path / "run", DATA, sets=narrow), 2)
