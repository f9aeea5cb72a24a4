"""Keeps SimpleITK from reading the wrong file.

Asked for ``a.nii.gz`` in a folder that holds ``a.nii`` too, the NIfTI library inside SimpleITK
takes the header of the first and the voxels of the second.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ...running.leftovers import scratch_folder

_COMPRESSED = ".nii.gz"


@contextmanager
def undisturbed(path: Path) -> Iterator[Path]:
    """A path under which SimpleITK reads ``path`` itself: usually that very path.

    Args:
        path: any volume file.

    Yields:
        the path, or a link to it in an empty folder for as long as the block lasts.
    """
    if not path.name.lower().endswith(_COMPRESSED) or not _has_namesake(path):
        yield path
        return
    with scratch_folder() as folder:
        link = folder / f"volume{_COMPRESSED}"
        try:
            os.symlink(path.absolute(), link)
        except OSError:
            # Windows lets not everybody make links.
            shutil.copyfile(path, link)
        yield link


def _has_namesake(path: Path) -> bool:
    stem = path.name[: -len(_COMPRESSED)]
    return any((path.parent / (stem + ending)).exists() for ending in (".nii", ".NII", ".Nii"))
