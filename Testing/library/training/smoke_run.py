"""Runs of the recipe ``smoke`` on a real cut: by the command line, or as a trainer."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from in_process import run_arssr

from ArSSRLib.training.parallel import Team
from ArSSRLib.training.recipe import load_recipe
from ArSSRLib.training.trainer import Trainer, TrainerOptions
from ArSSRLib.training.validation import validation_cases
from ArSSRLib.training.volumes import load_volumes
from ArSSRLib.volumes.files.search import find_files

DATA = Path(__file__).parents[2] / "data" / "cortex_t1.nii.gz"
CPU = torch.device("cpu")


def command(
    folder: Path, *options: object, data: Sequence[object] = (DATA,), sets: Sequence[str] = ()
) -> list[str]:
    """The words of ``arssr train``, with these changes of the recipe and options after them."""
    return [
        *("train", "--recipe", "smoke", "--device", "cpu", "--threads", "1", "-o", str(folder)),
        *("--data", *map(str, data), *(word for entry in sets for word in ("--set", entry))),
        *map(str, options),
    ]


def train(
    folder: Path, *options: object, data: Sequence[object] = (DATA,), sets: Sequence[str] = ()
) -> subprocess.CompletedProcess[str]:
    """Trains in this process, which also draws the patches."""
    return run_arssr(*command(folder, "--workers", "0", *options, data=data, sets=sets))


def trainer(
    folder: Path, changes: Mapping[str, str], validates: bool = False, until: int | None = None
) -> Trainer:
    """A trainer of patches of 6 voxels in a new folder; it validates on the same cut, if at all."""
    recipe = load_recipe("smoke").with_changes({"patches.size": "6", **changes})
    volumes = load_volumes(find_files([DATA]), 6, recipe.sources).volumes
    cases = validation_cases(volumes, recipe) if validates else []
    folder.mkdir(exist_ok=True)
    options = TrainerOptions(workers=0, until_step=until)
    return Trainer(recipe, volumes, cases, folder, Team(0, 1, CPU), options)
