"""How a run ends: exit codes, the one sentence on stderr with the options that remedy it."""

from __future__ import annotations

import argparse
import errno
import os
import signal
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from ..errors import ArSSRError, Cancelled, EnvironmentFault, NotEnoughMemory
from ..running.interrupts import (
    SIGNALS,
    Interrupted,
    be_cancellable,
    ignore_signals,
    is_cancellable,
    no_longer_cancellable,
    was_interrupted,
)
from ..running.machine import memory_limit
from ..running.memory import is_out_of_memory
from ..running.printable import printable

EXIT_DONE = 0
_DEBUG = "ARSSR_DEBUG"


def exit_code_of(action: Callable[[], int], leaving: bool = False) -> int:
    """Runs ``action`` and turns however it ends into an exit code, and a sentence on stderr.

    SIGINT, SIGTERM and SIGHUP cancel: they raise in the main thread, so that temporary files are
    removed on the way out. A reader that has gone away (a closed pipe) counts as a cancel too, as
    long as there is something to cancel.
    With ``ARSSR_DEBUG`` set in the environment the traceback is shown as well.

    Args:
        action: what to run.
        leaving: whether the process ends right after; signals are then ignored from here on, so
            that one that comes too late cannot change the exit code.
    """
    _stand_in_for_closed_streams()
    previous = {number: signal.getsignal(number) for number in SIGNALS}
    try:
        code = _ending_of(action)
    except Interrupted as error:
        # It came between the end and the sentence about it; the handler lets no other through.
        code = _report(error)
    finally:
        if leaving:
            no_longer_cancellable()
        else:
            for number, handler in previous.items():
                signal.signal(number, handler)
    return code


def _ending_of(action: Callable[[], int]) -> int:
    """The exit code of ``action``, however it ends; from then on signals are ignored.

    Raises:
        Interrupted: one came in the moment before that.
    """
    try:
        be_cancellable()
        code = _code_of(action)
        sys.stdout.flush()
        ignore_signals()
        return code
    except BaseException as error:
        # The last stop of everything, interrupts too: past here Python would print a traceback.
        cancellable = is_cancellable()
        ignore_signals()
        return _report(error, cancellable)


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


def memory_advice(options: Mapping[str, Any], limited: bool | None = None) -> str:
    """What can still be done about too little memory, given the options already in use.

    >>> memory_advice({"scale": 2.0, "roi": None, "jobs": 4}, limited=False)
    'use fewer --jobs, a smaller scale or a region (--roi)'
    >>> memory_advice({"scale": None, "spacing": 0.2}, limited=False)
    'use larger voxels'
    >>> memory_advice({"workers": 0}, limited=False)
    'close other programs'
    >>> memory_advice({"workers": 1, "set": []}, limited=True)
    'use --workers 0 or a smaller optimiser.batch (--set), or raise the limit'

    Args:
        options: of the command, as they were given.
        limited: whether a container or a cluster limits the memory; found out by default.
    """
    limited = memory_limit() is not None if limited is None else limited
    ways = []
    if (options.get("jobs") or 1) > 1:
        ways.append("fewer --jobs")
    if "scales" in options:
        ways += [] if options.get("jobs") else ["--jobs 1"]
        ways.append("smaller --scales")
    if options.get("workers"):
        ways.append("--workers 0")
    if "set" in options:
        ways.append("a smaller optimiser.batch (--set)")
    if "scale" in options:
        by_scale = options["scale"] is not None
        ways.append("a smaller scale" if by_scale else "larger voxels")
    if "roi" in options:
        ways.append("a smaller region (--roi)" if options["roi"] else "a region (--roi)")
    if not ways:
        return "raise the limit" if limited else "close other programs"
    advice = f"use {' or '.join(filter(None, [', '.join(ways[:-1]), ways[-1]]))}"
    return f"{advice}, or raise the limit" if limited else advice


def _stand_in_for_closed_streams() -> None:
    """Opens /dev/null for any standard stream that is closed.

    Otherwise the next file that is opened gets its number, and C libraries print into that file.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
            os.set_inheritable(number, True)
        if getattr(sys, name) is None:
            mode = "w" if number else "r"
            setattr(sys, name, os.fdopen(number, mode, encoding="utf-8", closefd=False))


def _code_of(action: Callable[[], int]) -> int:
    """The exit code of ``action``, also where argparse leaves by itself after showing help."""
    try:
        return action()
    except SystemExit as leaving:
        return leaving.code if isinstance(leaving.code, int) else EXIT_DONE


def _report(error: BaseException, cancellable: bool = True) -> int:
    """Prints how a run ended in one sentence; returns its exit code.

    Args:
        error: what ended it.
        cancellable: whether there was something to cancel.
    """
    if isinstance(error, BrokenPipeError):
        _drop_output()
        return Cancelled.exit_code if cancellable else EXIT_DONE
    if os.environ.get(_DEBUG):
        traceback.print_exception(error)
    code, sentence = sentence_of(error)
    return _say(sentence, code)


def sentence_of(error: BaseException) -> tuple[int, str]:
    """The exit code of a run that an error ended, and the sentence about it."""
    if was_interrupted(error) and not isinstance(error, Cancelled | KeyboardInterrupt):
        error = Cancelled()
    if is_out_of_memory(error) and not isinstance(error, NotEnoughMemory):
        error = NotEnoughMemory()
    match error:
        case ArSSRError():
            return error.exit_code, str(error)
        case Cancelled() | KeyboardInterrupt():
            return Cancelled.exit_code, str(error) or "Cancelled; nothing was written."
        case ImportError():
            sentence = f"Cannot import a required package ({error}). Reinstall arssr."
        case OSError():
            sentence = _about_the_system(error)
        case _:
            sentence = (
                f"Unexpected error: {type(error).__name__}: {error}. Please report it; set "
                f"{_DEBUG}=1 to see the traceback."
            )
    return EnvironmentFault.exit_code, sentence


def _about_the_system(error: OSError) -> str:
    if not _has_current_folder():
        return "The current directory no longer exists. Change to another directory and try again."
    name = error.filename
    subject = f"Cannot open {name!r}: " if isinstance(name, str | bytes) else "System error: "
    reason = str(error.strerror or error)
    if isinstance(name, str | bytes):
        reason = f"{reason[:1].lower()}{reason[1:]}"
    remedy = {
        errno.ENOSPC: " Free some disk space and try again.",
        errno.EDQUOT: " Free some disk space and try again.",
        errno.EACCES: " Choose a place that you may write to.",
    }.get(error.errno or 0, "")
    return f"{subject}{reason}.{remedy}"


def _has_current_folder() -> bool:
    try:
        os.getcwd()
    except OSError:
        return False
    return True


def _say(sentence: str, code: int) -> int:
    try:
        print(f"arssr: {printable(sentence)}", file=sys.stderr, flush=True)
    except OSError:
        _drop_output()
    return code


def _drop_output() -> None:
    """Points stdout and stderr nowhere, so that the interpreter's last flush cannot fail."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            os.dup2(nowhere, stream.fileno())
