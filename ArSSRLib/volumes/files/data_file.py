"""The file that a header keeps its voxels in, where that is not the header's own.

An ``.mhd`` or ``.nhdr`` file can name anything: a pipe that never ends, a device, a pattern of many
files, or itself.
"""

from __future__ import annotations

from pathlib import Path

from ...errors import InputError


def check_data_file(header: Path, named: str) -> None:
    """Refuses a file of voxels that cannot be read like a file.

    Args:
        header: the file that names it.
        named: the name, relative to the folder of ``header``, or absolute.

    Raises:
        InputError: it is missing, is a pipe, a device, a folder or the header itself, or there are
            several.
    """
    if "%" in named or named.split()[:1] == ["LIST"]:
        raise InputError(
            f"The header {str(header)!r} keeps its voxels in several files ({named!r}); save the "
            "volume as one .nrrd, .mha or .nii.gz file first."
        )
    path = header.parent / named
    try:
        missing, is_file = not path.exists(), path.is_file()
    except (OSError, ValueError):
        missing, is_file = True, False
    if missing:
        raise InputError(
            f"The file {named!r}, in which {str(header)!r} keeps its voxels, is missing; put it "
            "back beside the header, or copy both again from their source."
        )
    if is_file and path.samefile(header):
        raise InputError(
            f"The header {str(header)!r} names itself as its data file; copy it again from "
            "its source."
        )
    if not is_file:
        raise InputError(
            f"The header {str(header)!r} names {named!r} as its data file, but that is a folder, "
            "a pipe or a device; name a file."
        )
