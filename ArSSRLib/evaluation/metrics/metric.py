"""What a metric is: its function, its name in tables and which direction is better.

A metric is one file in this folder that calls :func:`register`; nothing else has to be changed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass
from functools import cached_property
from importlib import metadata
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ...errors import InputError
from ...resampling.blur import DEFAULT_BLUR, Blur
from ...resampling.interpolation import interpolate
from ...volumes.array_types import FloatArray

Window = tuple[float, float]
"""The two intensities that are shown as black and as white."""
Needs = Literal["result", "reference", "input"]
Data = Literal["simulated", "real"]

METRICS: dict[str, Metric] = {}
"""Every registered metric by its name, in the order of the tables."""


@dataclass(frozen=True)
class Unavailable:
    """Replaces a number that could not be computed, and gives the reason.

    Tables and reports show its sentence, never a number.

    Attributes:
        reason: the sentence.
        passing: whether a later run may have a number, for example after memory ran out.
    """

    reason: str
    passing: bool = False

    def __str__(self) -> str:
        return self.reason


MetricValue = float | Unavailable


@dataclass(frozen=True)
class MetricInputs:
    """What a metric may compare. All arrays are ``[k, j, i]``.

    Attributes:
        result: what is measured: a method's result, or the volume itself.
        reference: the sharp volume on the result's grid; None for real scans.
        low: the low-resolution volume that was upsampled, over the same field of view; None where
            the volume itself is measured.
        blur: what simulated ``low``; None for the paper's corner-aligned zoom.
        mask: voxels to measure, on the reference's grid; None for all.
        window: smallest and largest intensity of the volume, the same for all methods.
    """

    result: FloatArray
    _: KW_ONLY
    reference: FloatArray | None = None
    low: FloatArray | None = None
    blur: Blur | None = DEFAULT_BLUR
    mask: NDArray[np.bool_] | None = None
    window: Window | None = None

    @property
    def truth(self) -> FloatArray:
        """The reference, for metrics that need it."""
        assert self.reference is not None
        return self.reference

    @property
    def scan(self) -> FloatArray:
        """The low-resolution volume, for metrics that need it."""
        assert self.low is not None
        return self.low

    @cached_property
    def cubic(self) -> FloatArray:
        """The low-resolution volume, interpolated (cubic B-spline) to the result's grid."""
        return interpolate(self.scan, self.result.shape, "cubic")


@dataclass(frozen=True)
class Metric:
    """A column of a results table.

    Attributes:
        name: its name for ``--metrics`` and in ``cases.csv``.
        title: its name in tables and pictures.
        function: measures :class:`MetricInputs`; NaN where the metric is not defined.
        help: what it measures and who defined it, in a few words.
        higher_is_better: which direction is better.
        needs: what it compares the result with: the sharp ``reference``, the low-resolution
            ``input``, or nothing but the ``result`` itself.
        measured_on: the data that it is measured on unless metrics are named: ``simulated``
            low-resolution volumes, ``real`` scans, or both.
        takes_mask: whether it measures inside the mask only.
        least_side: smallest side, in pixels, of a slice that it can measure; 0 for any.
        digits: decimal places in tables.
        unit: unit of its values, empty for none.
        position: place among the columns of a table.
        package: optional package that it needs; its version decides whether numbers can be reused.
    """

    name: str
    title: str
    function: Callable[[MetricInputs], MetricValue]
    _: KW_ONLY
    help: str
    higher_is_better: bool
    needs: Needs = "reference"
    measured_on: tuple[Data, ...] = ("simulated",)
    takes_mask: bool = False
    least_side: int = 0
    digits: int = 4
    unit: str = ""
    position: int = 1000
    package: str = ""

    @property
    def heading(self) -> str:
        """The column heading, with the unit and an arrow towards the better value."""
        unit = f" ({self.unit})" if self.unit else ""
        return f"{self.title}{unit} {'↑' if self.higher_is_better else '↓'}"

    def applies_to(self, inputs: MetricInputs) -> bool:
        """Whether the inputs hold what it compares with."""
        if self.needs == "reference":
            return inputs.reference is not None
        return self.needs == "result" or inputs.low is not None

    def version(self) -> str:
        """The installed version of the package that it needs; empty if there is none."""
        try:
            return metadata.version(self.package) if self.package else ""
        except metadata.PackageNotFoundError:
            return ""


def register(metric: Metric) -> Metric:
    """Adds a metric to :data:`METRICS`.

    Raises:
        ValueError: another metric has its name.
    """
    if metric.name in METRICS:
        raise ValueError(f"There are two metrics named {metric.name!r}; rename one.")
    METRICS[metric.name] = metric
    return metric


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
        name: its name in a message.

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
