"""The three ways a run can end badly, each with the exit code the command line gives it."""

from __future__ import annotations


class InputError(ValueError):
    """The user's input cannot be used; the message names the value and the remedy (exit code 2)."""

    exit_code = 2


class EnvironmentFault(RuntimeError):
    """The machine got in the way: disk full, no memory, no permission (exit code 1)."""

    exit_code = 1


class Cancelled(Exception):
    """The user stopped the run (exit code 130, as a shell reports SIGINT)."""

    exit_code = 130
