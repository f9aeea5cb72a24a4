"""What a run needs to go on exactly where it stopped, written atomically."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import torch

from ..atomic import replacing
from ..errors import EnvironmentFault, InputError
from ..leftovers import clear_leftovers

LAST = "last.ckpt"
_TABLES = ("weights", "average", "optimiser", "scaler", "recipe")


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
        with replacing(target, overwrite=True) as temporary:
            torch.save(vars(state), temporary)
    except (InputError, RuntimeError) as error:
        reason = str(error.__cause__ or error).splitlines()[0].rstrip(".")
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
    clear_leftovers(folder)
    path = folder / LAST
    if not path.is_file():
        return None
    try:
        with warnings.catch_warnings():
            # A foreign pickle protocol is refused below; torch's own remark would only confuse.
            warnings.simplefilter("ignore")
            values = torch.load(path, map_location="cpu", weights_only=True)
        state = TrainingState(**values)
        _check_types(state)
    except Exception as error:  # damaged bytes make the reader raise whatever they lead it to
        raise InputError(
            f"The checkpoint {path} is damaged or not ArSSR's; remove it to start afresh."
        ) from error
    return state


def _check_types(state: TrainingState) -> None:
    """Raises TypeError or ValueError when an entry is not what a trainer writes."""
    for entry in fields(TrainingState):
        value = getattr(state, entry.name)
        wanted = dict if entry.name in _TABLES else (int if entry.name == "step" else float)
        if not isinstance(value, wanted):
            raise TypeError(f"{entry.name} is {value!r}")
    if state.step < 0 or not state.seconds >= 0:
        raise ValueError(f"step {state.step} after {state.seconds} s")
    if not all(isinstance(v, torch.Tensor) for v in [*state.weights.values(),
                                                     *state.average.values()]):  # fmt: skip
        raise TypeError("a weight is no tensor")
