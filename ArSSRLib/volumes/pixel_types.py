"""The types that intensities have in files, by the names numpy gives them."""

from __future__ import annotations

import numpy as np
import SimpleITK as sitk

from .array_types import Array, FloatArray


def pixel_type_for(dtype: np.dtype[np.generic]) -> str:
    """The pixel type in which results of an input of ``dtype`` are given back.

    Integers keep their type; every floating type becomes float32, in which the work is done.
    """
    return dtype.name if dtype.kind in "iu" else "float32"


def as_pixel_type(array: FloatArray, pixel_type: str) -> Array:
    """float32 intensities as ``pixel_type``; integers are rounded and clipped to their range."""
    dtype = np.dtype(pixel_type)
    if dtype.kind not in "iu":
        return array.astype(dtype, copy=False)
    limits = np.iinfo(dtype)
    if dtype.itemsize <= 2:
        rounded = np.rint(array)
        np.clip(rounded, limits.min, limits.max, out=rounded)
        return rounded.astype(dtype)
    result = np.rint(array.astype(np.float64))
    # The largest 64-bit integer is not a float; what reaches it is set after the conversion.
    over, under = result >= limits.max, result <= limits.min
    result[over | under] = 0
    whole = result.astype(dtype)
    whole[over], whole[under] = limits.max, limits.min
    return whole


def pixel_id(pixel_type: str) -> int:
    """SimpleITK's number of a type."""
    return int(sitk.GetImageFromArray(np.zeros((1, 1, 1), pixel_type)).GetPixelID())
