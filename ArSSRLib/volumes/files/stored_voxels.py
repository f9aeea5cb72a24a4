"""Voxels that lie in a file from some byte on, read whole or refused."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

import numpy as np

from ...errors import InputError, NotEnoughMemory
from ..array_types import Array
from ..grid import SizeTriple
from .byte_streams import (
    DAMAGED,
    GZIP_LENGTHS,
    MOST_INFLATION,
    Compression,
    fill,
    length_at_end,
    open_stream,
    skip,
)

LONGEST_TAIL = 1 << 26
"""Bytes that may follow the voxels; a few kilobytes of gzip can hold gigabytes of nothing."""
_TEXT_BYTES = 64
"""Of one number in a file of numbers as text, at most on average."""


@dataclass(frozen=True)
class StoredVoxels:
    """Where and how a file keeps its voxels.

    Attributes:
        path: the file that holds the voxels.
        header: the file whose header describes them, which messages name; usually the same.
        dtype: type and byte order of a stored value.
        size: voxels of one volume along (i, j, k).
        volumes: number of volumes.
        interleaved: whether the values of one voxel in all volumes lie beside each other; usually
            one volume follows the other.
        offset: byte of the file at which its (compressed) voxels begin.
        compression: of the file from ``offset`` on.
        skipped: bytes in front of the voxels within the decompressed stream.
        text: whether the values are written as text, with spaces between them.
        tail: bytes that may follow the voxels.
    """

    path: Path
    header: Path
    dtype: np.dtype[np.generic]
    size: SizeTriple
    volumes: int = 1
    interleaved: bool = False
    offset: int = 0
    compression: Compression = ""
    skipped: int = 0
    text: bool = False
    tail: int = LONGEST_TAIL

    def behind(self, header_bytes: int, compressed: bool) -> StoredVoxels:
        """The same behind a header of so many bytes, which gzip has compressed with them or not."""
        if compressed:
            return replace(self, compression="gzip", skipped=header_bytes)
        return replace(self, offset=header_bytes)

    @property
    def length(self) -> int:
        """Bytes of all volumes."""
        return math.prod(self.size) * self.volumes * self.dtype.itemsize

    def read(self, index: int) -> Array:
        """See :class:`ArSSRLib.volumes.files.file_format.Voxels`."""
        try:
            self._check_room()
            with open_stream(self.path, self.compression, self.offset) as stream:
                return self._read_text(stream, index) if self.text else self._read(stream, index)
        except MemoryError as error:
            raise NotEnoughMemory(
                f"There is not enough memory for {str(self.header)!r} of {self._shape} voxels"
            ) from error
        except DAMAGED as error:
            raise self._truncated_or_damaged() from error
        except OSError as error:
            if error.errno is None:
                # What bz2 raises for a damaged stream.
                raise self._truncated_or_damaged() from error
            raise InputError(
                f"The file {str(self.path)!r} cannot be read ({error.strerror or error}); check "
                "its permissions and its disk."
            ) from error

    def is_whole(self) -> bool:
        """See :class:`ArSSRLib.volumes.files.file_format.Voxels`."""
        held = self.path.stat().st_size - self.offset
        if not self.compression and not self.text:
            return held - self.skipped >= self.length
        if self.compression == "gzip" and (
            length_at_end(self.path) == (self.skipped + self.length) % GZIP_LENGTHS
        ):
            return True
        # Other streams do not say how long they are, or something follows this one.
        try:
            for index in range(self.volumes):
                self.read(index)
        except InputError:
            return False
        return True

    @property
    def _shape(self) -> tuple[int, ...]:
        return self.size if self.volumes == 1 else (*self.size, self.volumes)

    def _check_room(self) -> None:
        """Refuses a file that is too small before memory for its voxels is asked for."""
        held = self.path.stat().st_size - self.offset
        match self.compression:
            case "" if not self.text:
                self._check_length(held - self.skipped)
            case "gzip" | "zlib" if held * MOST_INFLATION < self.length:
                raise self._truncated(f"at most {held * MOST_INFLATION}")

    def _check_length(self, found: int) -> None:
        if found < self.length:
            raise self._truncated(str(max(0, found)))
        if found > self.length + self.tail:
            raise InputError(
                f"The file {str(self.path)!r} continues long after the {self.length} bytes that "
                f"its header {self._shape} needs; correct the header, or copy the file again from "
                "its source."
            )

    def _read(self, stream: IO[bytes], index: int) -> Array:
        width, height, depth = self.size
        each = self.length // self.volumes
        before = 0 if self.interleaved else each * index
        voxels = np.empty(
            (depth, height, width, *([self.volumes] if self.interleaved else [])), self.dtype
        )
        found = skip(stream, self.skipped + before) - self.skipped
        if found == before:
            found += fill(stream, voxels.reshape(-1).view(np.uint8).data)
        if self.compression:
            # To the end, so that the checksum of the stream is compared.
            found += skip(stream, self.length + self.tail + 1 - found)
            self._check_length(found)
        return voxels[..., index] if self.interleaved else voxels

    def _read_text(self, stream: IO[bytes], index: int) -> Array:
        count = math.prod(self.size) * self.volumes
        words = stream.read(count * _TEXT_BYTES).split()
        if len(words) < count:
            raise InputError(
                f"The file {str(self.path)!r} is truncated: its header {self._shape} needs {count} "
                f"numbers and it holds {len(words)}; copy it again from its source."
            )
        try:
            values = np.array(words[:count]).astype(self.dtype)
        except ValueError as error:
            raise InputError(
                f"The file {str(self.path)!r} holds words that are not numbers of the type "
                f"{self.dtype.name}; copy it again from its source."
            ) from error
        axes = tuple(reversed(self.size))
        if self.interleaved:
            return values.reshape(*axes, self.volumes)[..., index]
        return values.reshape(self.volumes, *axes)[index]

    def _truncated(self, found: str) -> InputError:
        return InputError(
            f"The file {str(self.path)!r} is truncated: its header {self._shape} needs "
            f"{self.length} bytes and it holds {found}; copy it again from its source."
        )

    def _truncated_or_damaged(self) -> InputError:
        return InputError(
            f"The file {str(self.path)!r} is truncated or damaged; copy it again from its source."
        )
