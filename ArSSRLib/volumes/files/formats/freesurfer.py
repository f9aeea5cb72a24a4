"""FreeSurfer: ``.mgh`` files and, compressed, ``.mgz`` files.

A header of 284 bytes, then the voxels; all numbers are big-endian
(https://surfer.nmr.mgh.harvard.edu/fswiki/FsTutorial/MghFormat).
"""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np

from ....errors import InputError, errors_naming
from ...grid import Grid, SizeTriple, size_triple, triple
from ..byte_streams import DAMAGED, is_gzip, open_stream
from ..file_format import FileFormat, Header, register
from ..stored_voxels import StoredVoxels

_HEAD_BYTES = 284
_FIELDS = ">7ih15f"
"""Version, four sizes, type, degrees of freedom, flag, voxel size, direction cosines, centre."""
_VERSION = 1
_TYPES = {0: "u1", 1: "i4", 3: "f4", 4: "i2", 10: "u2"}
_CORONAL = (1.0, 1.0, 1.0, -1.0, 0.0, 0.0, 0.0, 0.0, -1.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0)
"""Voxel size, direction and centre where the header says nothing about them."""
_LPS_OF_RAS = np.diag([-1.0, -1.0, 1.0])


def read_header(path: Path) -> Header:
    """See :class:`ArSSRLib.volumes.files.file_format.FileFormat`."""
    compressed = is_gzip(path)
    with open_stream(path, "gzip" if compressed else "") as stream:
        try:
            content = stream.read(_HEAD_BYTES)
        except DAMAGED:
            content = b""
    if len(content) < _HEAD_BYTES:
        raise InputError(
            f"The file {str(path)!r} is truncated or damaged; copy it again from its source."
        )
    version, *sizes, kind, _, known = struct.unpack_from(">7ih", content)
    if version != _VERSION or min(sizes) < 1 or kind not in _TYPES:
        raise InputError(
            f"The file {str(path)!r} is not a FreeSurfer volume or is damaged (version {version}, "
            f"sizes {tuple(sizes)}, type {kind}); copy it again from its source."
        )
    size = size_triple(sizes[:3])
    stored = StoredVoxels(path, path, np.dtype(">" + _TYPES[kind]), size, sizes[3])
    voxels = stored.behind(_HEAD_BYTES, compressed)
    numbers = struct.unpack_from(_FIELDS, content)[8:] if known else _CORONAL
    with errors_naming(str(path)):
        grid = _grid(size, numbers)
    unknown = f"{str(path)!r} does not define the orientation; viewers may show it flipped."
    return Header(grid, voxels, sizes[3], warnings=() if known else (unknown,))


def _grid(size: SizeTriple, numbers: tuple[float, ...]) -> Grid:
    spacing, cosines, centre = numbers[:3], np.reshape(numbers[3:12], (3, 3)).T, numbers[12:]
    with np.errstate(over="ignore", invalid="ignore"):
        first = np.array(centre) - (cosines * spacing) @ (np.array(size) / 2.0)
        direction = tuple((_LPS_OF_RAS @ cosines).ravel().tolist())
        origin = triple(_LPS_OF_RAS @ first)
    return Grid(size, triple(spacing), origin, direction)


register(FileFormat("FreeSurfer", (".mgh", ".mgz"), read_header))
