"""The valid ranges of a recipe's entries, and the messages for others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from ..errors import InputError

if TYPE_CHECKING:
    from .recipe import Recipe

Rule = tuple[bool, str]

_LEAST: dict[str, float] = {
    "seed": 0,
    "validate_every": 1,
    "validate_crop": 1,
    "checkpoint_minutes": 0,
    "patches.size": 4,
    "patches.coordinates": 1,
    "patches.gain": 0,
    "patches.gamma": 0,
    "patches.noise": 0,
    "patches.bias": 0,
    "optimiser.weight_decay": 0,
    "optimiser.batch": 1,
    "optimiser.steps": 1,
    "optimiser.warmup": 0,
    "optimiser.halve_every": 0,
    "optimiser.clip": 0,
}
_MOST: dict[str, float] = {
    "validate_crop": 1024,
    "patches.size": 256,
    "patches.coordinates": 10**6,
    "optimiser.batch": 4096,
    "patches.bias": 2,
    "optimiser.steps": 10**8,
}
_SHARES = (
    "patches.per_axis",
    "patches.gamma_share",
    "patches.thick_slices",
    "patches.same_grid",
    "patches.contrast_share",
    "patches.noise_share",
    "patches.correlated_share",
    "blur.window_share",
    "blur.zero_filled_share",
    "blur.mixed",
    "patches.stripped",
    "optimiser.cooldown",
)
_ABOVE_ZERO = ("optimiser.learning_rate", "optimiser.matrix_rate")
_CHOICES = {
    "initialisation": ("torch", "kaiming"),
    "optimiser.name": ("adam", "adamw", "muon"),
    "optimiser.schedule": ("cosine", "halve", "hold"),
    "optimiser.loss": ("l1", "l2", "charbonnier", "log_l2"),
}
_LARGEST_SCALE = 16.0
_LARGEST_NOISE = 1.0
_LARGEST_NUMBER = 1e38
"""About the largest float32."""


def check_recipe(recipe: Recipe) -> None:
    """Refuses what cannot be trained.

    Raises:
        InputError: the first entry that is out of range, with its name and value.
    """
    entries = dict(entries_of(recipe.to_dict()))
    for holds, message in (*_single(entries), *_together(recipe)):
        if not holds:
            raise InputError(f"In the recipe {message}.")


def entries_of(values: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    """Every entry of a recipe's dictionary with its dotted name, ``optimiser.steps``."""
    for name, value in values.items():
        if isinstance(value, dict):
            yield from entries_of(value, f"{before}{name}.")
        else:
            yield before + name, value


def _single(entries: Mapping[str, Any]) -> Iterator[Rule]:
    for name, value in entries.items():
        if type(value) in (int, float):
            yield abs(value) <= _LARGEST_NUMBER, f"{name} is {value}; use a finite number"
    for name, least in _LEAST.items():
        yield entries[name] >= least, f"{name} is {entries[name]}; it must be at least {least}"
    for name, most in _MOST.items():
        yield entries[name] <= most, f"{name} is {entries[name]}; it must be at most {most}"
    for name in _SHARES:
        yield 0 <= entries[name] <= 1, f"{name} is {entries[name]}; use a share from 0 to 1"
    for name in _ABOVE_ZERO:
        yield entries[name] > 0, f"{name} is {entries[name]}; use a number above 0"
    for name, known in _CHOICES.items():
        yield entries[name] in known, f"{name} is {entries[name]!r}; use {' or '.join(known)}"


def _together(recipe: Recipe) -> Iterator[Rule]:
    patches, optimiser, blur = recipe.patches, recipe.optimiser, recipe.blur
    kernels = asdict(recipe.kernels)
    yield (
        0 <= 2 * patches.margin < patches.size,
        f"patches.margin is {patches.margin}; use 0 or more, and less than half patches.size",
    )
    yield (
        1.0 <= patches.scale_min <= patches.scale_max <= _LARGEST_SCALE,
        f"the scales go from {patches.scale_min} to {patches.scale_max}; "
        f"use 1 ≤ scale_min ≤ scale_max ≤ {_LARGEST_SCALE:g}",
    )
    yield (
        all(1.0 <= scale <= _LARGEST_SCALE for scale in recipe.validate_scales),
        f"validate_scales are {list(recipe.validate_scales)}; use numbers from 1 to "
        f"{_LARGEST_SCALE:g}",
    )
    yield (
        patches.per_axis + patches.thick_slices + patches.same_grid <= 1.0,
        f"the shares patches.per_axis, thick_slices and same_grid are {patches.per_axis}, "
        f"{patches.thick_slices} and {patches.same_grid}; their sum must not exceed 1",
    )
    yield (
        1.0 <= patches.thickest <= _LARGEST_SCALE,
        f"patches.thickest is {patches.thickest}; use a scale from 1 to {_LARGEST_SCALE:g}",
    )
    yield (
        all(0.0 <= level <= _LARGEST_NOISE for level in recipe.validate_noise),
        f"validate_noise is {list(recipe.validate_noise)}; use standard deviations from 0 to "
        f"{_LARGEST_NOISE:g} of the intensity range",
    )
    yield (
        0.1 <= blur.thinnest <= blur.thickest <= 4.0,
        f"the slice thickness goes from {blur.thinnest} to {blur.thickest}; "
        "use 0.1 ≤ blur.thinnest ≤ blur.thickest ≤ 4",
    )
    yield (
        0.25 <= blur.smallest_band <= 1.0,
        f"blur.smallest_band is {blur.smallest_band}; use a share from 0.25 to 1",
    )
    yield (
        optimiser.schedule != "halve" or optimiser.halve_every >= 1,
        f"optimiser.halve_every is {optimiser.halve_every}; the halve schedule needs 1 or more",
    )
    yield 0.0 <= optimiser.ema < 1.0, f"optimiser.ema is {optimiser.ema}; use 0 ≤ ema < 1"
    yield (
        all(0 <= share <= _LARGEST_NUMBER for share in kernels.values())
        and sum(kernels.values()) > 0,
        f"the kernel shares are {kernels}; none may be negative, one must be above 0",
    )
    for source in recipe.sources:
        yield (
            0 < source.weight <= _LARGEST_NUMBER,
            f"the weight of the source {source.pattern!r} is {source.weight}; use a number above 0",
        )
        yield (
            bool(source.axes) and set(source.axes) <= set("ijk"),
            f"the axes of the source {source.pattern!r} are {source.axes!r}; use letters of 'ijk'",
        )
        yield (
            0.0 <= source.zeros <= 1.0,
            f"zeros of the source {source.pattern!r} is {source.zeros}; use a share from 0 to 1",
        )
