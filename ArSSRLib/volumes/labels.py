"""Whether a volume is a label map, which interpolation and the network would blur into nonsense."""

from __future__ import annotations

import os
import re
from pathlib import PurePath

import numpy as np

from ..errors import InputError
from .array_types import FloatArray
from .volume import Volume

_NAMES = re.compile(
    r"(?:^|[_.-])(?:dseg|d?seg|aseg|aparc(?:\.a2009s)?\+aseg|wmparc|parc|labels?|labelmap|mask)"
    r"(?:\.seg)?(?:\.nii|\.nii\.gz|\.nrrd|\.nhdr|\.mha|\.mhd|\.mgz|\.mgh|\.hdr|\.img)$",
    re.IGNORECASE,
)
"""Endings that BIDS, FreeSurfer and 3D Slicer give to label maps."""
_MOST_NAMED = 512
_MOST_LABELS = 2048
"""Different values in a label map, at most; FreeSurfer's have about 200."""
_FLAT = 0.6
"""Share of neighbours with one value, inside; 0.9 in label maps, below 0.4 in 8-bit images."""
_FEWEST_VOXELS = 1000
_SAMPLES = 2_000_000


class LabelMapRefused(InputError):
    """A label map where intensities are needed."""


def label_reason(volume: Volume, path: str | os.PathLike[str] = "") -> str:
    """Why a volume is taken for a label map; empty where it is not.

    The header decides, then the name with whole numbers, then flat regions of whole numbers.

    Args:
        volume: as it was read.
        path: its file, whose name is looked at.
    """
    if volume.labels:
        return volume.labels
    values = _whole_numbers(volume.array)
    if values is None:
        return ""
    name = PurePath(path).name
    if 2 <= len(values) <= _MOST_NAMED and _NAMES.search(name):
        return f"it is called {name!r} and holds {len(values)} whole numbers"
    whole = np.dtype(volume.pixel_type).kind in "iu" or len(values) == 2
    if whole and 2 <= len(values) <= _MOST_LABELS and volume.array.size >= _FEWEST_VOXELS:
        share = _flat_share(volume.array)
        if share >= _FLAT:
            return f"it holds {len(values)} whole numbers in flat regions"
    return ""


def refuse_labels(volume: Volume, path: str | os.PathLike[str]) -> None:
    """Refuses a label map where intensities are needed.

    Raises:
        LabelMapRefused: it is one; the message gives the reason why it is taken for one.
    """
    reason = label_reason(volume, path)
    if reason:
        raise LabelMapRefused(
            f"{str(path)!r} is a label map: {reason}. Leave it out, or upsample it with the method "
            "nearest.",
            argument="method",
        )


def _whole_numbers(array: FloatArray) -> FloatArray | None:
    """The different values of an array where all are whole numbers, else None."""
    sample = array.flat[:: max(1, array.size // _SAMPLES)]
    if not np.array_equal(sample, np.rint(sample)):
        return None
    return np.unique(sample)


def _flat_share(array: FloatArray) -> float:
    """Share of neighbours along k, j and i with the same value, among those that are not 0."""
    same = pairs = 0
    for axis in range(3):
        first = np.moveaxis(array, axis, 0)[:-1]
        second = np.moveaxis(array, axis, 0)[1:]
        inside = (first != 0) & (second != 0)
        pairs += int(np.count_nonzero(inside))
        same += int(np.count_nonzero(inside & (first == second)))
    return same / pairs if pairs else 0.0
