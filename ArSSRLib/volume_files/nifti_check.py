"""What SimpleITK does not check in a NIfTI file: that it is whole and that its numbers are sane.

SimpleITK reads a truncated NIfTI file without a word and fills the rest with zeros; it turns NaN
and infinite voxels into zeros; it reads an affine of NaN; and where sform and qform place the
volume differently it picks one silently.
"""

from __future__ import annotations

import gzip
import itertools
import math
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

import numpy as np
import numpy.typing as npt

from ..errors import InputError
from ..grid import Grid
from ..volume import not_finite_message

_CHUNK = 1 << 22
_FLOATS = {16: "f4", 64: "f8"}
"""NIfTI codes of the real floating types."""
_BITS = {1: 1, 2: 8, 4: 16, 8: 32, 16: 32, 32: 64, 64: 64, 128: 24, 256: 8, 512: 16, 768: 32,
         1024: 64, 1280: 64, 1536: 128, 1792: 128, 2048: 256, 2304: 32}  # fmt: skip
"""Bits a voxel of each NIfTI data type."""
_LARGEST_OFFSET = 1 << 40
_LONGEST_TAIL = 1 << 26
"""Bytes that may follow the voxels; a few kilobytes of gzip can hold gigabytes of nothing."""
SPACE_CODE = "nifti_space_code"
"""Header entry, as a volume carries it, with the NIfTI code of the space its grid is in."""
_AGREEMENT_MM = 0.1
"""sform and qform that differ by less anywhere in the volume are taken to agree."""


@dataclass(frozen=True)
class _Layout:
    """Byte offsets and formats of one version of the header."""

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


_NIFTI1 = _Layout(
    348, (344, b"n+1\0"), (40, "8h"), 70, (108, "f"), (76, "8f"), (112, "2f"), (252, "2h"),
    (256, "6f"), (280, "12f"),
)  # fmt: skip
_NIFTI2 = _Layout(
    540, (4, b"n+2\0"), (16, "8q"), 12, (168, "q"), (104, "8d"), (176, "2d"), (344, "2i"),
    (352, "6d"), (400, "12d"),
)  # fmt: skip
_NO_EXTENSIONS = 4
"""Bytes between the header of a file and its voxels, at least."""


@dataclass(frozen=True)
class NiftiPlace:
    """Where a NIfTI file says the volume lies.

    Attributes:
        forms: for sform and qform, as far as they are set, the code of the space (1 scanner,
            2 aligned, 3 Talairach, 4 MNI 152, 5 another template) and the 3×4 affine in RAS mm.
        warning: one sentence when the two disagree, else None.
    """

    forms: tuple[tuple[int, npt.NDArray[np.float64]], ...]
    warning: str | None = None

    def space_code(self, grid: Grid) -> int | None:
        """The code of the form that ``grid`` was read from; None when no form is set."""
        ours = np.diag([-1.0, -1.0, 1.0]) @ np.column_stack([grid.axes, grid.origin])
        distances = [float(np.abs(affine - ours).max()) for _, affine in self.forms]
        return self.forms[int(np.argmin(distances))][0] if self.forms else None


def check_nifti(path: Path, volume_index: int = 0) -> NiftiPlace:
    """Checks a ``.nii`` or ``.nii.gz`` file as far as SimpleITK does not.

    Args:
        path: the file.
        volume_index: the volume of a 4-D file whose voxels must be finite.

    Returns:
        what its affines say.

    Raises:
        InputError: the file is no NIfTI file, is truncated or damaged, its header holds an
            impossible size, scaling or place of the voxels or an affine that is not finite, or
            voxels are not finite.
        OSError: the file cannot be opened.
    """
    opener = gzip.open if path.name.lower().endswith(".gz") else open
    with opener(path, "rb") as stream:
        try:
            header, layout, order = _read_header(cast("IO[bytes]", stream), path)
            _check_magic(path, header, layout)
            _check_spacing(path, header, layout, order)
            _check_scaling(path, header, layout, order)
            _check_voxels(cast("IO[bytes]", stream), path, header, layout, order, volume_index)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise InputError(
                f"The file {str(path)!r} is truncated or damaged; copy it again from its source."
            ) from error
    return _place(path, header, layout, order)


def _read_header(stream: IO[bytes], path: Path) -> tuple[bytes, _Layout, str]:
    header = stream.read(_NIFTI2.length)
    for layout in (_NIFTI1, _NIFTI2):
        for order in "<>":
            if len(header) >= layout.length and (
                struct.unpack_from(order + "i", header)[0] == layout.length
            ):
                return header, layout, order
    raise InputError(
        f"The file {str(path)!r} is not a NIfTI file or is truncated; copy it again from its "
        "source."
    )


def _check_magic(path: Path, header: bytes, layout: _Layout) -> None:
    """Refuses what SimpleITK takes for a file of the older format Analyze, which has no affine."""
    at, magic = layout.magic
    found, wanted = (mark.rstrip(b"\0").decode("latin-1") for mark in
                     (header[at : at + len(magic)], magic))  # fmt: skip
    if found != wanted:
        raise InputError(
            f"The header of {str(path)!r} is marked {found!r} instead of {wanted!r}: it is no "
            "NIfTI file in one piece; convert it to one first, or copy it again from its source."
        )


def _check_scaling(path: Path, header: bytes, layout: _Layout, order: str) -> None:
    """Refuses what SimpleITK silently leaves out; a slope of 0 or NaN means no scaling."""
    slope, intercept = _unpack(header, layout.scaling, order)
    if math.isinf(slope) or (slope and math.isfinite(slope) and not math.isfinite(intercept)):
        raise InputError(
            f"The header of {str(path)!r} scales the voxels by scl_slope {slope:g} and scl_inter "
            f"{intercept:g}, which are not finite; correct the header."
        )


def _check_spacing(path: Path, header: bytes, layout: _Layout, order: str) -> None:
    """Refuses what SimpleITK silently takes for 1 mm."""
    sizes = _sizes(path, header, layout, order)[:3]
    spacing = _unpack(header, layout.pixdim, order)[1 : len(sizes) + 1]
    # The distance of the slices of a single slice means nothing and is often left 0.
    if not all(math.isfinite(s) and s > 0 for s, n in zip(spacing, sizes, strict=True) if n > 1):
        shown = ", ".join(f"{s:g}" for s in spacing)
        raise InputError(
            f"The header of {str(path)!r} gives the voxel spacing ({shown}) mm, which is not all "
            "positive numbers; correct the header."
        )


def _check_voxels(
    stream: IO[bytes], path: Path, header: bytes, layout: _Layout, order: str, volume_index: int
) -> None:
    """Reads on to the end, which for a compressed file also verifies its checksum."""
    sizes = _sizes(path, header, layout, order)
    code, bits = struct.unpack_from(order + "2h", header, layout.datatype)
    item = bits // 8
    if bits < 1 or _BITS.get(code, bits) != bits:
        raise InputError(
            f"The header of {str(path)!r} gives {bits} bits a voxel for the data type {code}; "
            "correct the header."
        )
    offset = _unpack(header, layout.vox_offset, order)[0]
    least = layout.length + _NO_EXTENSIONS
    if not least <= offset < _LARGEST_OFFSET:
        raise InputError(
            f"The header of {str(path)!r} puts the voxels at byte {offset:g}, not at {least} or "
            "after it; correct its vox_offset."
        )
    start = int(offset)
    volume_bytes = math.prod(sizes[:3]) * bits // 8
    needed = start + volume_bytes * math.prod(sizes[3:])
    first = start + volume_bytes * volume_index
    stream.seek(start)
    found, bad = start, 0
    while chunk := stream.read(_CHUNK):
        if code in _FLOATS:
            inside = chunk[max(0, first - found) : max(0, first + volume_bytes - found)]
            whole = len(inside) - len(inside) % item
            values = np.frombuffer(inside[:whole], dtype=order + _FLOATS[code])
            bad += values.size - int(np.count_nonzero(np.isfinite(values)))
        found += len(chunk)
        if found > needed + _LONGEST_TAIL:
            raise InputError(
                f"The file {str(path)!r} goes on long after the {needed} bytes that its header "
                f"{tuple(sizes)} needs; correct the header or copy the file again from its source."
            )
    if found < needed:
        # Seeking goes on past the end of a file, but not of a compressed one.
        held = found if isinstance(stream, gzip.GzipFile) else path.stat().st_size
        raise InputError(
            f"The file {str(path)!r} is truncated: its header {tuple(sizes)} needs {needed} bytes "
            f"and it holds {held}; copy it again from its source."
        )
    if bad:
        raise InputError(not_finite_message(bad, str(path)))


def _sizes(path: Path, header: bytes, layout: _Layout, order: str) -> list[int]:
    dim = _unpack(header, layout.dim, order)
    count = int(dim[0])
    sizes = [int(n) for n in dim[1 : count + 1]]
    if not 1 <= count <= 7 or any(n < 1 for n in sizes):
        raise InputError(
            f"The header of {str(path)!r} gives the size {tuple(sizes)}; correct the header."
        )
    return sizes


def _place(path: Path, header: bytes, layout: _Layout, order: str) -> NiftiPlace:
    qform_code, sform_code = (int(n) for n in _unpack(header, layout.form_codes, order))
    forms: list[tuple[int, npt.NDArray[np.float64]]] = []
    if sform_code > 0:
        rows = np.array(_unpack(header, layout.rows, order), dtype=np.float64)
        forms.append((sform_code, rows.reshape(3, 4)))
    if qform_code > 0:
        forms.append((qform_code, _qform(header, layout, order)))
    if not all(np.isfinite(affine).all() for _, affine in forms):
        raise InputError(
            f"The affine in the header of {str(path)!r} holds numbers that are not finite; "
            "correct its sform or qform."
        )
    if len(forms) < 2:
        return NiftiPlace(tuple(forms))
    last = np.asarray(_unpack(header, layout.dim, order)[1:4]) - 1
    corners = np.array([[*index, 1] for index in itertools.product(*((0, n) for n in last))])
    apart = float(np.abs(corners @ (forms[0][1] - forms[1][1]).T).max())
    if apart <= _AGREEMENT_MM:
        return NiftiPlace(tuple(forms))
    return NiftiPlace(
        tuple(forms),
        f"The sform and the qform of {str(path)!r} place the volume up to {apart:.1f} mm apart; "
        "the one that SimpleITK and 3D Slicer prefer is used, other programs may differ.",
    )


def _qform(header: bytes, layout: _Layout, order: str) -> npt.NDArray[np.float64]:
    """The 3×4 affine of the quaternion (NIfTI-1 standard, method 2)."""
    b, c, d, x, y, z = _unpack(header, layout.quaternion, order)
    pixdim = _unpack(header, layout.pixdim, order)
    a = math.sqrt(max(0.0, 1.0 - (b * b + c * c + d * d)))
    rotation = np.array(
        [
            [a * a + b * b - c * c - d * d, 2 * (b * c - a * d), 2 * (b * d + a * c)],
            [2 * (b * c + a * d), a * a + c * c - b * b - d * d, 2 * (c * d - a * b)],
            [2 * (b * d - a * c), 2 * (c * d + a * b), a * a + d * d - c * c - b * b],
        ]
    )
    steps = np.array(pixdim[1:4]) * [1.0, 1.0, -1.0 if pixdim[0] < 0 else 1.0]
    return np.column_stack([rotation * steps, [x, y, z]])


def _unpack(header: bytes, field: tuple[int, str], order: str) -> tuple[float, ...]:
    return struct.unpack_from(order + field[1], header, field[0])
