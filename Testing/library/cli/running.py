"""The command line as tests run it: to its end, or ended in the middle."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from child_process import ROOT

LINEAR = ("--scale", "2", "--method", "linear", "--progress", "none")
"""Options of a run that takes a moment."""


def slow_with(model: Path) -> list[str | Path]:
    """Options that make a run with this model slow enough to be ended in the middle."""
    return ["--scale", "4", "--model", model]


class Running:
    """A command in a separate process, on one thread, and its progress messages."""

    def __init__(self, *arguments: str | Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "ArSSRLib", *arguments, "--progress", "json", "--threads", "1"],
            cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    def wait_for(self, stage: str) -> None:
        """Returns once the run says that it is at a stage."""
        self._read_until(lambda said: said.get("stage") == stage, f"the stage {stage}")

    def wait_until_computing(self) -> None:
        """Returns once a volume is computed."""
        self._read_until(lambda said: said.get("fraction", 0.0) > 0.02, "it computed")

    def workers(self) -> list[psutil.Process]:
        """The processes that a batch computes in; between two volumes it waits for the next."""
        while self.process.poll() is None:
            if children := psutil.Process(self.process.pid).children():
                return children
        pytest.fail(f"The run ended too early: {self.process.communicate()}")

    def end(self, within_seconds: float = 200.0) -> str:
        """What it has said on stderr, at its end."""
        return self.process.communicate(timeout=within_seconds)[1]

    def _read_until(self, holds: Callable[[dict], bool], what: str) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if holds(json.loads(line)):
                return
        pytest.fail(f"The run ended before {what}: {self.process.communicate()}")
