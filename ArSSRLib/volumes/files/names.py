"""Names of volume files: the endings that are read and written, and what no name may hold."""

from __future__ import annotations

from pathlib import Path

from ...errors import InputError
from ..header_fields import is_text

READABLE_SUFFIXES = (".nii", ".nii.gz", ".nrrd", ".nhdr", ".mha", ".mhd")
WRITABLE_SUFFIXES = (".nii", ".nii.gz", ".nrrd", ".mha")


def suffix_of(path: Path, allowed: tuple[str, ...]) -> str:
    """The one of ``allowed`` that ends the file name, in lower case.

    Raises:
        InputError: none does.
    """
    name = path.name.lower()
    for suffix in sorted(allowed, key=len, reverse=True):
        if name.endswith(suffix) and name != suffix:
            return suffix
    raise InputError(
        f"The file {str(path)!r} has no supported ending; use one of {', '.join(allowed)}"
        + (", or give the folder of a DICOM series." if ".mhd" in allowed else ".")
    )


def check_name(path: Path) -> None:
    """Refuses a name that is no text: ITK ends the whole process over it."""
    if not is_text(str(path)):
        raise InputError(
            f"The name {str(path)!r} holds bytes that are not text; rename the file or its folder, "
            "or use a UTF-8 locale."
        )
