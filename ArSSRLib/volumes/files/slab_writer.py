"""Writes a volume's file a few slices at a time, so that it is never in memory twice."""

from __future__ import annotations

import itertools
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
import SimpleITK as sitk

from .file_format import Encoding

Slab = npt.NDArray[np.generic]
Chunk = bytes | memoryview

_LEVEL = 4
"""Of zlib: much faster than its default for files a few percent larger."""
_CONTAINERS = {"zlib": 15, "gzip": 31}
"""How :mod:`zlib` tells the two formats apart."""


def write_slabs(
    path: Path, encoding: Encoding, image: sitk.Image, depth: int, slabs: Iterable[Slab]
) -> None:
    """Writes a file: its header, then its voxels, which are compressed as the encoding says.

    Args:
        path: the file; a small one may be made beside it for a moment.
        encoding: of the format.
        image: one slice of the right type, with the volume's grid and header entries.
        depth: slices of the volume.
        slabs: its voxels [k, j, i] of that type, contiguous, some slices at a time.

    Raises:
        RuntimeError, OSError: the file could not be written whole.
    """
    voxels: Iterator[Chunk] = (slab.data for slab in slabs)
    head = encoding.head(image, depth, path)
    if encoding.whole:
        head, voxels = b"", itertools.chain([head], voxels)
    if encoding.compression:
        voxels = _compressed(voxels, _CONTAINERS[encoding.compression])
    with open(path, "wb") as stream:
        for chunk in itertools.chain([head], voxels):
            stream.write(chunk)
        if encoding.size_after:
            _write_compressed_size(stream, head, encoding.size_after)


def _compressed(chunks: Iterable[Chunk], container: int) -> Iterator[bytes]:
    compressor = zlib.compressobj(_LEVEL, zlib.DEFLATED, container)
    for chunk in chunks:
        yield compressor.compress(chunk)
    yield compressor.flush()


def _write_compressed_size(stream: BinaryIO, head: bytes, after: bytes) -> None:
    size = stream.tell() - len(head)
    stream.seek(head.index(after) + len(after))
    stream.write(str(size).encode())
