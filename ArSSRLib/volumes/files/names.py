"""Names of volume files: their suffixes, and what a name may not hold."""

from __future__ import annotations

import os
from pathlib import Path

from ...errors import InputError
from ..header_fields import is_text
from . import formats  # noqa: F401 (registers the formats)
from .file_format import format_of, readable_suffixes, writable_suffixes


def readable_suffix(path: Path) -> str:
    """The suffix of a file that can be read, in lower case.

    Raises:
        InputError: the name has none.
    """
    suffix = suffix_in(path.name, readable_suffixes())
    if not suffix:
        raise InputError(
            f"The file {str(path)!r} has no supported ending; use one of "
            f"{', '.join(readable_suffixes())}, or give the folder of a DICOM series."
        )
    return suffix


def writable_suffix(path: Path) -> str:
    """The suffix of a file that can be written, in lower case.

    Raises:
        InputError: the name has none.
    """
    suffix = suffix_in(path.name, writable_suffixes())
    if not suffix:
        raise InputError(
            f"The file {str(path)!r} has no supported ending; use one of "
            f"{', '.join(writable_suffixes())}."
        )
    return suffix


def suffix_in(name: str, suffixes: tuple[str, ...]) -> str:
    """The longest of ``suffixes`` that ends a file name, in lower case; empty for none."""
    lower = name.lower()
    found = (s for s in suffixes if lower.endswith(s) and lower != s)
    return max(found, key=len, default="")


def stem_of(name: str) -> str:
    """A file name without the suffix of a volume; the name of a folder as it is."""
    return name[: len(name) - len(suffix_in(name, readable_suffixes()))]


def result_suffix(name: str) -> str:
    """The suffix of results made from a file of this name, or from a folder.

    NRRD and MetaImage keep their format: NIfTI has no place for their header entries.
    """
    suffix = suffix_in(name, readable_suffixes())
    return format_of(suffix).result_suffix if suffix else ".nii.gz"


def is_volume_name(name: str) -> bool:
    """Whether a file found in a folder counts as a volume: by its suffix, and not hidden.

    Hidden are the ``._`` files of macOS and the parts of a result that is being written.
    """
    return bool(suffix_in(name, readable_suffixes())) and not name.startswith(".")


def parts_of(path: Path) -> list[Path]:
    """The files that belong to a volume file: itself, and one that its header names.

    Raises:
        InputError: the header cannot be read.
        OSError: the file cannot be opened.
    """
    suffix = suffix_in(path.name, readable_suffixes())
    return format_of(suffix).parts(path) if suffix else [path]


def checked_path(path: str | os.PathLike[str], what: str) -> Path:
    """A path that the user named.

    Args:
        path: what was given.
        what: ``input`` or ``output``, for messages.

    Raises:
        InputError: the name is empty, as that of a variable that is not set and which would be the
            current folder, or is not text, for which ITK ends the process.
    """
    if not os.fspath(path):
        raise InputError(f"The name of the {what} is empty; give a file or a folder.")
    if not is_text(str(path)):
        raise InputError(
            f"The name {str(path)!r} holds bytes that are not text; rename the file or its folder, "
            "or use a UTF-8 locale."
        )
    return Path(path)
