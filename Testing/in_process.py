"""The command line in the process of the tests: no start of Python, no import of torch.

A separate process shows more only where signals, the environment, closed streams or imports count.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

Arssr = Callable[..., "subprocess.CompletedProcess[str]"]
"""What the fixture ``arssr`` is: it runs a command to its end."""


@dataclass
class Printed:
    """What a block printed, once it has ended."""

    stdout: str = ""
    stderr: str = ""


@contextlib.contextmanager
def all_output() -> Iterator[Printed]:
    """Collects what the block prints, also what libraries in C print."""
    printed = Printed()
    with contextlib.ExitStack() as stack:
        files = [stack.enter_context(tempfile.TemporaryFile()) for _ in range(2)]
        for number, file in enumerate(files, start=1):
            sys.stdout.flush()
            sys.stderr.flush()
            before = os.dup(number)
            stack.callback(os.close, before)
            stack.callback(os.dup2, before, number)
            os.dup2(file.fileno(), number)
        out, err = (
            stack.enter_context(open(number, "w", encoding="utf-8", closefd=False))
            for number in (1, 2)
        )
        stack.enter_context(contextlib.redirect_stdout(out))
        stack.enter_context(contextlib.redirect_stderr(err))
        try:
            yield printed
        finally:
            out.flush()
            err.flush()
            for file in files:
                file.seek(0)
            texts = [file.read().decode("utf-8", "backslashreplace") for file in files]
            printed.stdout, printed.stderr = texts


def run_arssr(
    *arguments: str | Path, folder: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Runs a command in a folder, by default the current one."""
    from ArSSRLib.cli.main import main

    words = [str(argument) for argument in arguments]
    before = Path.cwd()
    with all_output() as printed, _same_threads():
        os.chdir(folder or before)
        try:
            code = main(words)
        finally:
            os.chdir(before)
    return subprocess.CompletedProcess(words, code, printed.stdout, printed.stderr)


@contextlib.contextmanager
def _same_threads() -> Iterator[None]:
    """Resets PyTorch's number of threads, which ``arssr train --threads`` sets for the process."""
    torch = sys.modules.get("torch")
    before = torch.get_num_threads() if torch else None
    try:
        yield
    finally:
        if before is not None:
            sys.modules["torch"].set_num_threads(before)
