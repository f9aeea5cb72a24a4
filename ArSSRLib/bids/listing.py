"""What lies in a dataset's folders; one that cannot be read is told of, not passed over."""

from __future__ import annotations

import os
from fnmatch import fnmatchcase
from pathlib import Path

from ..errors import InputError


def listed(folder: Path, pattern: str) -> list[Path]:
    """What lies in a folder and has a fitting name, sorted; nothing when there is no such folder.

    ``Path.glob`` would leave out without a word what may not be read.

    Args:
        folder: the folder.
        pattern: with ``*`` and ``?``, as in a shell.

    Raises:
        InputError: the folder cannot be read.
    """
    try:
        with os.scandir(folder) as entries:
            names = [entry.name for entry in entries if fnmatchcase(entry.name, pattern)]
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise InputError(
            f"The folder {str(folder)!r} cannot be read ({error.strerror}); check its rights."
        ) from error
    return [folder / name for name in sorted(names)]
