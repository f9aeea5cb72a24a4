"""Writes a volume's file a few slices at a time, so that it is never in memory twice."""

from __future__ import annotations

import itertools
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
import SimpleITK as sitk

from .written_headers import COMPRESSED_SIZE, metaimage_head, nifti_head, nrrd_head

Slab = npt.NDArray[np.generic]
Chunk = bytes | memoryview

_LEVEL = 4
"""Of zlib: much faster than its default for files a few percent larger."""
_ZLIB, _GZIP = 15, 31
"""How :mod:`zlib` tells the two formats apart."""


def write_slabs(
    path: Path, suffix: str, image: sitk.Image, depth: int, slabs: Iterable[Slab]
) -> None:
    """Writes ``.nii``, ``.nii.gz``, ``.nrrd`` or ``.mha``, all but the first compressed.

    Args:
        path: the file, ending in ``suffix``; beside a ``.nii.gz`` a small one is made for a while.
        suffix: which format.
        image: one slice of the right type, with the volume's grid and header entries.
        depth: slices of the volume.
        slabs: its voxels [k, j, i] of that type, contiguous, some slices at a time.

    Raises:
        RuntimeError, OSError: the file could not be written whole.
    """
    voxels: Iterator[Chunk] = (slab.data for slab in slabs)
    match suffix:
        case ".nii":
            head = nifti_head(image, depth, path)
        case ".nii.gz":
            head = _beside(path, lambda scratch: nifti_head(image, depth, scratch))
            # Here the header is compressed too.
            head, voxels = b"", _packed(itertools.chain([head], voxels), _GZIP)
        case ".nrrd":
            head, voxels = nrrd_head(image, depth, path), _packed(voxels, _GZIP)
        case _:
            head, voxels = metaimage_head(image, depth, path), _packed(voxels, _ZLIB)
    with open(path, "wb") as stream:
        for chunk in itertools.chain([head], voxels):
            stream.write(chunk)
        if suffix == ".mha":
            _tell_compressed_size(stream, head)


def _beside(path: Path, write: Callable[[Path], bytes]) -> bytes:
    """Gives ``write`` a name beside a ``.nii.gz`` to write uncompressed NIfTI to."""
    # SimpleITK does not write to a name that ends in .nii.gz.nii.
    scratch = path.with_name(path.name[: -len(".nii.gz")] + ".raw.nii")
    try:
        return write(scratch)
    finally:
        scratch.unlink(missing_ok=True)


def _packed(chunks: Iterable[Chunk], container: int) -> Iterator[bytes]:
    packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, container)
    for chunk in chunks:
        yield packer.compress(chunk)
    yield packer.flush()


def _tell_compressed_size(stream: BinaryIO, head: bytes) -> None:
    size = stream.tell() - len(head)
    stream.seek(head.index(COMPRESSED_SIZE) + len(COMPRESSED_SIZE))
    stream.write(str(size).encode())
