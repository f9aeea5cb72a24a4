"""Python in a separate process, run to its end.

The command line alone needs none, see ``in_process.py``.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]


def environment(**changes: str) -> dict[str, str]:
    """The present environment with changes; in it Python finds the library from any folder."""
    return {**os.environ, "PYTHONPATH": str(ROOT), **changes}


def run_python(*words: object, **options: Any) -> subprocess.CompletedProcess[str]:
    """Runs Python with these arguments in the root folder, and collects what it prints.

    Args:
        words: such as ``-c`` and a program, or ``-m``, ``ArSSRLib`` and a command.
        options: of :func:`subprocess.run`, where others are wanted.
    """
    usual = {"cwd": ROOT, "env": environment(), "text": True, "check": False, "timeout": 900}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.run([sys.executable, *map(str, words)], **{**usual, **pipes, **options})
