"""Detects whether a file has changed since a result was made from it.

The voxels of an ``.mhd`` or ``.nhdr`` header are in another file, which counts as a part of it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import lru_cache, wraps
from pathlib import Path
from typing import ParamSpec, TypeVar

from ...errors import InputError
from ...volumes.files.names import parts_of

P = ParamSpec("P")
T = TypeVar("T")
Version = tuple[tuple[str, int, int], ...]
"""Name, time of the last change in ns and size in bytes of each part of a file."""

_BLOCK = 1 << 22


def version_of(path: Path) -> Version:
    """What changes when a file, or the one in which it keeps its voxels, is written again.

    Raises:
        InputError: it cannot be read.
    """
    try:
        about = [(str(file), file.stat()) for file in _parts(path)]
    except OSError as error:
        raise _unreadable(path, error) from error
    return tuple((name, found.st_mtime_ns, found.st_size) for name, found in about)


def cached_by_file(most: int) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Keeps the last ``most`` results of a function, each until one of its files changes.

    Files are the arguments that are a :class:`~pathlib.Path`. All arguments must be hashable and
    given by position. A call raises InputError where a file cannot be read.
    """

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
def digest(path: Path) -> str:
    """SHA-256 of a file and of the voxels that it keeps in another, as hexadecimal digits.

    Raises:
        InputError: it cannot be read.
    """
    found = hashlib.sha256()
    try:
        for file in _parts(path):
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


def _parts(path: Path) -> list[Path]:
    """A file and the one that it names for its voxels; the reader reports one that is missing."""
    try:
        return [part for part in parts_of(path) if part == path or part.is_file()]
    except InputError:
        return [path]
