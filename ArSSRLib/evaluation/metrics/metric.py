"""What a metric is: its function, its name in tables and which way is better."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...errors import InputError

Volume3D = NDArray[np.floating]
"""A scalar volume ``array[k, j, i]`` (z, y, x) of any floating type."""

Window = tuple[float, float]
"""The two intensities that are shown as black and as white."""


@dataclass(frozen=True)
class Unavailable:
    """Stands in for a number that could not be computed here, and says why.

    It is written to tables and reports as the sentence it holds, never as a number.

    Attributes:
        reason: the sentence.
        passing: whether it may be different next time, as with a download that failed.
    """

    reason: str
    passing: bool = False

    def __str__(self) -> str:
        return self.reason


Score = float | Unavailable


@dataclass(frozen=True)
class Metric:
    """One column of a results table.

    ``function`` takes ``(result, reference)`` when ``needs_reference`` and ``(result,)``
    otherwise; volumes are ``array[k, j, i]``. A metric without a reference also takes the keyword
    ``window``, so that every method of a comparison is measured on the same intensity scale; one
    that ``takes_mask`` takes the keyword ``mask``. A metric that ``compares_with_input`` takes
    ``(result, input, kernel)`` instead: the low-resolution volume and how it was blurred. One that
    goes slice by slice leaves out slices with a side under ``least_side`` pixels.
    """

    name: str
    title: str
    function: Callable[..., Score]
    needs_reference: bool
    higher_is_better: bool
    source: str
    digits: int = 4
    takes_mask: bool = False
    compares_with_input: bool = False
    least_side: int = 0
    unit: str = ""

    @property
    def heading(self) -> str:
        """The column heading, with the unit and an arrow towards the better value."""
        unit = f" ({self.unit})" if self.unit else ""
        return f"{self.title}{unit} {'↑' if self.higher_is_better else '↓'}"


def reason_for_nan(metric: Metric, shape: tuple[int, ...]) -> str:
    """Why a metric gave NaN for a volume of this shape."""
    # A slice has two sides: two axes of the volume must be long enough.
    if sorted(shape)[-2] < metric.least_side:
        return (
            f"not measured: no slice is large enough for {metric.title}, which needs "
            f"{metric.least_side} voxels along both sides"
        )
    if metric.least_side:
        return f"not measured: no slice shows anything that {metric.title} can measure"
    return f"not measured: {metric.title} is not defined for this volume"


def check_volume(image: np.ndarray, name: str = "the image") -> NDArray[np.float64]:
    """Return ``image`` as float64, or raise InputError if it is not a finite 3-D volume."""
    if image.ndim != 3:
        raise InputError(
            f"A metric takes a 3-D volume, but {name} has shape {image.shape}; "
            "pass one volume of a series at a time."
        )
    volume = np.asarray(image, dtype=np.float64)
    if not np.isfinite(volume).all():
        raise InputError(
            f"{name.capitalize()} holds values that are not finite; replace them before measuring."
        )
    return volume


def check_pair(
    image: np.ndarray, reference: np.ndarray
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return both volumes as float64; raise InputError unless they share one shape."""
    if image.shape != reference.shape:
        raise InputError(
            f"The image has shape {image.shape} and the reference {reference.shape}; "
            "resample one of them so that both lie on the same grid."
        )
    return check_volume(image), check_volume(reference, "the reference")


def check_mask(mask: np.ndarray | None, shape: tuple[int, ...]) -> NDArray[np.bool_] | None:
    """Return the mask as booleans; raise InputError if its shape differs or nothing is inside."""
    if mask is None:
        return None
    if mask.shape != shape:
        raise InputError(
            f"The mask has shape {mask.shape} but the volume {shape}; use a mask on its grid."
        )
    inside = np.asarray(mask, dtype=bool)
    if not inside.any():
        raise InputError("The mask is empty; give a mask with at least one voxel inside.")
    return inside


def data_range(reference: NDArray[np.float64]) -> float:
    """Largest minus smallest intensity of the reference (the range the ArSSR authors use)."""
    span = float(reference.max() - reference.min())
    if span == 0:
        raise InputError(
            f"Every voxel of the reference is {float(reference.flat[0]):g}; "
            "an image metric needs a reference with some contrast."
        )
    return span
