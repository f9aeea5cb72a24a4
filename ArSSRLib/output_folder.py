"""Makes the folder that a command's outputs go to, or says in one sentence why it cannot."""

from __future__ import annotations

from pathlib import Path

from .errors import InputError


def make_output_folder(
    folder: Path, called: str = "output folder", remedy: str = "name another"
) -> None:
    """Makes a folder, with those above it; one that is there already stays as it is.

    Args:
        folder: the one to make.
        called: what the sentence calls it.
        remedy: how the sentence ends.

    Raises:
        InputError: the system does not let it be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"The {called} {str(folder)!r} cannot be made ({error.strerror}); {remedy}."
        ) from error
