"""The commands that are killed, and how to tell that nothing of their work was lost."""

from __future__ import annotations

import csv
import shutil
import tempfile
import zipfile
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np

from ArSSRLib.errors import InputError
from ArSSRLib.networks.model_file import read_network
from ArSSRLib.running.json_files import read_json_object
from ArSSRLib.training.state import LAST, load_state
from ArSSRLib.volumes.files.reading import read_volume

ROOT = Path(__file__).resolve().parents[2]
CORTEX = ROOT / "Testing" / "data" / "cortex_t1.nii.gz"
BRAINS = ROOT / "Testing" / "library" / "evaluation" / "data"


class Command(ABC):
    """A command that writes into a folder.

    Attributes:
        name: as on the command line.
    """

    name: str

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

    name = "upsample"

    def __init__(self, model: Path) -> None:
        self.model = model

    def arguments(self, folder: Path) -> list[str | Path]:
        return ["upsample", CORTEX, "-o", folder / "out.nii.gz", "--scale", "3",
                "--model", self.model, "--device", "cpu", "--threads", "1", "--progress", "none",
                "--force"]  # fmt: skip

    def is_done(self, folder: Path) -> bool:
        return (folder / "out.nii.gz").exists()

    def half_written(self, folder: Path) -> list[str]:
        return _unreadable([folder / "out.nii.gz"], read_volume)

    def difference(self, folder: Path, undisturbed: Path) -> str:
        same = (folder / "out.nii.gz").read_bytes() == (undisturbed / "out.nii.gz").read_bytes()
        return "" if same else "out.nii.gz differs"


class Train(Command):
    """Trains a few steps on the real cut, with a checkpoint after each and a worker process."""

    name = "train"

    def arguments(self, folder: Path) -> list[str | Path]:
        changes = ("patches.size=6", "patches.coordinates=200", "optimiser.batch=4",
                   "optimiser.steps=40", "checkpoint_minutes=0.0", "validate_every=20",
                   "validate_crop=16")  # fmt: skip
        return ["train", "--recipe", "smoke", "--data", CORTEX, "--validation", CORTEX,
                "--device", "cpu", "--threads", "1", "--workers", "1", "-o", folder / "run",
                *(word for change in changes for word in ("--set", change))]  # fmt: skip

    def is_done(self, folder: Path) -> bool:
        return 40 in losses(folder / "run")

    def half_written(self, folder: Path) -> list[str]:
        run = folder / "run"
        return (
            _unreadable([run / "last.npz", run / "best.npz"], read_network)
            + _unreadable([run / LAST], _read_state)
            + _unreadable(folder.rglob("*.json"), read_json_object)
        )

    def difference(self, folder: Path, undisturbed: Path) -> str:
        ours, theirs = folder / "run", undisturbed / "run"
        for name in ("last.npz", "best.npz"):
            if not same_weights(ours / name, theirs / name):
                return f"the weights in {name} differ"
        if losses(ours) != losses(theirs):
            return "the losses in metrics.csv differ"
        text = [(f / "validation.csv").read_text(encoding="utf-8") for f in (ours, theirs)]
        return "" if text[0] == text[1] else "validation.csv differs"


class Evaluate(Command):
    """Measures two real brains with two worker processes."""

    name = "evaluate"

    def arguments(self, folder: Path) -> list[str | Path]:
        return ["evaluate", "--hr", BRAINS, "-o", folder / "report", "--scales", "2,3",
                "--methods", "nearest,linear,cubic", "--metrics", "psnr,nmse,psi", "--jobs", "2",
                "--pictures", "1", "--progress", "none"]  # fmt: skip

    def is_done(self, folder: Path) -> bool:
        return (folder / "report" / "report.html").exists()

    def half_written(self, folder: Path) -> list[str]:
        archives = (path for path in folder.rglob("*.npz") if not path.name.startswith("."))
        records = _unreadable(folder.rglob("*.json"), read_json_object)
        return records + _unreadable(archives, _read_archive)

    def difference(self, folder: Path, undisturbed: Path) -> str:
        if _cases(folder / "report") != _cases(undisturbed / "report"):
            return "the numbers in cases.csv differ"
        if _names(folder) != _names(undisturbed):
            return f"other files: {sorted(_names(folder) ^ _names(undisturbed))}"
        return ""


def losses(run: Path) -> dict[int, str]:
    """The loss by step, as far as a training run has written it down."""
    path = run / "metrics.csv"
    if not path.exists():
        return {}
    with path.open(newline="", encoding="utf-8") as stream:
        return {int(row["step"]): row["loss"] for row in csv.DictReader(stream) if row["loss"]}


def same_weights(first: Path, second: Path) -> bool:
    """Whether two model files have the same weights, in spite of their headers."""
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


def _read_state(path: Path) -> None:
    """Reads a checkpoint elsewhere: where it lies, that would also tidy up."""
    with tempfile.TemporaryDirectory() as elsewhere:
        shutil.copy(path, elsewhere)
        load_state(Path(elsewhere))


def _read_archive(path: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        if archive.testzip() is not None:
            raise zipfile.BadZipFile


def _unreadable(paths: Iterable[Path], read: Callable[[Path], object]) -> list[str]:
    """The names of the files that are there but cannot be read."""
    bad = []
    for path in paths:
        try:
            if path.exists():
                read(path)
        except (InputError, zipfile.BadZipFile):
            bad.append(path.name)
    return bad
