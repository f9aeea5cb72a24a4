"""What a run needs to go on exactly where it stopped, written atomically."""

from __future__ import annotations

import os
import pickle
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from ..errors import EnvironmentFault, InputError

LAST = "last.ckpt"
_DAMAGE = (RuntimeError, TypeError, EOFError, OSError, ValueError, pickle.UnpicklingError)
"""What torch raises on a truncated or foreign file."""


@dataclass
class TrainingState:
    """The state after ``step`` finished steps.

    Attributes:
        step: finished steps; sample numbers follow from it, so the data order needs no state.
        seconds: time spent training so far, over all sessions, in s.
        best: best validation so far: mean gain over cubic, in dB.
        weights, average, optimiser, scaler: state dicts.
        recipe: the recipe as a dictionary; a run only resumes with the same one.
    """

    step: int = 0
    seconds: float = 0.0
    best: float = float("-inf")
    weights: dict[str, Any] = field(default_factory=dict)
    average: dict[str, Any] = field(default_factory=dict)
    optimiser: dict[str, Any] = field(default_factory=dict)
    scaler: dict[str, Any] = field(default_factory=dict)
    recipe: dict[str, Any] = field(default_factory=dict)


def save_state(state: TrainingState, folder: Path) -> None:
    """Writes ``last.ckpt`` atomically: a kill at any moment leaves the old file or the new.

    Raises:
        EnvironmentFault: no space, no permission.
    """
    target = folder / LAST
    try:
        handle, temporary = tempfile.mkstemp(dir=folder, prefix=".last-", suffix=".part")
        try:
            with os.fdopen(handle, "wb") as stream:
                torch.save(vars(state), stream)
                stream.flush()
                os.fsync(stream.fileno())
            os.replace(temporary, target)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except (OSError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or str(error).splitlines()[0]
        raise EnvironmentFault(
            f"The checkpoint {target} cannot be written ({reason}); free some space and start the "
            "same command again: it resumes from the last checkpoint."
        ) from error


def load_state(folder: Path) -> TrainingState | None:
    """The state in ``folder``, or None where no checkpoint is.

    Leftovers of a killed write are removed.

    Raises:
        InputError: the checkpoint is damaged or another program's.
    """
    for leftover in folder.glob(".last-*.part"):
        leftover.unlink(missing_ok=True)
    path = folder / LAST
    if not path.is_file():
        return None
    try:
        values = torch.load(path, map_location="cpu", weights_only=True)
        return TrainingState(**values)
    except (
        RuntimeError,
        TypeError,
        EOFError,
        OSError,
        ValueError,
        pickle.UnpicklingError,
    ) as error:
        raise InputError(
            f"The checkpoint {path} is damaged or not ArSSR's; remove it to start afresh."
        ) from error
