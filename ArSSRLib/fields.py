"""Values from outside checked against a dataclass: the types, ranges and choices of its fields.

Types come from the annotations (``bool``, ``int``, ``float``, ``str``, ``Literal``, ``Mapping``,
tuples of these and nested dataclasses), ranges from :func:`entry`:

>>> @dataclass(frozen=True)
... class Optimiser:
...     name: Literal["adam", "muon"] = "adam"
...     steps: int = entry(100, least=1)
>>> from_mapping(Optimiser, {"steps": 0}, "optimiser")
Traceback (most recent call last):
ArSSRLib.errors.InputError: The entry optimiser.steps is 0; use a whole number of at least 1.
"""

from __future__ import annotations

import typing
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any, Literal, TypeVar

from .errors import InputError

T = TypeVar("T")

LARGEST_NUMBER = 1e38
"""About the largest float32; no number may be larger, in either direction."""
_LONGEST_SHOWN = 60
_KINDS: dict[object, str] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "text",
    Mapping: "a table",
}


@dataclass(frozen=True)
class _Range:
    least: float = -LARGEST_NUMBER
    most: float = LARGEST_NUMBER
    above: float = float("-inf")
    below: float = float("inf")

    def __contains__(self, value: float) -> bool:
        return self.least <= value <= self.most and self.above < value < self.below

    def __str__(self) -> str:
        if self.least > -LARGEST_NUMBER and self.most < LARGEST_NUMBER:
            return f" from {_figure(self.least)} to {_figure(self.most)}"
        limits = [
            text
            for text, given in (
                (f"of at least {_figure(self.least)}", self.least > -LARGEST_NUMBER),
                (f"above {_figure(self.above)}", self.above > float("-inf")),
                (f"of at most {_figure(self.most)}", self.most < LARGEST_NUMBER),
                (f"below {_figure(self.below)}", self.below < float("inf")),
            )
            if given
        ]
        return f" {' and '.join(limits)}" if limits else ""


def entry(default: T, **limits: float) -> T:
    """A field with a default and limits: ``least``, ``most`` (inclusive), ``above``, ``below``."""
    made: T = field(default=default, metadata={"range": _Range(**limits)})
    return made


def from_mapping(kind: type[T], values: object, name: str = "", **built: object) -> T:
    """Builds the dataclass ``kind`` from a table; entries that are left out keep their defaults.

    Args:
        kind: a dataclass whose fields all have defaults.
        values: the table; entries that are already of their dataclass are taken as they are.
        name: dotted name of the table, for the messages; empty for the outermost one.
        built: fields that are not entries of the table but already of their type.

    Raises:
        InputError: not a table, or an unknown, ill-typed or impossible entry, with its name and
            value.
    """
    if not isinstance(values, Mapping):
        raise InputError(
            f"The entry {name} is {_shown(values)}; use a table with entries such as "
            f"{fields(kind)[0].name}."  # type: ignore[arg-type]
        )
    hints = typing.get_type_hints(kind)
    known = {
        f.name: f.metadata.get("range", _Range())
        for f in fields(kind)  # type: ignore[arg-type]
        if f.name not in built
    }
    checked = dict(built)
    for key, value in values.items():
        dotted = f"{name}.{key}" if name else str(key)
        if key not in known:
            raise InputError(f"The entry {_short(dotted)} is unknown; use {' or '.join(known)}.")
        checked[key] = _checked(hints[key], known[key], value, dotted)
    return kind(**checked)


def _checked(hint: Any, limits: _Range, value: Any, name: str) -> Any:
    """``value`` as the annotation ``hint`` wants it."""
    if is_dataclass(hint):
        return value if isinstance(value, hint) else from_mapping(hint, value, name)  # type: ignore[arg-type]
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is tuple:
        return _several(arguments, limits, value, name)
    if origin is Literal:
        possible = value in arguments
        wanted = f"one of {', '.join(map(str, arguments))}"
    else:
        kind = origin or hint
        wanted = f"{_KINDS[kind]}{limits}"
        possible = _is_a(kind, value) and (kind not in (int, float) or value in limits)
    if not possible:
        raise InputError(f"The entry {name} is {_shown(value)}; use {wanted}.")
    return float(value) if hint is float else value


def _several(arguments: tuple[Any, ...], limits: _Range, value: object, name: str) -> Any:
    """A list for ``tuple[X, ...]``, where it must not be empty, or ``tuple[X, Y]``."""
    any_number = arguments[-1] is Ellipsis
    wanted = "a list that is not empty" if any_number else f"a list of {len(arguments)}"
    if not isinstance(value, list | tuple) or not value:
        raise InputError(f"The entry {name} is {_shown(value)}; use {wanted}.")
    if not any_number and len(value) != len(arguments):
        raise InputError(f"The entry {name} is {_shown(value)}; use {wanted}.")
    hints = arguments[:1] * len(value) if any_number else arguments
    return tuple(
        _checked(hint, limits, one, f"{name}[{n}]")
        for n, (hint, one) in enumerate(zip(hints, value, strict=True))
    )


def _is_a(kind: Any, value: object) -> bool:
    if kind is float:
        return type(value) in (int, float)
    return isinstance(value, Mapping) if kind is Mapping else type(value) is kind


def _figure(limit: float) -> str:
    return f"{limit:,.0f}" if limit >= 1e5 else f"{limit:g}"


def _shown(value: object) -> str:
    try:
        return _short(repr(value))
    except ValueError:  # Python does not write whole numbers of more than 4,300 digits.
        return "a number of several thousand digits"


def _short(text: str) -> str:
    text = text if text.isprintable() else repr(text)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"
