"""The commands that are killed, and how to tell that nothing of their work was lost."""

from __future__ import annotations

import csv
import json
import shutil
import tempfile
import zipfile
from abc import ABC, abstractmethod
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
CORTEX = ROOT / "Testing" / "data" / "cortex_t1.nii.gz"
BRAINS = ROOT / "Testing" / "library" / "evaluation" / "data"


class Command(ABC):
    """A command that writes into a folder.

    Attributes:
        name: as on the command line.
        resumes: whether a killed run is gone on with; otherwise it is done again.
    """

    name: str
    resumes: bool

    @abstractmethod
    def arguments(self, folder: Path) -> list[str | Path]:
        """Of ``arssr``, to write into ``folder``."""

    @abstractmethod
    def is_done(self, folder: Path) -> bool:
        """Whether the result is in its place."""

    @abstractmethod
    def half_written(self, folder: Path) -> list[str]:
        """Files with their final names that are not whole."""

    @abstractmethod
    def difference(self, folder: Path, undisturbed: Path) -> str:
        """How the finished result differs from that of an undisturbed run; empty if it does not."""


class Upsample(Command):
    """Upsamples the real cut with a small network."""

    name, resumes = "upsample", False

    def __init__(self, model: Path) -> None:
        self.model = model

    def arguments(self, folder: Path) -> list[str | Path]:
        return ["upsample", CORTEX, "-o", folder / "out.nii.gz", "--scale", "3",
                "--model", self.model, "--device", "cpu", "--threads", "1", "--progress", "none",
                "--force"]  # fmt: skip

    def is_done(self, folder: Path) -> bool:
        return (folder / "out.nii.gz").exists()

    def half_written(self, folder: Path) -> list[str]:
        from ArSSRLib.errors import InputError
        from ArSSRLib.volumes.files.reading import read_volume

        if not self.is_done(folder):
            return []
        try:
            read_volume(folder / "out.nii.gz")
        except InputError:
            return ["out.nii.gz"]
        return []

    def difference(self, folder: Path, undisturbed: Path) -> str:
        same = (folder / "out.nii.gz").read_bytes() == (undisturbed / "out.nii.gz").read_bytes()
        return "" if same else "out.nii.gz differs"


class Train(Command):
    """Trains a few steps on the real cut, with a checkpoint after each and a worker process."""

    name, resumes = "train", True

    def arguments(self, folder: Path) -> list[str | Path]:
        changes = ("patches.size=6", "patches.coordinates=200", "optimiser.batch=4",
                   "optimiser.steps=40", "checkpoint_minutes=0.0", "validate_every=20",
                   "validate_crop=16")  # fmt: skip
        return ["train", "--recipe", "smoke", "--data", CORTEX, "--validation", CORTEX,
                "--device", "cpu", "--threads", "1", "--workers", "1", "-o", folder / "run",
                *(word for change in changes for word in ("--set", change))]  # fmt: skip

    def is_done(self, folder: Path) -> bool:
        return 40 in _steps(folder / "run" / "metrics.csv")

    def half_written(self, folder: Path) -> list[str]:
        from ArSSRLib.errors import InputError
        from ArSSRLib.networks.model_file import read_network
        from ArSSRLib.training.state import LAST, load_state

        bad = []
        for name in ("last.npz", "best.npz"):
            try:
                if (folder / "run" / name).exists():
                    read_network(folder / "run" / name)
            except InputError:
                bad.append(name)
        if (folder / "run" / LAST).exists():
            with tempfile.TemporaryDirectory() as elsewhere:
                # Reading a state where it lies would also tidy up there.
                shutil.copy(folder / "run" / LAST, elsewhere)
                try:
                    load_state(Path(elsewhere))
                except InputError:
                    bad.append(LAST)
        return bad + _broken_json(folder)

    def difference(self, folder: Path, undisturbed: Path) -> str:
        ours, theirs = folder / "run", undisturbed / "run"
        for name in ("last.npz", "best.npz"):
            if not _same_weights(ours / name, theirs / name):
                return f"the weights in {name} differ"
        if _steps(ours / "metrics.csv") != _steps(theirs / "metrics.csv"):
            return "the losses in metrics.csv differ"
        text = [(f / "validation.csv").read_text(encoding="utf-8") for f in (ours, theirs)]
        return "" if text[0] == text[1] else "validation.csv differs"


class Evaluate(Command):
    """Measures two real brains with two worker processes."""

    name, resumes = "evaluate", True

    def arguments(self, folder: Path) -> list[str | Path]:
        return ["evaluate", "--hr", BRAINS, "-o", folder / "report", "--scales", "2,3",
                "--methods", "nearest,linear,cubic", "--metrics", "psnr,nmse,psi", "--jobs", "2",
                "--pictures", "1", "--progress", "none"]  # fmt: skip

    def is_done(self, folder: Path) -> bool:
        return (folder / "report" / "report.html").exists()

    def half_written(self, folder: Path) -> list[str]:
        return _broken_json(folder) + _broken_archives(folder)

    def difference(self, folder: Path, undisturbed: Path) -> str:
        if _cases(folder / "report") != _cases(undisturbed / "report"):
            return "the numbers in cases.csv differ"
        if _names(folder) != _names(undisturbed):
            return f"other files: {sorted(_names(folder) ^ _names(undisturbed))}"
        return ""


def _steps(path: Path) -> dict[int, str]:
    """The loss by step, as far as it was written."""
    if not path.exists():
        return {}
    with path.open(newline="", encoding="utf-8") as stream:
        return {int(row["step"]): row["loss"] for row in csv.DictReader(stream) if row["loss"]}


def _same_weights(first: Path, second: Path) -> bool:
    with np.load(first) as ours, np.load(second) as theirs:
        names = [name for name in theirs.files if name != "header.json"]
        return ours.files == theirs.files and all(
            np.array_equal(ours[name], theirs[name]) for name in names
        )


def _cases(folder: Path) -> list[dict[str, str]]:
    """The rows of ``cases.csv`` but for the time that each case took."""
    with (folder / "cases.csv").open(newline="", encoding="utf-8") as stream:
        return [{k: v for k, v in row.items() if k != "seconds"} for row in csv.DictReader(stream)]


def _names(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*")}


def _broken_json(folder: Path) -> list[str]:
    bad = []
    for path in folder.rglob("*.json"):
        try:
            json.loads(path.read_text(encoding="utf-8"))
        except ValueError:
            bad.append(path.name)
    return bad


def _broken_archives(folder: Path) -> list[str]:
    bad = []
    for path in folder.rglob("*.npz"):
        if not path.name.startswith("."):
            try:
                with zipfile.ZipFile(path) as archive:
                    archive.testzip()
            except zipfile.BadZipFile:
                bad.append(path.name)
    return bad
