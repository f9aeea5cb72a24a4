"""The three ways a run can end badly, each with the exit code the command line gives it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


class InputError(ValueError):
    """The user's input cannot be used; the message names the value and the remedy (exit code 2)."""

    exit_code = 2


class EnvironmentFault(RuntimeError):
    """The machine got in the way: disk full, no memory, no permission (exit code 1)."""

    exit_code = 1


class Cancelled(Exception):
    """The user stopped the run (exit code 130, as a shell reports SIGINT)."""

    exit_code = 130


@contextmanager
def said_of(name: str) -> Iterator[None]:
    """Puts into the message of an InputError in the block which file it is about.

    >>> with said_of("a.nii"):
    ...     raise InputError("The size is 0; correct the header.")
    Traceback (most recent call last):
    ArSSRLib.errors.InputError: In 'a.nii': the size is 0; correct the header.
    """
    try:
        yield
    except InputError as error:
        text = str(error)
        raise InputError(f"In {name!r}: {text[:1].lower()}{text[1:]}") from error
