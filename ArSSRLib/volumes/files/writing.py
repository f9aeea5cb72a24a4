"""Writes a volume: it appears complete or not at all, and is never in memory twice."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from ...errors import EnvironmentFault
from ...running.output_files import check_output_place, replacing
from ..volume import Volume, empty_image, slabs_of
from .file_format import format_of
from .names import checked_path, writable_suffix
from .slab_writer import write_slabs

_WRITTEN_VOXELS = 1 << 20


def write_volume(
    volume: Volume,
    path: str | os.PathLike[str],
    overwrite: bool = False,
    last_moment: Callable[[], None] | None = None,
) -> None:
    """Writes a volume; the file appears complete or not at all.

    Args:
        volume: integer pixel types are rounded and clipped to their range.
        path: a file with one of the writable suffixes, in a folder that exists.
        overwrite: whether an existing file may be replaced.
        last_moment: see :func:`ArSSRLib.running.output_files.replacing`.

    Raises:
        InputError: an unsupported suffix, no such folder, or the file exists.
        EnvironmentFault: the disk is full or refuses the file.
    """
    target = Path(path)
    suffix = check_output(path, overwrite)
    fitting = replace(volume, metadata=format_of(suffix).keep(volume.metadata))
    encoding = format_of(suffix).encodings[suffix]
    image = empty_image(fitting, 1)
    with replacing(target, overwrite, suffix, last_moment) as temporary:
        try:
            slabs = slabs_of(volume, _WRITTEN_VOXELS)
            write_slabs(temporary, encoding, image, len(volume.array), slabs)
        except RuntimeError as error:
            raise EnvironmentFault(
                f"The file {str(path)!r} could not be written whole; check the free space and "
                "the rights of its folder."
            ) from error


def check_output(path: str | os.PathLike[str], overwrite: bool) -> str:
    """The suffix of an output volume, once it is certain that it may be written there.

    Raises:
        InputError: an unsupported suffix, no such folder, or the file exists.
    """
    suffix = writable_suffix(checked_path(path, "output"))
    check_output_place(path, overwrite)
    return suffix
