"""The intensities of DICOM slices: whole or refused, each with its own type and scaling."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import SimpleITK as sitk

from ....errors import InputError
from ...array_types import Array, FloatArray
from ...rounding import rounding_of
from .slice_header import SliceHeader, read_dataset

_LITTLE_ENDIAN = ("1.2.840.10008.1.2", "1.2.840.10008.1.2.1")
_BIG_ENDIAN = "1.2.840.10008.1.2.2"
_DEFLATED = "1.2.840.10008.1.2.1.99"
_RUN_LENGTH = "1.2.840.10008.1.2.5"
_MOST_OF_RUN_LENGTH = 64
"""Bytes that one byte of a run-length encoding can become."""
_LARGEST_SIDE = 16384
_MOST_PIXELS = 1 << 26
"""Of one compressed slice: a few hundred bytes can claim any size."""


def intensities(slices: Sequence[SliceHeader]) -> tuple[FloatArray, str, str]:
    """The slices as float32 [k, j, i], the pixel type that holds the values of all, the rounding.

    The last is the part of a sentence of :func:`ArSSRLib.volumes.rounding.rounding_of`.

    Raises:
        InputError: a slice is truncated, damaged, in colour or of an unknown type.
    """
    first = slices[0]
    array = np.empty((len(slices), first.rows, first.columns), np.float32)
    rounding = ""
    for k, header in enumerate(slices):
        slope, intercept = header.scaling
        stored = _stored(header)
        with np.errstate(over="ignore", invalid="ignore"):
            array[k] = stored.astype(np.float64) * slope + intercept
            scaling = None if header.scaling == (1.0, 0.0) else header.scaling
            rounding = rounding or rounding_of(stored, array[k], scaling)
    return array, _pixel_type(slices), rounding


def check_pixels(header: SliceHeader) -> None:
    """Refuses by the header alone what is not a slice of one real value per pixel.

    Raises:
        InputError: several slices, colours, or an impossible size or type.
    """
    name = repr(str(header.path))
    if header.frames > 1 or header.enhanced:
        raise InputError(
            f"The DICOM file {name} holds {header.frames} frame(s) of an enhanced (multi-frame) "
            "image; convert it to NIfTI first, for example with dcm2niix."
        )
    if header.samples != 1:
        raise InputError(
            f"The DICOM file {name} has {header.samples} values per pixel (colour); give a series "
            "of grey values."
        )
    sizes = (header.rows, header.columns)
    if header.bits not in (8, 16, 32) or not all(1 <= n <= _LARGEST_SIDE for n in sizes):
        raise InputError(
            f"The DICOM file {name} has {header.rows} rows, {header.columns} columns and "
            f"{header.bits} bits per pixel, which cannot be read here; export the series again."
        )
    if not all(map(math.isfinite, header.scaling)):
        raise InputError(
            f"The DICOM file {name} has a RescaleSlope or RescaleIntercept that is not finite; "
            "export the series again."
        )


def _stored(header: SliceHeader) -> Array:
    """The stored values of a slice [j, i]."""
    if header.syntax in (*_LITTLE_ENDIAN, _BIG_ENDIAN):
        return _native(header)
    if header.syntax == _DEFLATED or header.rows * header.columns > _MOST_PIXELS:
        raise _compressed(header)
    if header.syntax == _RUN_LENGTH:
        return _run_length(header)
    return _by_simpleitk(header)


def _native(header: SliceHeader) -> Array:
    count = header.rows * header.columns
    content = _pixel_bytes(header)
    order = ">" if header.syntax == _BIG_ENDIAN else "<"
    dtype = np.dtype(f"{order}{'i' if header.signed else 'u'}{header.bits // 8}")
    if len(content) < count * dtype.itemsize:
        raise InputError(
            f"The DICOM file {str(header.path)!r} is truncated: {header.rows} × {header.columns} "
            f"pixels need {count * dtype.itemsize} bytes and it holds {len(content)}; export the "
            "series again."
        )
    values = np.frombuffer(content, dtype, count).reshape(header.rows, header.columns)
    return _with_sign(values, header)


def _with_sign(values: Array, header: SliceHeader) -> Array:
    """Extends the sign of values that use fewer bits than they are given."""
    spare = header.bits - header.bits_stored
    wide = values.astype(np.int64)
    if not header.signed or spare <= 0 or int(wide.min()) < 0:
        return values
    half = 1 << (header.bits_stored - 1)
    return np.where(wide >= half, wide - 2 * half, wide)


def _pixel_bytes(header: SliceHeader) -> bytes:
    try:
        return bytes(read_dataset(header.path, pixels=True).PixelData)
    except (OSError, MemoryError):
        raise
    except Exception as error:
        # Damaged files make pydicom raise errors of many kinds.
        raise InputError(
            f"The DICOM file {str(header.path)!r} is damaged or has no pixels; export the series "
            "again."
        ) from error


def _run_length(header: SliceHeader) -> Array:
    bytes_needed = header.rows * header.columns * header.bits // 8
    if len(_pixel_bytes(header)) * _MOST_OF_RUN_LENGTH < bytes_needed:
        raise _compressed(header)
    try:
        values = np.asarray(read_dataset(header.path, pixels=True).pixel_array)
    except (OSError, MemoryError):
        raise
    except Exception as error:
        raise _compressed(header) from error
    if values.shape != (header.rows, header.columns):
        raise _compressed(header)
    return values


def _by_simpleitk(header: SliceHeader) -> Array:
    """Stored values that GDCM decompresses; it applies the scaling, which is undone here."""
    try:
        image = sitk.ReadImage(str(header.path))
    except RuntimeError as error:
        raise _compressed(header) from error
    values = np.squeeze(sitk.GetArrayFromImage(image)).reshape(-1)
    if values.size != header.rows * header.columns:
        raise _compressed(header)
    slope, intercept = header.scaling
    if slope != 0.0 and (slope, intercept) != (1.0, 0.0):
        values = np.rint((values.astype(np.float64) - intercept) / slope)
    return values.reshape(header.rows, header.columns)


def _compressed(header: SliceHeader) -> InputError:
    return InputError(
        f"The DICOM file {str(header.path)!r} is damaged or compressed in an unusual way (transfer "
        f"syntax {header.syntax[:64]}); decompress it first, for example with gdcmconv --raw, or "
        "export the series again."
    )


def _pixel_type(slices: Sequence[SliceHeader]) -> str:
    """The type of results: an integer type that holds all values, or float32.

    For one kind of slices that is the choice of GDCM: the stored type without scaling, else the
    smallest type for the range that whole slopes and intercepts allow.
    """
    scalings = {each.scaling for each in slices}
    kinds = {(each.signed, each.bits) for each in slices}
    if scalings == {(1.0, 0.0)} and len(kinds) == 1:
        ((signed, bits),) = kinds
        return f"{'int' if signed else 'uint'}{bits}"
    if len(scalings) > 1 or not all(float(x).is_integer() for each in scalings for x in each):
        return "float32"
    ranges = [value for each in slices for value in _range(each)]
    lowest, highest = min(ranges), max(ranges)
    types = ("uint8", "uint16", "uint32") if lowest >= 0 else ("int8", "int16", "int32")
    fitting = (t for t in types if np.iinfo(t).min <= lowest and highest <= np.iinfo(t).max)
    return next(fitting, "float32")


def _range(header: SliceHeader) -> tuple[float, float]:
    """The values that a slice can hold."""
    stored = max(1, min(header.bits_stored, header.bits))
    ends = (
        (-(1 << (stored - 1)), (1 << (stored - 1)) - 1) if header.signed else (0, (1 << stored) - 1)
    )
    slope, intercept = header.scaling
    low, high = sorted(slope * end + intercept for end in ends)
    return low, high
