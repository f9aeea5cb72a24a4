"""The optimisers (Adam, AdamW, and Muon for a network's matrices) and their learning rate."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from ..errors import InputError
from .recipe import OptimiserRecipe

_SMALLEST_MATRIX_SIDE = 16
"""Orthogonalising pays for matrices; the first and last layer have one side of length 1."""


def build_optimiser(recipe: OptimiserRecipe, network: nn.Module) -> torch.optim.Optimizer:
    """The optimiser that ``recipe`` names, over all weights of ``network``.

    Raises:
        InputError: Muon, with a torch that does not have it or a network without matrices for it.
    """
    match recipe.name:
        case "adam":
            return torch.optim.Adam(network.parameters(), lr=recipe.learning_rate)
        case "muon":
            return MuonWithAdamW(recipe, network)
        case _:
            return torch.optim.AdamW(
                network.parameters(), lr=recipe.learning_rate, weight_decay=recipe.weight_decay
            )


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


def load_moments(optimiser: torch.optim.Optimizer, state: dict[str, Any]) -> None:
    """Restores the moments of a state dict; learning rates and weight decay stay the recipe's.

    Raises:
        ValueError, KeyError: the state is not that of such an optimiser of this network.
    """
    options = [
        {name: value for name, value in group.items() if name != "params"}
        for group in optimiser.param_groups
    ]
    optimiser.load_state_dict(state)
    for group, own in zip(optimiser.param_groups, options, strict=True):
        group.update(own)


class MuonWithAdamW(torch.optim.Optimizer):
    """Muon (Jordan 2024) for the weights that are matrices, AdamW for the rest.

    A small super-resolution network learns slowly under Adam: the features share a large common
    part, the local mean, and the detail it has to learn is a small difference of them. Muon makes
    each update's singular values equal, so that small directions move as fast as the large one. A
    convolution is taken as the matrix (outputs, inputs × kernel voxels).

    Args:
        recipe: ``learning_rate`` is AdamW's, ``matrix_rate`` Muon's; both follow one schedule.
        network: on its device and in its memory order already.

    Raises:
        InputError: this torch has no Muon, or the network no matrix.
    """

    def __init__(self, recipe: OptimiserRecipe, network: nn.Module) -> None:
        if not hasattr(torch.optim, "Muon"):
            raise InputError(
                f"The optimiser muon needs torch 2.9 or newer, this is {torch.__version__}; set "
                "optimiser.name=adamw in the recipe."
            )
        super().__init__(network.parameters(), {"lr": recipe.learning_rate})
        self.full_rate, self.full_matrix_rate = recipe.learning_rate, recipe.matrix_rate
        parameters = list(network.parameters())
        # Muon takes two-dimensional parameters: these share the memory of the weights themselves.
        self.pairs = [
            (p, nn.Parameter(_as_matrix(p.detach()))) for p in parameters if _is_matrix(p)
        ]
        rest = [p for p in parameters if not _is_matrix(p)]
        if not self.pairs:
            raise InputError(
                "The network has no layer with matrices large enough for the optimiser muon; set "
                "optimiser.name=adamw in the recipe."
            )
        self.muon = torch.optim.Muon(
            [matrix for _, matrix in self.pairs], lr=recipe.matrix_rate, weight_decay=0.0
        )
        self.adamw = torch.optim.AdamW(
            rest, lr=recipe.learning_rate, weight_decay=recipe.weight_decay
        )

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        """One update, with the rates scaled as ``param_groups[0]["lr"]`` is to the recipe's."""
        share = self.param_groups[0]["lr"] / self.full_rate
        self.muon.param_groups[0]["lr"] = share * self.full_matrix_rate
        self.adamw.param_groups[0]["lr"] = share * self.full_rate
        for parameter, matrix in self.pairs:
            matrix.grad = None if parameter.grad is None else _as_matrix(parameter.grad)
        self.muon.step()
        self.adamw.step()

    def state_dict(self) -> dict[str, Any]:
        """Both optimisers' states."""
        return {"muon": self.muon.state_dict(), "adamw": self.adamw.state_dict()}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Restores what :meth:`state_dict` gave; rates and decay stay this recipe's."""
        load_moments(self.muon, state_dict["muon"])
        load_moments(self.adamw, state_dict["adamw"])


def _is_matrix(parameter: Tensor) -> bool:
    if parameter.dim() < 2:
        return False
    return min(parameter.shape[0], parameter[0].numel()) >= _SMALLEST_MATRIX_SIDE


def _as_matrix(weight: Tensor) -> Tensor:
    """(outputs, rest) on the same memory, whichever of the two memory orders the weight has."""
    if weight.dim() == 5 and not weight.is_contiguous():
        weight = weight.permute(0, 2, 3, 4, 1)
    return weight.reshape(weight.shape[0], -1)


@torch.no_grad()
def move_average(
    average: Mapping[str, Tensor], network: nn.Module, step: int, decay: float
) -> None:
    """Moves the average of a network's weights towards the present ones, in place.

    Args:
        average: by the names of the network's state.
        network: with the weights after a step.
        step: number of that step. A young average follows closely, so that the random start is
            soon forgotten.
        decay: of the average once it is old.
    """
    share = 1.0 - min(decay, (1 + step) / (10 + step))
    for name, value in network.state_dict().items():
        average[name].lerp_(value, share)
