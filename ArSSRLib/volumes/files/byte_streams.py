"""Bytes of a file in the order in which they are read, decompressed where that is needed.

Nothing here trusts a header: memory is asked for once it is certain that the file can hold that
much, and a compressed stream is read to its end so that its checksum is compared.
"""

from __future__ import annotations

import bz2
import io
import zlib
from pathlib import Path
from typing import IO, Literal, cast

Compression = Literal["", "gzip", "zlib", "bzip2"]

GZIP_MAGIC = b"\x1f\x8b"
MOST_INFLATION = 1100
"""A deflate stream of n bytes holds at most 1032 n bytes."""
DAMAGED = (EOFError, zlib.error)
"""What reading a damaged stream raises, beside OSError for bzip2."""
GZIP_LENGTHS = 1 << 32
"""A gzip stream ends with its length modulo this number."""
_CHUNK = 1 << 20
_GZIP_OR_ZLIB = 47
"""For :mod:`zlib`: take either container, by its first bytes."""


class InflatedStream(io.RawIOBase):
    """Decompresses gzip and zlib streams; what follows the end of the stream is left alone.

    Several gzip streams one after the other count as one, as ``gzip`` itself reads them.
    :mod:`gzip` refuses a file with trailing bytes, which some programs and transfers leave.
    """

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._inflater = zlib.decompressobj(_GZIP_OR_ZLIB)
        self._waiting = b""
        self._ended = False

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, target: memoryview) -> int:  # type: ignore[override]
        """Fills as much of ``target`` as one step gives; 0 at the end of the stream.

        Raises:
            EOFError: the file ends within the stream.
            zlib.error: the stream is damaged.
        """
        while not self._ended and len(target):
            if not self._waiting:
                self._waiting = self._stream.read(_CHUNK)
                if not self._waiting:
                    raise EOFError("the compressed stream ends early")
            content = self._inflater.decompress(self._waiting, len(target))
            self._waiting = self._inflater.unconsumed_tail
            if self._inflater.eof:
                self._next_stream()
            if content:
                target[: len(content)] = content
                return len(content)
        return 0

    def _next_stream(self) -> None:
        rest = self._inflater.unused_data
        if len(rest) < len(GZIP_MAGIC):
            rest += self._stream.read(_CHUNK)
        self._ended = not rest.startswith(GZIP_MAGIC)
        self._waiting = rest
        self._inflater = zlib.decompressobj(_GZIP_OR_ZLIB)


def open_stream(path: Path, compression: Compression, offset: int = 0) -> IO[bytes]:
    """The bytes of a file from ``offset`` on, decompressed.

    Raises:
        OSError: the file cannot be opened.
    """
    stream = open(path, "rb")  # noqa: SIM115 (closed by whoever closes what is returned)
    stream.seek(offset)
    if compression == "bzip2":
        return cast("IO[bytes]", bz2.BZ2File(stream))
    if compression:
        return cast("IO[bytes]", io.BufferedReader(InflatedStream(stream), _CHUNK))
    return stream


def is_gzip(path: Path) -> bool:
    """Whether a file begins as gzip does, by its content and not by its name.

    Raises:
        OSError: the file cannot be opened.
    """
    with open(path, "rb") as stream:
        return stream.read(len(GZIP_MAGIC)) == GZIP_MAGIC


def length_at_end(path: Path) -> int:
    """The decompressed length, modulo :data:`GZIP_LENGTHS`, that a gzip file ends with.

    Raises:
        OSError: the file cannot be opened or is shorter than that.
    """
    with open(path, "rb") as stream:
        stream.seek(-4, io.SEEK_END)
        return int.from_bytes(stream.read(), "little")


def fill(stream: IO[bytes], target: memoryview) -> int:
    """Reads until ``target`` is full or the stream ends; returns the number of bytes."""
    done = 0
    while done < len(target):
        count = cast("io.BufferedReader", stream).readinto(target[done : done + _CHUNK])
        if not count:
            break
        done += count
    return done


def skip(stream: IO[bytes], count: int) -> int:
    """Reads ``count`` bytes, or what there is, and returns how many there were."""
    done = 0
    while done < count:
        piece = stream.read(min(_CHUNK, count - done))
        if not piece:
            break
        done += len(piece)
    return done
