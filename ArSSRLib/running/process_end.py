"""How a job ended, or the process that did it, from its exit code and what it wrote to stderr."""

from __future__ import annotations

import signal
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..errors import Cancelled, EnvironmentFault, InputError
from .memory import ended_out_of_memory

_ERROR, _WARNING = "arssr: ", "arssr: warning: "
_ENDED_FROM_OUTSIDE = tuple(
    -getattr(signal, name) for name in ("SIGTERM", "SIGINT", "SIGHUP") if hasattr(signal, name)
)


@dataclass(frozen=True)
class Ended:
    """How a job, or a process of this program, ended.

    Attributes:
        code: exit code of the command line: 0 done, 1 system error, 2 bad input, 130 cancelled.
        error: one sentence, empty if it is done or none is known.
        argument: the argument that remedies the error, empty if there is none.
        out_of_memory: whether memory ran out, most likely; the sentence has no remedy then.
        reusable: whether the worker can be trusted with another job.
        measured: what a job that is done has measured, ready for JSON, see
            :class:`ArSSRLib.upsampling.file_job.FileResult`.
    """

    code: int
    error: str = ""
    argument: str = ""
    out_of_memory: bool = False
    reusable: bool = True
    measured: Mapping[str, Any] = field(default_factory=dict)


def process_end(code: int, error_text: str) -> Ended:
    """Explains the end of a process that runs ``arssr``.

    Args:
        code: its exit code, as :mod:`subprocess` has it: negative for a signal.
        error_text: what it wrote to stderr; warnings and library output do not count as the reason.
    """
    if code == 0:
        return Ended(0)
    sentences = [
        line.removeprefix(_ERROR).strip()
        for line in error_text.splitlines()
        if line.startswith(_ERROR) and not line.startswith(_WARNING)
    ]
    known = code in (EnvironmentFault.exit_code, InputError.exit_code, Cancelled.exit_code)
    if known and sentences:
        return Ended(code, sentences[-1])
    if code == Cancelled.exit_code or code in _ENDED_FROM_OUTSIDE:
        return Ended(Cancelled.exit_code)
    out_of_memory = ended_out_of_memory(code, error_text)
    return Ended(EnvironmentFault.exit_code, out_of_memory=out_of_memory)
