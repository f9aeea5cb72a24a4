"""Completes the library's errors with the options of the command that was given."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from ..errors import ArSSRError, EnvironmentFault, NotEnoughMemory
from ..running.memory import is_out_of_memory


@contextmanager
def options_named(arguments: argparse.Namespace) -> Iterator[None]:
    """Within the block, errors name the option that remedies them, if the command has it.

    Args:
        arguments: the command's options as they were given.
    """
    try:
        yield
    except (ArSSRError, MemoryError, RuntimeError, OSError, ImportError) as error:
        if is_out_of_memory(error):
            shortage = error if isinstance(error, NotEnoughMemory) else NotEnoughMemory()
            raise EnvironmentFault(f"{shortage.what}; {memory_advice(vars(arguments))}.") from error
        if isinstance(error, ArSSRError) and error.argument in vars(arguments):
            error.args = (with_option(str(error), error.argument),)
        raise


def with_option(sentence: str, argument: str) -> str:
    """The sentence with an option before its full stop.

    >>> with_option("The result is too large; choose a region.", "roi")
    'The result is too large; choose a region (--roi).'
    """
    return f"{sentence.removesuffix('.')} (--{argument.replace('_', '-')})."


def memory_advice(options: Mapping[str, Any]) -> str:
    """What can still be done about too little memory, given the options already in use.

    >>> memory_advice({"scale": 2.0, "roi": None, "jobs": 4})
    'use fewer --jobs, a smaller scale or a region (--roi)'
    >>> memory_advice({"workers": 0})
    'close other programs'
    """
    ways = []
    if (options.get("jobs") or 1) > 1:
        ways.append("fewer --jobs")
    if options.get("workers"):
        ways.append("--workers 0")
    if "scale" in options:
        ways.append("a smaller scale")
    if "roi" in options:
        ways.append("a smaller region (--roi)" if options["roi"] else "a region (--roi)")
    if not ways:
        return "close other programs"
    return f"use {' or '.join(filter(None, [', '.join(ways[:-1]), ways[-1]]))}"
