"""One measured case a file, so that a stopped evaluation goes on where it was.

A record holds for the very files that it was measured from; the second half tells them apart.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from functools import lru_cache, wraps
from pathlib import Path
from typing import ParamSpec, TypeVar

from ..atomic import replacing
from ..errors import EnvironmentFault, InputError

P = ParamSpec("P")
T = TypeVar("T")
Version = tuple[tuple[str, int, int], ...]
"""Name, time of the last change in ns and bytes of each file that a result was made from."""

_NOT_NUMBERS = {"inf": math.inf, "-inf": -math.inf, "nan": math.nan}
_MAY_NAME_RAW_DATA = (".mha", ".mhd", ".nrrd", ".nhdr")
_RAW_DATA = re.compile(rb"^(?:ElementDataFile\s*=|data ?file:)[ \t]*(.+)$", re.MULTILINE)
_NUMBERED = re.compile(r"[^%]*%0?\d{0,2}d[^%]*")
_LARGEST_HEADER = 1 << 20
_MOST_FILES = 1 << 14
_BLOCK = 1 << 22


@dataclass(frozen=True)
class Record:
    """What was measured for one volume at one scale with one method.

    Attributes:
        volume, scale, method: the case; the method by its slug.
        fingerprint: of everything that decides the numbers; a case with another is done again.
        values: a number by metric, or the sentence that stands in for it.
        dice: overlap by region.
        seconds: time of the upsampling alone, in s.
        error: why the case failed; empty if it did not.
        machine: whether it failed for the machine's sake (memory, a missing package).
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
    provisional: bool = False

    @property
    def complete(self) -> bool:
        """Whether it holds all that can be measured, so that a later run may take it over."""
        return not self.error and not self.provisional


def record_path(folder: Path, volume: str, scale: float, method: str) -> Path:
    """Where a case is kept; what it shows lies beside it as ``.npz``."""
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
    with replacing(path, overwrite=True) as temporary:
        temporary.write_text(json.dumps(values, indent=1, allow_nan=False), encoding="utf-8")


def load_record(path: Path) -> Record | None:
    """The record in a file; None if there is none or it cannot be read."""
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        for part in ("values", "dice"):
            values[part] = {name: _NOT_NUMBERS.get(v, v) for name, v in values[part].items()}
        return Record(**values)
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


def make_folder(folder: Path) -> None:
    """Makes a folder of the report, with those above it.

    Raises:
        EnvironmentFault: the disk is full or refuses it.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise EnvironmentFault(
            f"The folder {str(folder)!r} cannot be made ({error.strerror or error}); free some "
            "space or choose another folder."
        ) from error


def digest(path: Path) -> str:
    """SHA-256 of a file, followed by the raw data that it names where it is a header.

    Raises:
        InputError: it cannot be read.
    """
    return _digest(path)


def version_of(path: Path) -> Version:
    """Changes when a file, or the raw data that it names where it is a header, is written anew.

    Raises:
        InputError: it cannot be read.
    """
    try:
        about = [(str(file), file.stat()) for file in (path, *raw_data_of(path))]
    except OSError as error:
        raise _unreadable(path, error) from error
    return tuple((name, found.st_mtime_ns, found.st_size) for name, found in about)


def cached_by_file(most: int) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Keeps the last results of a function, as long as the files among its arguments stay as
    they are; all arguments must be hashable and given by position."""

    def decorate(function: Callable[P, T]) -> Callable[P, T]:
        def call(versions: tuple[Version, ...], *arguments: P.args, **named: P.kwargs) -> T:
            return function(*arguments, **named)

        kept: Callable[..., T] = lru_cache(maxsize=most)(call)

        @wraps(function)
        def look_up(*arguments: P.args, **named: P.kwargs) -> T:
            versions = tuple(version_of(a) for a in arguments if isinstance(a, Path))
            return kept(versions, *arguments, **named)

        return look_up

    return decorate


@cached_by_file(64)
def _digest(path: Path) -> str:
    found = hashlib.sha256()
    try:
        for file in (path, *raw_data_of(path)):
            with open(file, "rb") as stream:
                while block := stream.read(_BLOCK):
                    found.update(block)
    except OSError as error:
        raise _unreadable(path, error) from error
    return found.hexdigest()


def _unreadable(path: Path, error: OSError) -> InputError:
    return InputError(
        f"The file {str(path)!r} cannot be read ({error.strerror or error}); check the name and "
        "its permissions."
    )


def raw_data_of(path: Path) -> list[Path]:
    """The files with the voxels of a MetaImage or NRRD header; empty where it holds them itself.

    A header names one file, a pattern with its first and last number (``slice%03d.raw 1 40 1``),
    or ``LIST`` with one file on each line that follows. Files that are missing are left out: the
    reader complains about them.
    """
    if not path.name.lower().endswith(_MAY_NAME_RAW_DATA):
        return []
    with open(path, "rb") as stream:
        header = stream.read(_LARGEST_HEADER).replace(b"\r", b"")
    if header.startswith(b"NRRD"):
        header = header.partition(b"\n\n")[0]
    named = _RAW_DATA.search(header)
    if named is None:
        return []
    entry = os.fsdecode(named[1]).strip()
    if entry.startswith("LIST"):
        names = [os.fsdecode(line).strip() for line in header[named.end() :].split(b"\n")]
    else:
        names = _numbered(entry) if "%" in entry else [entry]
    return [path.parent / name for name in names if name and (path.parent / name).is_file()]


def _numbered(pattern: str) -> list[str]:
    """The file names that ``slice%03d.raw 1 40 1`` stands for."""
    name, *numbers = pattern.split()
    try:
        first, last, step = (int(number) for number in (*numbers[:2], *(numbers[2:3] or ["1"])))
        named = range(first, last + 1, step)[:_MOST_FILES]
    except ValueError:
        return []
    return [name % number for number in named] if _NUMBERED.fullmatch(name) else []


def _plain(value: float | str) -> float | str:
    """JSON has no infinity."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value
