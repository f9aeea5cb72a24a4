"""The text of a NRRD header: its lines, up to the voxels.

``NRRD0001`` to ``NRRD0006``, then lines ``field: value`` and ``key:=value`` up to an empty line or,
where the voxels are in another file, to the end (https://teem.sourceforge.net/nrrd/format.html). It
is read here and not by ITK, whose reader can be crashed by long lines.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ....errors import InputError

_MAGIC = re.compile(rb"NRRD000[1-6]\s*\Z")
LARGEST_HEADER = 1 << 20
_FIELDS = frozenset((
    "axis maxs", "axis mins", "axismaxs", "axismins", "block size", "blocksize", "byte skip",
    "byteskip", "centerings", "centers", "content", "data file", "datafile", "dimension",
    "encoding", "endian", "kinds", "labels", "line skip", "lineskip", "max", "measurement frame",
    "min", "number", "old max", "old min", "oldmax", "oldmin", "sample units", "sampleunits",
    "sizes", "space", "space dimension", "space directions", "space origin", "space units",
    "spacings", "thicknesses", "type", "units",
))  # fmt: skip
_ESCAPES = re.compile(r"\\(\\|n)")


@dataclass(frozen=True)
class HeaderText:
    """The header as text.

    Attributes:
        name: what messages call the file.
        fields: values by field, in lower case.
        entries: values of the lines ``key:=value``.
        length: bytes up to and including the empty line.
    """

    name: str
    fields: Mapping[str, str]
    entries: Mapping[str, str]
    length: int

    def get(self, *names: str) -> str:
        """The value of a field, which may have several spellings; empty where it is missing."""
        return next((self.fields[name] for name in names if name in self.fields), "")

    def error(self, what: str) -> InputError:
        """A sentence about the header."""
        return InputError(f"The header of {self.name} {what}; correct it or copy the file again.")


def read_text(path: Path) -> HeaderText:
    """The header of a ``.nrrd`` or ``.nhdr`` file.

    Raises:
        InputError: another kind of file, a damaged header, or one that does not end.
    """
    name = repr(str(path))
    with open(path, "rb") as stream:
        content = stream.read(LARGEST_HEADER)
        complete = len(content) < LARGEST_HEADER
    lines, length = _header_lines(content)
    if not lines or not _MAGIC.match(lines[0]):
        raise InputError(
            f"The file {name} is not a NRRD file or is damaged; copy it again from its source."
        )
    if not length and not complete:
        raise InputError(
            f"The header of {name} does not end within {LARGEST_HEADER} bytes; the file is "
            "damaged, copy it again from its source."
        )
    text = _parsed(name, lines[1:], length)
    if not length and not text.get("data file", "datafile"):
        raise InputError(
            f"The file {name} is truncated: its header does not end; copy it again from its source."
        )
    return text


def _header_lines(content: bytes) -> tuple[list[bytes], int]:
    """The lines up to the empty one, and the bytes up to and with it; 0 bytes without one."""
    lines: list[bytes] = []
    start = 0
    while (end := content.find(b"\n", start)) >= 0:
        line = content[start:end].removesuffix(b"\r")
        start = end + 1
        if not line:
            return lines, start
        lines.append(line)
    return [*lines, content[start:]] if content[start:] else lines, 0


def _parsed(name: str, lines: Sequence[bytes], length: int) -> HeaderText:
    fields: dict[str, str] = {}
    entries: dict[str, str] = {}
    for line in lines:
        words = line.decode("utf-8", "surrogateescape")
        if words.startswith("#"):
            continue
        key, separator, value = words.partition(":")
        if value.startswith("="):
            entries[key] = _ESCAPES.sub(lambda m: "\n" if m[1] == "n" else "\\", value[1:])
            continue
        field = key.strip().lower()
        if not separator or field not in _FIELDS or field in fields:
            raise InputError(
                f"The header of {name} has the line {words[:40]!r}, which is not a field of NRRD "
                "or appears twice; correct it or copy the file again."
            )
        fields[field] = value.strip()
    return HeaderText(name, fields, entries, length)
