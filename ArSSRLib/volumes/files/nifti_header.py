"""The header of a NIfTI file of either version: its fields as numbers."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from ...errors import InputError


@dataclass(frozen=True)
class NiftiLayout:
    """Byte offsets and formats of the fields, in one version of the format."""

    length: int
    magic: tuple[int, bytes]
    dim: tuple[int, str]
    datatype: int
    vox_offset: tuple[int, str]
    pixdim: tuple[int, str]
    scaling: tuple[int, str]
    form_codes: tuple[int, str]
    quaternion: tuple[int, str]
    rows: tuple[int, str]
    units: tuple[int, str]


_NIFTI1 = NiftiLayout(
    348, (344, b"n+1\0"), (40, "8h"), 70, (108, "f"), (76, "8f"), (112, "2f"), (252, "2h"),
    (256, "6f"), (280, "12f"), (123, "B"),
)  # fmt: skip
_NIFTI2 = NiftiLayout(
    540, (4, b"n+2\0"), (16, "8q"), 12, (168, "q"), (104, "8d"), (176, "2d"), (344, "2i"),
    (352, "6d"), (400, "12d"), (500, "i"),
)  # fmt: skip


@dataclass(frozen=True)
class NiftiHeader:
    """What a file's first bytes say.

    Attributes:
        name: what error messages call the file.
        content: the bytes.
        layout: where each field is.
        order: ``<`` or ``>``, the byte order as :mod:`struct` writes it.
    """

    name: str
    content: bytes
    layout: NiftiLayout
    order: str

    def numbers(self, field: tuple[int, str]) -> tuple[float, ...]:
        """A field of the layout: where it begins and its format."""
        return struct.unpack_from(self.order + field[1], self.content, field[0])

    @property
    def sizes(self) -> list[int]:
        """Voxels along each of the one to seven axes.

        Raises:
            InputError: another number of axes, or an axis without voxels.
        """
        dim = self.numbers(self.layout.dim)
        count = int(dim[0])
        sizes = [int(n) for n in dim[1 : count + 1]]
        if not 1 <= count <= 7 or any(n < 1 for n in sizes):
            raise InputError(
                f"The header of {self.name} gives the size {tuple(sizes)}; correct the header."
            )
        return sizes

    @property
    def spacing(self) -> list[float]:
        """The distance of voxels along the first three axes, in the file's unit of length."""
        return list(self.numbers(self.layout.pixdim)[1:4])


def read_header(stream: IO[bytes], path: Path) -> NiftiHeader:
    """Reads the beginning of the file ``path`` from a stream.

    Raises:
        InputError: it is no header of NIfTI.
    """
    content = stream.read(_NIFTI2.length)
    for layout in (_NIFTI1, _NIFTI2):
        for order in "<>":
            if len(content) >= layout.length and (
                struct.unpack_from(order + "i", content)[0] == layout.length
            ):
                return NiftiHeader(repr(str(path)), content, layout, order)
    raise InputError(
        f"The file {str(path)!r} is not a NIfTI file or is truncated; copy it again from its "
        "source."
    )
