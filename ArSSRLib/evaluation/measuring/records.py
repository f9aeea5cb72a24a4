"""One file per measured case, so that a stopped evaluation continues where it stopped."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ...errors import InputError
from ...running.json_files import read_json_object, write_json
from ...running.output_files import make_folder

_NOT_NUMBERS = {"inf": math.inf, "-inf": -math.inf, "nan": math.nan}


@dataclass(frozen=True)
class Record:
    """What was measured for one volume at one scale with one method.

    Attributes:
        volume, scale, method: the case; the method by its slug.
        fingerprint: of everything that decides the numbers; when it changes, so may they, and
            the case is measured again.
        values: a number by metric, or the sentence that replaces it.
        dice: overlap by region.
        expected_error: of a model with a head for it, see
            :class:`ArSSRLib.evaluation.expected_error.case.ErrorCase`; empty where not measured.
        seconds: time of the upsampling alone, in s.
        error: why the case failed; empty if it did not.
        machine: whether it failed because of the machine (memory, a missing package).
        left_out: whether the volume is none to measure, a label map, rather than a failure.
        provisional: whether a metric was missing something that a later run may have.
    """

    volume: str
    scale: float
    method: str
    fingerprint: str
    values: Mapping[str, float | str] = field(default_factory=dict)
    dice: Mapping[str, float] = field(default_factory=dict)
    seconds: float = 0.0
    error: str = ""
    machine: bool = False
    left_out: bool = False
    provisional: bool = False
    expected_error: Mapping[str, Any] = field(default_factory=dict)

    @property
    def complete(self) -> bool:
        """Whether it holds all that can be measured, so that a later run may reuse it."""
        return not self.error and not self.provisional


def record_path(folder: Path, volume: str, scale: float, method: str) -> Path:
    """The file of a case's record; its pictures are in ``.npz`` with the same name."""
    return folder / "cases" / volume / f"{scale:g}x" / f"{method}.json"


def save_record(record: Record, path: Path) -> None:
    """Writes a record; it appears complete or not at all.

    Raises:
        EnvironmentFault: the disk is full or refuses the file.
    """
    values = asdict(record)
    for part in ("values", "dice"):
        values[part] = {name: _plain(value) for name, value in values[part].items()}
    make_folder(path.parent)
    write_json(path, values, indent=1)


def load_record(path: Path) -> Record | None:
    """The record in a file; None if there is none or it cannot be read."""
    try:
        values = read_json_object(path)
        for part in ("values", "dice"):
            values[part] = {name: _NOT_NUMBERS.get(v, v) for name, v in values[part].items()}
        return Record(**values)
    except (InputError, TypeError, KeyError, AttributeError):
        return None


def _plain(value: float | str) -> float | str:
    """JSON has no infinity."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value
