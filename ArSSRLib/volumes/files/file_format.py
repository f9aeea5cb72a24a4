"""What a file format is for the rest of the library, and the table of all formats.

A format is one module in :mod:`ArSSRLib.volumes.files.formats`. It describes itself in a
:class:`FileFormat` and registers that; nothing else names its suffixes. ``docs/adding.md`` shows an
example.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import SimpleITK as sitk

from ..array_types import Array
from ..grid import Grid


class Voxels(Protocol):
    """The voxels of a file, read when they are asked for."""

    def read(self, index: int) -> Array:
        """One volume, indexed [k, j, i], in the type that the file stores.

        Raises:
            InputError: the file does not hold what its header promises.
            NotEnoughMemory: the volume does not fit into memory.
        """

    def is_whole(self) -> bool:
        """Whether the file is as long as its header promises, told quickly where that is possible.

        Raises:
            OSError: the file cannot be opened.
        """


@dataclass(frozen=True)
class Header:
    """What the header of a file says, in the terms that all formats share.

    Attributes:
        grid: where the voxels of each volume lie.
        voxels: reads them.
        volumes: how many volumes the file holds; 1 for a 3-D file.
        scaling: slope and intercept of the stored values; None where they are the intensities.
        metadata: header entries, by the names SimpleITK gives them.
        labels: why the header calls the file a label map; empty where it does not.
        warnings: one sentence for each thing that the header leaves in doubt.
    """

    grid: Grid
    voxels: Voxels
    volumes: int = 1
    scaling: tuple[float, float] | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    labels: str = ""
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Encoding:
    """How a format is written: a header, then the voxels in the order of the file.

    Attributes:
        head: the header of a file, from an image of one slice that has the volume's grid, type
            and header entries, the number of slices, and the name of a file that may be written
            for a moment. Raises RuntimeError or OSError where that fails.
        compression: ``gzip`` or ``zlib`` for compressed voxels, else empty.
        whole: whether the header is compressed together with the voxels.
        size_after: the bytes of the header after which the number of compressed bytes is written
            once it is known; empty where the header has no such entry.
    """

    head: Callable[[sitk.Image, int, Path], bytes]
    compression: str = ""
    whole: bool = False
    size_after: bytes = b""


def _all_of(metadata: Mapping[str, str]) -> dict[str, str]:
    return dict(metadata)


def _only_the_file(path: Path) -> list[Path]:
    return [path]


@dataclass(frozen=True)
class FileFormat:
    """A file format: its suffixes, how it is read and, where it can be written, how.

    Attributes:
        name: what messages call it.
        suffixes: endings of its files, in lower case.
        read_header: checks a file's header and returns it. Raises InputError for a header that
            cannot be used and OSError for a file that cannot be opened.
        encodings: how files are written, by the suffixes that can be written.
        result_suffix: ending of results made from a file of this format.
        keep: the header entries as a file of this format can hold them.
        parts: the files that belong together: the header and, where that names another, the one
            with the voxels. Raises OSError for a file that cannot be opened.
    """

    name: str
    suffixes: tuple[str, ...]
    read_header: Callable[[Path], Header]
    encodings: Mapping[str, Encoding] = field(default_factory=dict)
    result_suffix: str = ".nii.gz"
    keep: Callable[[Mapping[str, str]], dict[str, str]] = _all_of
    parts: Callable[[Path], list[Path]] = _only_the_file


_FORMATS: dict[str, FileFormat] = {}


def register(file_format: FileFormat) -> None:
    """Adds a format to the table; each suffix belongs to one format.

    Raises:
        ValueError: a suffix is taken.
    """
    for suffix in file_format.suffixes:
        other = _FORMATS.get(suffix, file_format)
        if other.name != file_format.name:
            raise ValueError(f"The suffix {suffix} belongs to {other.name} already.")
    _FORMATS.update(dict.fromkeys(file_format.suffixes, file_format))


def format_of(suffix: str) -> FileFormat:
    """The format of files that end in ``suffix``, one of :func:`readable_suffixes`."""
    return _FORMATS[suffix]


def readable_suffixes() -> tuple[str, ...]:
    """Endings of the files that can be read, in lower case."""
    return tuple(_FORMATS)


def writable_suffixes() -> tuple[str, ...]:
    """Endings of the files that can be written, in lower case."""
    return tuple(s for s, each in _FORMATS.items() if s in each.encodings)
