"""What a metric is: its function, its name in tables and which way is better."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass

import numpy as np
from numpy.typing import NDArray

from ...errors import InputError

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
    """A column of a results table.

    Attributes:
        name: what ``--metrics`` and ``cases.csv`` call it.
        title: what tables and pictures call it.
        function: measures a result ``array[k, j, i]``. Its arguments are ``(result, reference)``;
            ``(result, *, window)`` where no reference is needed, with the window that all methods
            of a comparison share; or ``(result, input, kernel)``, see ``compares_with_input``.
        source: where it comes from, or how it is defined, in a few words.
        higher_is_better: which way is better.
        needs_reference: whether it compares with the sharp volume.
        compares_with_input: whether it compares with the low-resolution volume instead, which
            takes the kernel that made it.
        takes_mask: whether ``function`` takes the keyword ``mask``, the voxels that count.
        least_side: smallest side, in pixels, of a slice that it can measure; 0 for any.
        digits: decimal places in tables.
        unit: unit of its values, empty for none.
    """

    name: str
    title: str
    function: Callable[..., Score]
    _: KW_ONLY
    source: str
    higher_is_better: bool
    needs_reference: bool = True
    compares_with_input: bool = False
    takes_mask: bool = False
    least_side: int = 0
    digits: int = 4
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
    """The volume as float64.

    Args:
        image: the volume, ``array[k, j, i]``.
        name: what a message calls it.

    Raises:
        InputError: it is not 3-D, or not all of its values are finite.
    """
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
    """Both volumes, ``array[k, j, i]``, as float64.

    Raises:
        InputError: their shapes differ, they are not 3-D, or not all values are finite.
    """
    if image.shape != reference.shape:
        raise InputError(
            f"The image has shape {image.shape} and the reference {reference.shape}; "
            "resample one of them so that both lie on the same grid."
        )
    return check_volume(image), check_volume(reference, "the reference")


def check_mask(mask: np.ndarray | None, shape: tuple[int, ...]) -> NDArray[np.bool_] | None:
    """The mask as booleans; None if there is none.

    Raises:
        InputError: its shape is not ``shape``, or no voxel is inside.
    """
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
    """Largest minus smallest intensity of the reference, as in the ArSSR authors' evaluation.

    Raises:
        InputError: they are the same, so that the range is 0.
    """
    span = float(reference.max() - reference.min())
    if span == 0:
        raise InputError(
            f"Every voxel of the reference is {float(reference.flat[0]):g}; "
            "an image metric needs a reference with some contrast."
        )
    return span
