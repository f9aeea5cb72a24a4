"""Fields of a dataclass that are also options of the command line.

A field is declared once, by :func:`option`; from that come its option in the parser, the words that
stand for its value, and the value that words stand for. Needs no numpy, so that help comes at once.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from decimal import Decimal
from typing import Any, NoReturn

from ..errors import InputError

Numbers = tuple[float, ...]

_KEY = "option"


@dataclass(frozen=True)
class Option:
    """How a field is written on the command line and in names.

    Attributes:
        flag: such as ``--scale``.
        default: value where the option is not given.
        keywords: of ``ArgumentParser.add_argument``.
        exclusive: name of the group of options of which only one may be given; empty for none.
        network_only: whether an interpolation has no use for it.
        tag: what result names hold where the value is not the default, such as ``fast``; may use
            the value, as in ``denoise{value}``. Empty for an option that does not change voxels.
    """

    flag: str
    default: object
    keywords: Mapping[str, Any]
    exclusive: str = ""
    network_only: bool = False
    tag: str = ""


class SentenceParser(argparse.ArgumentParser):
    """An argument parser whose errors are one sentence with a remedy."""

    def error(self, message: str) -> NoReturn:
        """Raises InputError instead of printing the usage and ending the process."""
        raise InputError(f"{message[:1].upper()}{message[1:]}; see '{self.prog} --help'.")


def option(
    flag: str,
    default: object = None,
    *,
    exclusive: str = "",
    network_only: bool = False,
    tag: str = "",
    **keywords: Any,
) -> Any:
    """A dataclass field with a command line option.

    Args:
        flag, default, exclusive, network_only, tag: see :class:`Option`; the default is the field's
            too.
        **keywords: of ``ArgumentParser.add_argument``.
    """
    declared = Option(flag, default, keywords, exclusive, network_only, tag)
    return field(default=default, metadata={_KEY: declared})


def options_of(kind: Any) -> dict[str, Option]:
    """The options of a dataclass by the name of their field, in order."""
    return {f.name: f.metadata[_KEY] for f in fields(kind) if _KEY in f.metadata}


def add_options(
    parser: argparse.ArgumentParser,
    kind: type,
    names: Sequence[str] = (),
    *,
    required: bool = True,
) -> None:
    """Adds the options of a dataclass to a parser.

    Args:
        parser: to add to.
        kind: the dataclass.
        names: of its fields; all options when empty.
        required: whether one option of an exclusive group must be given.
    """
    declared = options_of(kind)
    groups: dict[str, argparse._ActionsContainer] = {}
    for name in names or declared:
        how = declared[name]
        target: argparse._ActionsContainer = parser
        if how.exclusive:
            if how.exclusive not in groups:
                groups[how.exclusive] = parser.add_mutually_exclusive_group(required=required)
            target = groups[how.exclusive]
        target.add_argument(how.flag, dest=name, default=how.default, **how.keywords)


def words_of(flag: str, value: object, separate: bool = False) -> list[str]:
    """The words of the command line that stand for a value; none for None and False.

    >>> words_of("--scale", (1.0, 1.0, 2.5)), words_of("--fast", True), words_of("--model", "-x")
    (['--scale', '1,1,2.5'], ['--fast'], ['--model=-x'])

    Args:
        flag: of the option.
        value: its value.
        separate: whether several numbers are separate words instead of one with commas.
    """
    if value is None or value is False:
        return []
    if value is True:
        return [flag]
    if isinstance(value, tuple):
        texts = [number_text(each) for each in value]
        return [flag, *texts] if separate else [flag, ",".join(texts)]
    text = number_text(value) if isinstance(value, int | float) else str(value)
    return [f"{flag}={text}"] if text.startswith("-") else [flag, text]


def number_text(value: float) -> str:
    """A number as text that reads back exactly, without an exponent.

    >>> number_text(2.0), number_text(1e-07), number_text(2.3)
    ('2', '0.0000001', '2.3')
    """
    if isinstance(value, int):
        return str(value)
    text = f"{Decimal(repr(float(value))):f}"
    return text.removesuffix(".0")


def numbers(*counts: int) -> Callable[[str], Numbers]:
    """A reader of comma-separated finite numbers, as many as one of ``counts``."""
    wanted = " or ".join(str(n) for n in counts)

    def read(text: str) -> Numbers:
        try:
            values = tuple(float(part) for part in text.split(","))
        except ValueError:
            values = ()
        if len(values) not in counts or not all(map(math.isfinite, values)):
            raise argparse.ArgumentTypeError(
                f"{text!r} is not {wanted} finite numbers separated by commas"
            )
        return values

    return read


def finite_number(text: str) -> float:
    """Reads a finite number."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise argparse.ArgumentTypeError(f"{text!r} is not a finite number")
    return value


def positive_number(text: str) -> float:
    """Reads a finite number above 0."""
    value = finite_number(text)
    if not value > 0:
        raise argparse.ArgumentTypeError(f"{text!r} must be above 0")
    return value


def share(text: str) -> float:
    """Reads a number from 0 up to less than 1."""
    value = finite_number(text)
    if not 0.0 <= value < 1.0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a share from 0 to less than 1")
    return value


def positive_numbers(text: str) -> float | tuple[float, float, float]:
    """Reads ``2.5``, or ``1,1,2.3`` for the axes i, j, k; all above 0."""
    values = numbers(1, 3)(text)
    if not all(value > 0 for value in values):
        raise argparse.ArgumentTypeError(
            f"{text!r} must be above 0: give one number, or three for the axes i,j,k"
        )
    return values[0] if len(values) == 1 else (values[0], values[1], values[2])


def whole_number(least: int, most: int = 1 << 31) -> Callable[[str], int]:
    """A reader of a whole number from ``least`` to ``most``."""

    def read(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = least - 1
        if value < least:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least {least}")
        if value > most:
            raise argparse.ArgumentTypeError(f"{text!r} is too many; at most {most} are possible")
        return value

    return read
