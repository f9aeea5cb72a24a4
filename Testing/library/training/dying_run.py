"""``arssr train``, killed by itself at a moment that cannot be met from outside.

python dying_run.py MOMENT OPTIONS…
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

from ArSSRLib.cli.main import main
from ArSSRLib.running import output_files
from ArSSRLib.training.trainer import Trainer

STEP = 25
take_step, flush_to_disk = Trainer._step, output_files._flush_to_disk
trained = 0


def step_of(trainer: Trainer, *arguments: Any) -> tuple[float, float, bool]:
    """Tells the moments how far training is."""
    global trained
    trained = trainer.state.step
    if trained == STEP and moment == "between two steps":
        # With the process that draws patches.
        os.killpg(os.getpgrp(), signal.SIGKILL)
    first_time = os.environ.get("TORCHELASTIC_RESTART_COUNT") == "0"
    second = os.environ.get("RANK") == "1"
    if trained == STEP and moment == "in the second process of a team" and second and first_time:
        os.kill(os.getpid(), signal.SIGKILL)
    return take_step(trainer, *arguments)


def flush(path: Path) -> None:
    """The last that is done with a file before it is put in its place."""
    if trained == STEP and moment == "before a checkpoint is in its place":
        os.killpg(os.getpgrp(), signal.SIGKILL)
    flush_to_disk(path)


if __name__ == "__main__":
    moment = sys.argv.pop(1)
    Trainer._step = step_of  # type: ignore[method-assign]
    output_files._flush_to_disk = flush
    sys.exit(main(["train", *sys.argv[1:]]))
