"""The volumes of an evaluation with their names in the report, and where their masks are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from ...errors import InputError
from ...volumes.files.names import stem_of
from ...volumes.files.search import VolumeFile, find_files


def find_volumes(source: Path) -> dict[str, VolumeFile]:
    """The volumes of an evaluation, by the name they have in the report.

    Args:
        source: a folder, a list or one volume, see
            :func:`ArSSRLib.volumes.files.search.find_files`.

    Raises:
        InputError: there is no such folder, nothing readable in it, or two volumes would have the
            same name.
    """
    found: dict[str, VolumeFile] = {}
    for file in dict.fromkeys(find_files([source])):
        name = stem_of(file.name).replace("/", "_")
        if name in found:
            raise InputError(
                f"{str(found[name].path)!r} and {str(file.path)!r} would both be called {name!r} "
                "in the report; rename one, or name the volumes you want in a list (.txt, one "
                "path per line)."
            )
        found[name] = file
    return found


def mask_files(masks: Path, volumes: Mapping[str, VolumeFile]) -> dict[str, Path]:
    """Where the mask of each volume is expected, whether it is there or not.

    That is the volume's own place in the folder of masks, with its subfolders. A mask directly in
    that folder counts as long as no other volume has its file name.

    Args:
        masks: folder of the masks.
        volumes: see :func:`find_volumes`.
    """
    same_name = Counter(file.path.name for file in volumes.values())
    found = {}
    for name, file in volumes.items():
        mirrored, bare = masks / file.name, masks / file.path.name
        by_name = same_name[file.path.name] == 1 and bare.is_file() and not mirrored.is_file()
        found[name] = bare if by_name else mirrored
    return found
