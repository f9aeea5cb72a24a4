"""Whether the slices of a DICOM series are one even stack; ITK stacks whatever it is given.

ITK takes direction and pixel size from the first slice and the slice distance from the first and
the last, takes 1 mm for a pixel size that is missing, and stretches a stack over a gap.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ...errors import InputError

_POSITION, _ORIENTATION, _PIXEL_SPACING = "0020|0032", "0020|0037", "0028|0030"
TAGS = (_POSITION, _ORIENTATION, _PIXEL_SPACING)
"""What :func:`check_stack` wants to know of each slice."""
_UNEVEN_LIMIT = 0.01
"""Share of the slice distance by which slices may lie off an even, straight stack."""
_AGREEMENT = 1e-3
"""How far direction cosines, and as a share pixel sizes, of slices may differ."""


@dataclass(frozen=True)
class _Slice:
    """Where a slice lies, in LPS.

    Attributes:
        position: of its first pixel, in mm.
        orientation: direction cosines of its rows and of its columns, six numbers.
        pixel: distance of its rows and of its columns, in mm.
    """

    position: npt.NDArray[np.float64]
    orientation: npt.NDArray[np.float64]
    pixel: npt.NDArray[np.float64]


def check_stack(tags: Sequence[Mapping[str, str]], files: Sequence[str], name: str) -> None:
    """Refuses slices that are no volume together.

    Args:
        tags: of each slice, in the order in which they are stacked.
        files: of each slice.
        name: what messages call the series.

    Raises:
        InputError: a slice does not say where it lies, slices differ in direction or pixel size,
            one is missing or there twice, or they are shifted against each other.
    """
    slices = [_slice(each, file) for each, file in zip(tags, files, strict=True)]
    first = slices[0]
    for each, file in zip(slices, files, strict=True):
        if np.abs(each.orientation - first.orientation).max() > _AGREEMENT:
            raise _mixed(name, file, files[0], "lies in another direction than")
        if np.abs(each.pixel / first.pixel - 1).max() > _AGREEMENT:
            raise _mixed(name, file, files[0], "has pixels of another size than")
    normal = np.cross(first.orientation[:3], first.orientation[3:]).astype(np.float64)
    with np.errstate(over="ignore", invalid="ignore"):
        steps = np.diff([each.position for each in slices], axis=0).astype(np.float64)
        _check_steps(steps, normal, name)


def _slice(tags: Mapping[str, str], file: str) -> _Slice:
    found = _Slice(*(
        _numbers(tags.get(tag, ""), count)
        for tag, count in ((_POSITION, 3), (_ORIENTATION, 6), (_PIXEL_SPACING, 2))
    ))  # fmt: skip
    axes = found.orientation.reshape(2, 3)
    orthonormal = np.abs(axes @ axes.T - np.eye(2)).max() <= _AGREEMENT
    if not (orthonormal and (found.pixel > 0).all() and np.isfinite(found.position).all()):
        raise InputError(
            f"The DICOM file {file!r} does not say properly where it lies (ImagePositionPatient, "
            "ImageOrientationPatient, PixelSpacing); export the series again."
        )
    return found


def _numbers(text: str, count: int) -> npt.NDArray[np.float64]:
    """So many numbers of a DICOM entry; NaN where it has not that many."""
    try:
        numbers = np.array([float(part) for part in text.split("\\")])
    except ValueError:
        numbers = np.array([])
    return numbers if len(numbers) == count else np.full(count, np.nan)


def _check_steps(
    steps: npt.NDArray[np.float64], normal: npt.NDArray[np.float64], name: str
) -> None:
    """Checks the way, in mm, from each slice to the next."""
    if not len(steps):
        return
    forward = np.abs(steps @ normal)
    usual = float(np.median(forward))
    off = float(np.abs(forward - usual).max())
    if not off <= _UNEVEN_LIMIT * usual or usual == 0.0:
        raise InputError(
            f"The slices of the DICOM series in {name} are not evenly spaced (mostly {usual:.2f} "
            f"mm, off by up to {off:.2f} mm): a slice is missing or there twice; export the series "
            "again."
        )
    aside = float(np.linalg.norm(steps - np.outer(steps @ normal, normal), axis=1).max())
    if not aside <= _UNEVEN_LIMIT * usual:
        raise InputError(
            f"The slices of the DICOM series in {name} are shifted against each other, by up to "
            f"{aside:.2f} mm each, as with a tilted gantry; resample the volume to an unsheared "
            "grid first."
        )


def _mixed(name: str, file: str, first: str, how: str) -> InputError:
    return InputError(
        f"The DICOM series in {name} is no single volume: {file!r} {how} {first!r}; move the "
        "slices that belong together to a folder of their own."
    )
