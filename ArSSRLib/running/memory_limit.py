"""Runs under a memory limit: refused where they cannot fit, explained where the kernel ends them.

The kernel kills a process that goes beyond the limit of its control group without a word. So the
work is done by a child process, and its parent, which needs little memory, says what happened.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Callable

from ..errors import NotEnoughMemory
from .interrupts import SIGNALS, ignore_signals
from .machine import memory_limit
from .memory import gigabytes

_END_WITH_PARENT = 1
"""PR_SET_PDEATHSIG of Linux."""


def refuse_beyond_limit(needed: int, limit: int | None) -> None:
    """Refuses work that a memory limit makes impossible.

    Args:
        needed: bytes that it needs at the very least.
        limit: bytes that this process may have; None where there is no limit.

    Raises:
        NotEnoughMemory: it needs more.
    """
    if limit is not None and needed > limit:
        raise NotEnoughMemory(
            f"This needs at least {gigabytes(needed)} of memory, which is limited to "
            f"{gigabytes(limit)} here"
        )


def explained_if_killed(action: Callable[[], int]) -> int:
    """Does ``action``, under a memory limit in a child process; returns its exit code.

    The child starts as a copy of this process, so call this before threads exist and large
    libraries are loaded. Signals are passed on to it, and it ends with this process, which ignores
    signals from then on.

    Args:
        action: what to do; it runs in this process where there is no limit, and on other systems
            than Linux.

    Raises:
        NotEnoughMemory: the child was killed.
    """
    limit = memory_limit()
    if limit is None or not sys.platform.startswith("linux"):
        return action()
    sys.stdout.flush()
    sys.stderr.flush()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    parent = os.getpid()
    child = os.fork()
    if child == 0:
        _end_with(parent)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        return action()
    for number in SIGNALS:
        signal.signal(number, lambda number, _: os.kill(child, number))
    signal.pthread_sigmask(signal.SIG_SETMASK, before)
    # First without removing it, so that no signal is passed on to another process of its number.
    os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
    ignore_signals()
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if code == -signal.SIGKILL:
        raise NotEnoughMemory(
            "The system ended this run, most likely because memory is limited to "
            f"{gigabytes(limit)} here"
        )
    if code < 0:
        _end_by(-code)
    return code


def _end_with(parent: int) -> None:
    """Lets the kernel kill this process when its parent dies, and ends it if that was before."""
    ctypes.CDLL(None).prctl(_END_WITH_PARENT, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def _end_by(number: int) -> None:
    """Ends this process by the signal that ended its child, as the shell would have seen it."""
    if number not in (signal.SIGKILL, signal.SIGSTOP):
        signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)
