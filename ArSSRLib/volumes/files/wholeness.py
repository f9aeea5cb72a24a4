"""Whether a file that was written earlier is still whole: an interrupted copy leaves a part."""

from __future__ import annotations

from pathlib import Path

from ...errors import InputError
from .file_format import format_of
from .names import readable_suffix


def is_whole(path: Path) -> bool:
    """Whether a volume file holds as many voxels as its header promises.

    Lengths tell, so sound files are not decompressed. A file that cannot be opened counts as whole:
    nothing is known against it.
    """
    try:
        return format_of(readable_suffix(path)).read_header(path).voxels.is_whole()
    except InputError:
        return False
    except OSError:
        return True
