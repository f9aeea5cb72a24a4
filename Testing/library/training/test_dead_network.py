"""A network whose weights leave nothing to learn from is refused, not trained on in silence."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import torch
from torch import nn

from ArSSRLib.errors import InputError
from ArSSRLib.training.parallel import Team
from ArSSRLib.training.recipe import load_recipe
from ArSSRLib.training.trainer import Trainer, TrainerOptions
from ArSSRLib.training.volumes import load_volumes
from ArSSRLib.volumes.files.search import find_files

DATA = Path(__file__).parents[2] / "data" / "cortex_t1.nii.gz"
CHANGES = {
    "patches.size": "6",
    "patches.coordinates": "20",
    "optimiser.batch": "1",
    "optimiser.steps": "200",
}


def _trainer(folder: Path, last_relu: bool) -> Trainer:
    recipe = load_recipe("smoke").with_changes(
        {**CHANGES, "network.decoder.last_relu": "true" if last_relu else "false"}
    )
    volumes = load_volumes(find_files([DATA]), 6, recipe.sources).volumes
    team = Team(0, 1, torch.device("cpu"))
    return Trainer(recipe, volumes, [], folder, team, TrainerOptions(workers=0))


def _last_layer(trainer: Trainer) -> nn.Linear:
    return [layer for layer in trainer.network.modules() if isinstance(layer, nn.Linear)][-1]


def test_a_last_relu_that_sees_negative_numbers_alone_ends_the_run(tmp_path: Path) -> None:
    trainer = _trainer(tmp_path, last_relu=True)
    nn.init.constant_(_last_layer(trainer).bias, -100.0)
    sentence = (
        "All gradients were 0 up to step 100: the network cannot learn. Use another output folder "
        "and another seed than 1, or with network.decoder.last_relu=false."
    )
    with pytest.raises(InputError, match=re.escape(sentence)):
        trainer.run()


def test_without_that_relu_the_same_start_does_not_end_the_run(tmp_path: Path) -> None:
    trainer = _trainer(tmp_path, last_relu=False)
    nn.init.constant_(_last_layer(trainer).bias, -100.0)
    assert trainer.run().step == int(CHANGES["optimiser.steps"])
