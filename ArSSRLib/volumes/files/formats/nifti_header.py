"""The header of a NIfTI file of either version: its fields as numbers, checked."""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ....errors import InputError
from ..byte_streams import DAMAGED, is_gzip, open_stream


@dataclass(frozen=True)
class NiftiLayout:
    """Byte offsets and formats of the fields, in one version of the format."""

    length: int
    magic: int
    single_file: bytes
    pair: bytes
    dim: tuple[int, str]
    datatype: int
    vox_offset: tuple[int, str]
    pixdim: tuple[int, str]
    scaling: tuple[int, str]
    form_codes: tuple[int, str]
    quaternion: tuple[int, str]
    rows: tuple[int, str]
    units: tuple[int, str]
    display: tuple[int, str]
    dim_info: tuple[int, str]
    intent: tuple[int, str]
    intent_code: tuple[int, str]
    intent_name: int
    description: int


NIFTI1 = NiftiLayout(
    length=348, magic=344, single_file=b"n+1\0", pair=b"ni1\0", dim=(40, "8h"), datatype=70,
    vox_offset=(108, "f"), pixdim=(76, "8f"), scaling=(112, "2f"), form_codes=(252, "2h"),
    quaternion=(256, "6f"), rows=(280, "12f"), units=(123, "B"), display=(124, "2f"),
    dim_info=(39, "B"), intent=(56, "3f"), intent_code=(68, "h"), intent_name=328, description=148,
)  # fmt: skip
NIFTI2 = NiftiLayout(
    length=540, magic=4, single_file=b"n+2\0", pair=b"ni2\0", dim=(16, "8q"), datatype=12,
    vox_offset=(168, "q"), pixdim=(104, "8d"), scaling=(176, "2d"), form_codes=(344, "2i"),
    quaternion=(352, "6d"), rows=(400, "12d"), units=(500, "i"), display=(192, "2d"),
    dim_info=(524, "B"), intent=(80, "3d"), intent_code=(504, "i"), intent_name=508,
    description=240,
)  # fmt: skip
NAME_BYTES, DESCRIPTION_BYTES = 16, 80
"""Room for the name of the intent and for the description."""
LABEL_INTENT = 1002

_TYPES = {
    2: "u1", 4: "i2", 8: "i4", 16: "f4", 64: "f8", 256: "i1", 512: "u2", 768: "u4", 1024: "i8",
    1280: "u8",
}  # fmt: skip
"""Codes of the real types of one to eight bytes."""
_OTHER_TYPES = {
    1: ("holds single bits", 1), 32: ("is complex", 64), 1792: ("is complex", 128),
    2048: ("is complex", 256), 128: ("has colours", 24), 2304: ("has colours", 32),
    1536: ("has numbers of 128 bits", 128),
}  # fmt: skip
_LARGEST_OFFSET = 1 << 40
_EXTENSION_FLAG_BYTES = 4
"""Between the header of a single file and its voxels, at least."""


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

    def text(self, start: int, length: int) -> str:
        """A text field; what is not UTF-8 in it is left out."""
        return self.content[start : start + length].partition(b"\0")[0].decode(errors="ignore")

    @property
    def magic(self) -> bytes:
        """The bytes that tell a single file from the header of a pair."""
        start = self.layout.magic
        return self.content[start : start + len(self.layout.single_file)]

    @property
    def is_pair(self) -> bool:
        """Whether the voxels are in an ``.img`` file beside the header."""
        return self.magic == self.layout.pair

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
    def dtype(self) -> np.dtype[np.generic]:
        """The type of the stored values, with their byte order.

        Raises:
            InputError: no real type, or a number of bits that does not fit it.
        """
        code, bits = (int(n) for n in self.numbers((self.layout.datatype, "2h")))
        kind = _TYPES.get(code)
        wanted = 8 * int(kind[1]) if kind else _OTHER_TYPES.get(code, ("", bits))[1]
        if bits < 1 or bits != wanted:
            raise InputError(
                f"The header of {self.name} gives {bits} bits per voxel for the data type {code}; "
                "correct the header."
            )
        if kind is None:
            what = _OTHER_TYPES.get(code, (f"has the data type {code}, which NIfTI does not know",))
            raise InputError(
                f"The volume {self.name} {what[0]}; save one real value per voxel first, for "
                "example the magnitude."
            )
        return np.dtype(self.order + kind)

    @property
    def scaling(self) -> tuple[float, float] | None:
        """Slope and intercept of the stored values; a slope of 0 or NaN means none.

        Raises:
            InputError: a slope or an intercept that is not finite.
        """
        slope, intercept = self.numbers(self.layout.scaling)
        if slope == 0.0 or math.isnan(slope):
            return None
        if not (math.isfinite(slope) and math.isfinite(intercept)):
            raise InputError(
                f"The header of {self.name} scales the voxels by scl_slope {slope:g} and scl_inter "
                f"{intercept:g}, which are not finite; correct the header."
            )
        return None if (slope, intercept) == (1.0, 0.0) else (slope, intercept)

    @property
    def voxel_offset(self) -> int:
        """Byte at which the voxels begin.

        Raises:
            InputError: a place that no file has.
        """
        offset = self.numbers(self.layout.vox_offset)[0]
        least = 0 if self.is_pair else self.layout.length + _EXTENSION_FLAG_BYTES
        if not least <= offset < _LARGEST_OFFSET:
            raise InputError(
                f"The header of {self.name} puts the voxels at byte {offset:g}, not at {least} or "
                "after it; correct its vox_offset."
            )
        return int(offset)

    @property
    def entries(self) -> dict[str, str]:
        """The fields that hold on any grid, by the names SimpleITK gives them."""
        layout = self.layout
        highest, lowest = self.numbers(layout.display)
        numbers = {
            "cal_max": highest, "cal_min": lowest, "dim_info": self.numbers(layout.dim_info)[0],
            "intent_code": self.numbers(layout.intent_code)[0],
            **{f"intent_p{n + 1}": p for n, p in enumerate(self.numbers(layout.intent))},
        }  # fmt: skip
        entries = {key: f"{value:.9g}" for key, value in numbers.items() if value}
        entries["intent_name"] = self.text(layout.intent_name, NAME_BYTES)
        entries["descrip"] = self.text(layout.description, DESCRIPTION_BYTES)
        return {key: value for key, value in entries.items() if value}


def read_nifti_header(path: Path) -> NiftiHeader:
    """Reads the beginning of a file, compressed or not.

    Raises:
        InputError: it is not the header of a NIfTI file.
        OSError: the file cannot be opened.
    """
    name = repr(str(path))
    with open_stream(path, "gzip" if is_gzip(path) else "") as stream:
        try:
            content = stream.read(NIFTI2.length)
        except DAMAGED as error:
            raise InputError(
                f"The file {name} is truncated or damaged; copy it again from its source."
            ) from error
    for layout in (NIFTI1, NIFTI2):
        for order in "<>":
            if len(content) >= layout.length and (
                struct.unpack_from(order + "i", content)[0] == layout.length
            ):
                header = NiftiHeader(name, content, layout, order)
                _check_magic(header)
                return header
    raise InputError(
        f"The file {name} is not a NIfTI file or is truncated; copy it again from its source."
    )


def _check_magic(header: NiftiHeader) -> None:
    """Refuses the older format Analyze 7.5, which does not define the orientation."""
    if header.magic not in (header.layout.single_file, header.layout.pair):
        found, wanted = (
            mark.rstrip(b"\0").decode("latin-1")
            for mark in (header.magic, header.layout.single_file)
        )
        raise InputError(
            f"The header of {header.name} has the magic {found!r}, expected {wanted!r}: it is not "
            "NIfTI, perhaps Analyze 7.5; convert it to NIfTI first."
        )
