"""The three ways a run can end badly, each with the exit code of the command line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


class ArSSRError(Exception):
    """An error that users can act on.

    Args:
        sentence: one sentence that names the bad value and the remedy.
        argument: name of the argument that remedies it, such as ``roi``. The command line appends
            its option, ``(--roi)``; the sentence itself names no option.
    """

    exit_code = 1

    def __init__(self, sentence: str = "", *, argument: str = "") -> None:
        super().__init__(sentence)
        self.argument = argument


class InputError(ArSSRError, ValueError):
    """The user's input cannot be used (exit code 2)."""

    exit_code = 2


class EnvironmentFault(ArSSRError, RuntimeError):
    """The system failed: disk full, no memory, a missing package (exit code 1)."""

    exit_code = 1


class NotEnoughMemory(EnvironmentFault):
    """Memory ran out. The command line replaces the remedy by one that fits its options.

    Args:
        sentence: what there is not enough memory for, without a remedy and without a full stop.
    """

    def __init__(self, sentence: str = "There is not enough memory") -> None:
        super().__init__(sentence)

    @property
    def what(self) -> str:
        """The sentence without its remedy."""
        return str(self.args[0])

    def __str__(self) -> str:
        return f"{self.what}; close other programs, or choose a smaller scale or region."


class Cancelled(Exception):
    """The user stopped the run (exit code 130, as a shell reports SIGINT)."""

    exit_code = 130


@contextmanager
def errors_naming(name: str) -> Iterator[None]:
    """Adds the name of a file to the message of an InputError that does not name it.

    >>> with errors_naming("a.nii"):
    ...     raise InputError("The size is 0; correct the header.")
    Traceback (most recent call last):
    ArSSRLib.errors.InputError: In 'a.nii': the size is 0; correct the header.
    """
    try:
        yield
    except InputError as error:
        text = str(error)
        if repr(name) in text:
            raise
        raise InputError(
            f"In {name!r}: {text[:1].lower()}{text[1:]}", argument=error.argument
        ) from error
