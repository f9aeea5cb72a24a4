"""Why a process ended, from its exit code and what it wrote to stderr."""

from __future__ import annotations

import signal
from dataclasses import dataclass

from ..errors import Cancelled, EnvironmentFault, InputError
from .memory import ended_out_of_memory

_ERROR, _WARNING = "arssr: ", "arssr: warning: "
_ENDED_FROM_OUTSIDE = tuple(
    -getattr(signal, name) for name in ("SIGTERM", "SIGINT", "SIGHUP") if hasattr(signal, name)
)


@dataclass(frozen=True)
class ProcessEnd:
    """How a process of this program ended.

    Attributes:
        code: exit code of the command line: 0 done, 1 system error, 2 bad input, 130 cancelled.
        sentence: the program's own sentence about it, empty if it wrote none.
        out_of_memory: whether it was most likely ended because memory ran out.
    """

    code: int
    sentence: str = ""
    out_of_memory: bool = False


def process_end(code: int, error_text: str) -> ProcessEnd:
    """Explains the end of a process that runs ``arssr``.

    Args:
        code: its exit code, as :mod:`subprocess` has it: negative for a signal.
        error_text: what it wrote to stderr; warnings and library output do not count as the reason.
    """
    if code == 0:
        return ProcessEnd(0)
    sentences = [
        line.removeprefix(_ERROR).strip()
        for line in error_text.splitlines()
        if line.startswith(_ERROR) and not line.startswith(_WARNING)
    ]
    known = code in (EnvironmentFault.exit_code, InputError.exit_code, Cancelled.exit_code)
    if known and sentences:
        return ProcessEnd(code, sentences[-1])
    if code == Cancelled.exit_code or code in _ENDED_FROM_OUTSIDE:
        return ProcessEnd(Cancelled.exit_code)
    return ProcessEnd(EnvironmentFault.exit_code, "", ended_out_of_memory(code, error_text))
