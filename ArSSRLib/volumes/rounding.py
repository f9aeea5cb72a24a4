"""What float32, in which the work is done, rounds of the values of a file or an array."""

from __future__ import annotations

import numpy as np

from .array_types import Array, FloatArray

_EXACT_INTEGERS = 1 << 24
"""float32 holds integers exactly up to here."""


def rounding_of(
    stored: Array, array: FloatArray, scaling: tuple[float, float] | None = None
) -> str:
    """What was rounded, as part of a sentence; empty where no value was, or none noticeably.

    Scaled integers count as rounded once two neighbouring ones can become equal.

    Args:
        stored: values of any real type, of shape (k, j, i).
        array: the same as float32 intensities.
        scaling: slope and intercept between the two.
    """
    if not stored.size:
        return ""
    integers = stored.dtype.kind in "iu"
    if integers and scaling is None:
        largest = max(-int(stored.min()), int(stored.max()))
        if largest <= _EXACT_INTEGERS:
            return ""
        return f"integers above {_EXACT_INTEGERS} are rounded (single precision)"
    if stored.dtype.itemsize <= array.dtype.itemsize and scaling is None:
        return ""
    slope, intercept = scaling or (1.0, 0.0)
    change = 0.0
    for exact, rounded in zip(stored, array, strict=True):
        wanted = exact.astype(np.float64) * slope + intercept
        change = max(change, float(np.abs(wanted - rounded).max()))
    if change <= (abs(slope) / 4 if integers else 0.0):
        return ""
    return f"values are rounded by up to {change:.2g} (single precision)"
