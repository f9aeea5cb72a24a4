"""Learning rate over the steps of a run."""

from __future__ import annotations

import math

from .recipe import OptimiserRecipe


def learning_rate(recipe: OptimiserRecipe, step: int) -> float:
    """The learning rate of step ``step`` (counted from 0); see ``OptimiserRecipe.schedule``."""
    warm = min(1.0, (step + 1) / recipe.warmup) if recipe.warmup > 0 else 1.0
    done = min(1.0, step / max(1, recipe.steps))
    match recipe.schedule:
        case "halve":
            factor = 0.5 ** (step // recipe.halve_every)
        case "hold":
            left = (1.0 - done) / recipe.cooldown if recipe.cooldown > 0 else 1.0
            factor = min(1.0, left)
        case _:
            factor = 0.5 * (1.0 + math.cos(math.pi * done))
    return recipe.learning_rate * warm * factor
