"""What a run needs to resume exactly where it stopped, and how its recipe has changed since."""

from __future__ import annotations

import errno
import json
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import torch

from ..errors import EnvironmentFault, InputError, NotEnoughMemory
from ..running.leftovers import clear_leftovers
from ..running.memory import is_out_of_memory
from ..running.output_files import replacing
from .recipe import Recipe
from .recipe_rules import entries_of

LAST = "last.ckpt"
_KINDS: dict[str, type] = {
    "step": int, "seconds": float, "best": float, "history": list, "validated": str,
    "validation_due": bool,
}  # fmt: skip
"""Types of the entries of a checkpoint; all others are tables."""
_WITHOUT_EFFECT = (
    "title", "mirrored", "validate_every", "validate_scales", "validate_crop", "checkpoint_minutes",
)  # fmt: skip
"""Entries of a recipe that change nothing of what is learnt."""
_HOW_LONG = ("optimiser.steps", "optimiser.cooldown")


@dataclass
class TrainingState:
    """The state after ``step`` finished steps.

    Attributes:
        step: finished steps; they decide which samples come next, so data order needs no state.
        seconds: time spent training so far, over all sessions, in s.
        best: best validation so far: mean gain over cubic, in dB.
        weights, average, optimiser, scaler: state dicts.
        recipe: the recipe as a dictionary.
        origin: the model that the weights came from, see ``start.origin_of``; empty for random
            ones.
        history: how the recipe changed when the run was resumed: a list of ``{"from_step": steps
            finished before, "changed": {entry: [before, after]}}``.
        validated: what ``best`` was measured on, see ``validation.cases_digest``; empty
            without validation.
        validation_due: whether the run was stopped before this step's validation was complete.
    """

    step: int = 0
    seconds: float = 0.0
    best: float = float("-inf")
    weights: dict[str, Any] = field(default_factory=dict)
    average: dict[str, Any] = field(default_factory=dict)
    optimiser: dict[str, Any] = field(default_factory=dict)
    scaler: dict[str, Any] = field(default_factory=dict)
    recipe: dict[str, Any] = field(default_factory=dict)
    origin: dict[str, Any] = field(default_factory=dict)
    history: list[dict[str, Any]] = field(default_factory=list)
    validated: str = ""
    validation_due: bool = False

    def go_on_with(self, recipe: Recipe) -> dict[str, list[Any]]:
        """Adopts a recipe that may have changed, and records the changes in the history.

        Returns:
            the changed entries that decide what is learnt, with the values before and after; how
            long the run is (steps, cooldown) is not among them.
        """
        given = recipe.to_dict()
        changed = _changed_entries(self.recipe, given)
        self.recipe = given
        if changed:
            self.history.append({"from_step": self.step, "changed": changed})
        return {name: values for name, values in changed.items() if name not in _HOW_LONG}

    def measure_on(self, cases: str) -> bool:
        """Forgets the best validation if it was measured on other cases.

        Args:
            cases: digest of the validation cases now; empty when there are none.

        Returns:
            whether there was one to forget.
        """
        if not cases:
            return False
        forgotten = cases != self.validated and self.best > float("-inf")
        self.validated = cases
        if forgotten:
            self.best = float("-inf")
        return forgotten


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
            f"The checkpoint {str(target)!r} cannot be written ({reason}); free some space and "
            "start the same command again: it resumes from the last checkpoint."
        ) from error


def load_state(folder: Path) -> TrainingState | None:
    """The state in ``folder``, or None where no checkpoint is.

    Leftovers of a killed write are removed.

    Raises:
        InputError: the checkpoint is damaged or not ArSSR's.
        NotEnoughMemory: it does not fit into memory.
        OSError: it cannot be opened or read.
    """
    clear_leftovers(folder)
    path = folder / LAST
    if not path.is_file():
        return None
    # Only a damaged checkpoint may be removed, not one that the system cannot open.
    with path.open("rb") as stream:
        try:
            with warnings.catch_warnings():
                # A foreign pickle protocol is refused below; torch's own remark would only confuse.
                warnings.simplefilter("ignore")
                values = torch.load(stream, map_location="cpu", weights_only=True)
            state = TrainingState(**values)
            _check_types(state)
        except Exception as error:
            # Damaged bytes lead the reader to errors of many types; EINVAL is a seek to a position
            # before the start of the file.
            if isinstance(error, OSError) and error.errno != errno.EINVAL:
                raise
            if is_out_of_memory(error):
                raise NotEnoughMemory(
                    f"There is not enough memory to load the checkpoint {str(path)!r}"
                ) from error
            raise InputError(
                f"The checkpoint {str(path)!r} is damaged or not ArSSR's; remove it to start "
                "again from step 0."
            ) from error
    return state


def _check_types(state: TrainingState) -> None:
    """Raises TypeError or ValueError when an entry is not what a trainer writes."""
    for entry in fields(TrainingState):
        value = getattr(state, entry.name)
        if not isinstance(value, _KINDS.get(entry.name, dict)):
            raise TypeError(f"{entry.name} is {value!r}")
    if state.step < 0 or not state.seconds >= 0:
        raise ValueError(f"step {state.step} after {state.seconds} s")
    if not all(isinstance(v, torch.Tensor) for v in [*state.weights.values(),
                                                     *state.average.values()]):  # fmt: skip
        raise TypeError("a weight is not a tensor")
    _plain([state.recipe, state.history])


def _changed_entries(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Entries with an effect that differ, ``{dotted name: [before, after]}``."""
    old = dict(entries_of(_plain(before)))
    return {
        name: [old.get(name), value]
        for name, value in entries_of(_plain(after))
        if name not in _WITHOUT_EFFECT and old.get(name) != value
    }


def _plain(values: Any) -> Any:
    """The same as JSON has it, where tuples are lists; TypeError for what JSON cannot hold."""
    return json.loads(json.dumps(values))
