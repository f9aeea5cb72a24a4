"""A batch that is slow enough to be ended in the middle."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Sequence
from pathlib import Path

from running import Running, slow_with

from ArSSRLib.volumes.files.reading import read_volume


def batch_of(sources: Sequence[Path], out: Path, model: Path, *options: str) -> Running:
    return Running("upsample", *sources, "-o", f"{out}/", *slow_with(model), *options)


def copies(folder: Path, source: Path, count: int) -> list[Path]:
    paths = [folder / f"head{number}.nii.gz" for number in range(count)]
    for path in paths:
        shutil.copy(source, path)
    return paths


def name_of(number: int, model: Path) -> str:
    """What a copy becomes: results of a model file carry its name and contents in theirs."""
    digest = hashlib.sha256(model.read_bytes()).hexdigest()[:8]
    return f"head{number}_arssr-{model.stem}-{digest}_4x.nii.gz"


def assert_complete_volumes_only(out: Path, killed: bool = False) -> None:
    """``killed``: a process that is killed may leave a hidden part, which a later run removes."""
    for path in out.iterdir() if out.exists() else ():
        if killed and path.name.startswith(".arssr-part-"):
            continue
        assert path.name.startswith("head")
        assert read_volume(path).grid.size == (192, 176, 80)
