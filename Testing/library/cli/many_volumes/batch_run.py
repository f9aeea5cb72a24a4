"""A batch that is slow enough to be ended in the middle."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import psutil
import pytest

from ArSSRLib.volume import read_volume

ROOT = Path(__file__).resolve().parents[4]


class Running:
    """A batch of the slow kind in a process of its own."""

    def __init__(self, sources: Sequence[Path], out: Path, model: Path, *options: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "ArSSRLib", "upsample", *sources, f"{out}/", "--scale", "4",
             "--model", model, "--progress", "json", "--threads", "1", *options],
            cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    def wait_until_computing(self) -> list[psutil.Process]:
        """Its child processes, once one of them computes."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if json.loads(line).get("fraction", 0.0) > 0.02:
                return psutil.Process(self.process.pid).children()
        pytest.fail(f"The run ended before it computed: {self.process.communicate()}")

    def end(self) -> str:
        """What it said on stderr."""
        return self.process.communicate(timeout=200)[1]


def copies(folder: Path, source: Path, count: int) -> list[Path]:
    paths = [folder / f"head{number}.nii.gz" for number in range(count)]
    for path in paths:
        shutil.copy(source, path)
    return paths


def name_of(number: int, model: Path) -> str:
    """What a copy becomes: results of a model file carry its name and contents in theirs."""
    digest = hashlib.sha256(model.read_bytes()).hexdigest()[:8]
    return f"head{number}_arssr-{model.stem}-{digest}_4x.nii.gz"


def assert_complete_volumes_only(out: Path) -> None:
    for path in out.iterdir() if out.exists() else ():
        assert path.name.startswith("head")
        assert read_volume(path).grid.size == (192, 176, 80)
