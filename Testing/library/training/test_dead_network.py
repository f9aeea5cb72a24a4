"""A network whose weights leave nothing to learn from is refused, not trained on in silence."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from smoke_run import trainer
from torch import nn

from ArSSRLib.errors import InputError
from ArSSRLib.training.trainer import Trainer

CHANGES = {"patches.coordinates": "20", "optimiser.batch": "1", "optimiser.steps": "200"}


def _dying(folder: Path, last_relu: str) -> Trainer:
    """A trainer whose last layer gives negative numbers alone."""
    made = trainer(folder, {**CHANGES, "network.decoder.last_relu": last_relu})
    *_, last = (layer for layer in made.network.modules() if isinstance(layer, nn.Linear))
    nn.init.constant_(last.bias, -100.0)
    return made


def test_a_last_relu_that_sees_negative_numbers_alone_ends_the_run(tmp_path: Path) -> None:
    sentence = (
        "All gradients were 0 up to step 100: the network cannot learn. Use another output folder "
        "and another seed than 1, or with network.decoder.last_relu=false."
    )
    with pytest.raises(InputError, match=re.escape(sentence)):
        _dying(tmp_path, last_relu="true").run()


def test_without_that_relu_the_same_start_does_not_end_the_run(tmp_path: Path) -> None:
    assert _dying(tmp_path, last_relu="false").run().step == int(CHANGES["optimiser.steps"])
