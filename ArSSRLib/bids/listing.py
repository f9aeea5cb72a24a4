"""Lists a dataset's folders; a folder that cannot be read is an error, not skipped."""

from __future__ import annotations

import os
from fnmatch import fnmatchcase
from pathlib import Path

from ..errors import InputError


def listed(folder: Path, pattern: str) -> list[Path]:
    """The entries of a folder whose name matches, sorted; none if the folder does not exist.

    ``Path.glob`` would silently skip folders that may not be read.

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
