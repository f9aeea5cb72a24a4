"""What entries of a recipe must fulfil together; limits of a single one stand at its field."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from ..errors import InputError

if TYPE_CHECKING:
    from .recipe import Recipe

Rule = tuple[bool, str]


def check_recipe(recipe: Recipe) -> None:
    """Refuses what cannot be trained.

    Raises:
        InputError: the first entry that is out of range, with its name and value.
    """
    for holds, message in _rules(recipe):
        if not holds:
            raise InputError(f"In the recipe {message}.")


def entries_of(values: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    """Every entry of a recipe's dictionary with its dotted name, ``optimiser.steps``."""
    for name, value in values.items():
        if isinstance(value, dict):
            yield from entries_of(value, f"{before}{name}.")
        else:
            yield before + name, value


def _rules(recipe: Recipe) -> Iterator[Rule]:
    patches, optimiser, blur = recipe.patches, recipe.optimiser, recipe.blur
    kernels = asdict(recipe.kernels)
    yield (
        2 * patches.margin < patches.size,
        f"patches.margin is {patches.margin}; use less than half patches.size",
    )
    yield (
        patches.scale_min <= patches.scale_max,
        f"the scales go from {patches.scale_min} to {patches.scale_max}; "
        "use a scale_min that is not above scale_max",
    )
    yield (
        patches.per_axis + patches.thick_slices + patches.same_grid <= 1.0,
        f"the shares patches.per_axis, thick_slices and same_grid are {patches.per_axis}, "
        f"{patches.thick_slices} and {patches.same_grid}; their sum must not exceed 1",
    )
    yield (
        blur.thinnest <= blur.thickest,
        f"the slice thickness goes from {blur.thinnest} to {blur.thickest}; "
        "use a blur.thinnest that is not above blur.thickest",
    )
    yield (
        optimiser.steps >= 1 or recipe.trains == "expected_error",
        "optimiser.steps is 0; use 1 or more for a network",
    )
    yield (
        optimiser.schedule != "halve" or optimiser.halve_every >= 1,
        f"optimiser.halve_every is {optimiser.halve_every}; the halve schedule needs 1 or more",
    )
    yield (
        sum(kernels.values()) > 0,
        f"the kernel shares are {kernels}; one must be above 0",
    )
    for source in recipe.sources:
        yield (
            bool(source.axes) and set(source.axes) <= set("ijk"),
            f"the axes of the source {source.pattern!r} are {source.axes!r}; use letters of 'ijk'",
        )
