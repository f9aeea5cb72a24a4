"""Runs through the real command line: resumed after SIGKILL, shared by processes, restarted."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from child_process import environment, run_python
from process_ends import said_until_the_end
from smoke_run import DATA, command, train

from ArSSRLib.networks.model_file import read_header
from ArSSRLib.training.optimiser import build_optimiser, load_moments
from ArSSRLib.training.recipe import OptimiserRecipe
from ArSSRLib.training.state import load_state, save_state
from ArSSRLib.upsampling.hardware.precision import multiplies_bfloat16

DYING = Path(__file__).with_name("dying_run.py")
SMALL = (
    "patches.size=6", "patches.coordinates=200", "optimiser.batch=4", "checkpoint_minutes=0.0",
    # Adam magnifies rounding differences at a high learning rate; this one keeps them small.
    "optimiser.schedule=hold", "optimiser.learning_rate=2e-4",
)  # fmt: skip


def _train(folder: Path, steps: int, *more: str) -> subprocess.CompletedProcess[str]:
    return train(folder, *more, sets=(*SMALL, f"optimiser.steps={steps}"))


def _dying_run(moment: str, folder: Path, *more: str) -> list[str]:
    """The words of Python for a run of 60 steps that is killed at a moment."""
    words = command(folder, *more, sets=(*SMALL, "optimiser.steps=60"))
    return [str(DYING), moment, *words[1:]]


def _losses(folder: Path) -> dict[int, float]:
    with (folder / "metrics.csv").open(newline="") as stream:
        return {int(row["step"]): float(row["loss"]) for row in csv.DictReader(stream)}


@pytest.fixture(scope="module")
def whole_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("whole")
    result = _train(folder, 60)
    assert result.returncode == 0, result.stderr
    return folder


def test_a_run_leaves_weights_checkpoint_curves_and_settings(whole_run: Path) -> None:
    names = {path.name for path in whole_run.iterdir()}
    assert {"last.npz", "last.ckpt", "metrics.csv", "settings.json", "tensorboard"} <= names
    assert sorted(_losses(whole_run)) == [10, 20, 30, 40, 50, 60]


@pytest.mark.parametrize("moment", ["between two steps", "before a checkpoint is in its place"])
def test_a_killed_run_resumes_with_the_same_losses(
    whole_run: Path, tmp_path: Path, moment: str
) -> None:
    killed = run_python(*_dying_run(moment, tmp_path), start_new_session=True)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert bool(list(tmp_path.glob(".*"))) == (moment == "before a checkpoint is in its place")
    for leftover in tmp_path.glob(".*"):
        os.utime(leftover, (0, 0))  # A run removes what has been left for longer than a day.
    result = _train(tmp_path, 60)
    assert result.returncode == 0, result.stderr
    assert "Resumed at step" in result.stderr
    assert not list(tmp_path.glob(".*"))
    whole, resumed = _losses(whole_run), _losses(tmp_path)
    assert sorted(resumed) == sorted(whole)
    for step, loss in resumed.items():
        assert loss == pytest.approx(whole[step], rel=1e-4)


def test_stopping_at_a_step_and_resuming_changes_nothing(whole_run: Path, tmp_path: Path) -> None:
    assert _train(tmp_path, 60, "--until-step", "30").returncode == 0
    assert max(_losses(tmp_path)) == 30
    assert _train(tmp_path, 60).returncode == 0
    assert _losses(tmp_path) == pytest.approx(_losses(whole_run), rel=1e-4)


@pytest.mark.parametrize("optimiser", ["adam", "muon"])
def test_each_optimiser_resumes_to_the_step(tmp_path: Path, optimiser: str) -> None:
    # Encoder layers of 32 channels, so that there are matrices for Muon.
    wider = ("--set", "network.encoder.features=32", "--set", f"optimiser.name={optimiser}")
    whole, halves = tmp_path / "whole", tmp_path / "halves"
    assert _train(whole, 20, *wider).returncode == 0
    assert _train(halves, 20, *wider, "--until-step", "10").returncode == 0
    assert _train(halves, 20, *wider).returncode == 0
    assert _losses(halves) == pytest.approx(_losses(whole), rel=1e-4)


def test_a_changed_recipe_is_reported_and_recorded_with_the_weights(tmp_path: Path) -> None:
    assert _train(tmp_path, 20).returncode == 0
    more = ("--set", "optimiser.loss=l2", "--set", "patches.size=7", "--set", "title=Other")
    resumed = _train(tmp_path, 30, *more, "--set", "validate_every=7")
    said = [line for line in resumed.stderr.splitlines() if "with changed" in line]
    assert said == ["Resumed with changed patches.size: 6 -> 7, optimiser.loss: l1 -> l2"]
    again = _train(tmp_path, 40, *more)
    assert "with changed" not in again.stderr
    history = read_header(tmp_path / "last.npz").provenance["history"]
    assert history == [
        {
            "from_step": 20,
            "changed": {
                "patches.size": [6, 7], "optimiser.loss": ["l1", "l2"], "optimiser.steps": [20, 30],
            },
        },
        {"from_step": 30, "changed": {"optimiser.steps": [30, 40]}},
    ]  # fmt: skip


def test_another_optimiser_begins_without_moments(tmp_path: Path) -> None:
    wider = ("--set", "network.encoder.features=32")
    assert _train(tmp_path, 10, *wider, "--set", "optimiser.name=adam").returncode == 0
    resumed = _train(tmp_path, 20, *wider, "--set", "optimiser.name=muon")
    assert resumed.returncode == 0, resumed.stderr
    assert "Resumed with changed optimiser.name: adam -> muon" in resumed.stderr
    assert max(_losses(tmp_path)) == 20


def test_a_changed_weight_decay_is_taken_up() -> None:
    network = torch.nn.Linear(32, 32)
    stored = build_optimiser(OptimiserRecipe(weight_decay=1e-4), network).state_dict()
    resumed = build_optimiser(OptimiserRecipe(weight_decay=0.5), network)
    load_moments(resumed, stored)
    assert resumed.param_groups[0]["weight_decay"] == 0.5


def test_the_best_weights_are_selected_again_when_the_validation_changes(tmp_path: Path) -> None:
    def step_of_best(*more: str, steps: int) -> tuple[str, str]:
        result = _train(tmp_path, steps, "--validation", str(DATA), *more)
        assert result.returncode == 0, result.stderr
        # Weights that no later ones can beat, so that only a forgotten best lets new ones in.
        state = load_state(tmp_path)
        assert state is not None
        state.best = 99.0
        save_state(state, tmp_path)
        return result.stderr, read_header(tmp_path / "best.npz").version

    crop = ("--set", "validate_crop=20")
    assert step_of_best(*crop, steps=10)[1] == "step 10"
    assert step_of_best(*crop, steps=20)[1] == "step 10"
    said, version = step_of_best("--set", "validate_crop=16", steps=30)
    assert "The validation set changed" in said
    assert version == "step 30"
    said, version = step_of_best(*crop, "--set", "validate_scales=[3]", steps=40)
    assert version == "step 40"


def test_the_model_file_tells_the_scales_that_were_trained(whole_run: Path) -> None:
    header = read_header(whole_run / "last.npz")
    patches = header.provenance["recipe"]["patches"]
    assert header.scale_range == (patches["scale_min"], patches["scale_max"])


def test_mixed_precision_has_nearly_the_loss_curve_of_float32(
    whole_run: Path, tmp_path: Path
) -> None:
    run = _train(tmp_path, 60, "--precision", "mixed")
    assert run.returncode == 0
    mixed, exact = _losses(tmp_path), _losses(whole_run)
    assert mixed == pytest.approx(exact, rel=0.02)
    assert ("training computes in float32" in run.stderr) == (not multiplies_bfloat16())
    assert (mixed != exact) == multiplies_bfloat16()


def test_two_processes_have_the_loss_curve_of_one_even_if_one_is_killed_and_restarted(
    whole_run: Path, tmp_path: Path
) -> None:
    launcher = ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2")
    run = _dying_run("in the second process of a team", tmp_path, "--workers", "0")
    process = subprocess.Popen(
        [sys.executable, *launcher, "--max-restarts", "2", *run],
        env=environment(), stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    errors = said_until_the_end(process)
    assert process.returncode == 0, errors
    assert "Resumed at step" in errors
    assert _losses(tmp_path) == pytest.approx(_losses(whole_run), rel=2e-3)
