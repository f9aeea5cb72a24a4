"""How fine a result is to be: a scale, a voxel size, or isotropic voxels."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal, cast

from ..errors import InputError

if TYPE_CHECKING:
    from ..volumes.grid import Grid, Triple

_KINDS = "a scale, a spacing or isotropic voxels"
_DIGITS = 12
"""Enough that two resolutions that differ have two names."""


@dataclass(frozen=True)
class Resolution:
    """What was asked for; the grid follows from the input's.

    Attributes:
        kind: which of the three.
        values: the factor or the voxel size in mm, for all axes (one value) or for each axis
            (i, j, k); none for isotropic voxels of the size of the finest axis.
    """

    kind: Literal["scale", "spacing", "isotropic"]
    values: tuple[float, ...] = ()

    @staticmethod
    def of(scale: object = None, spacing: object = None, isotropic: object = False) -> Resolution:
        """The resolution that one of the three arguments stands for.

        Args:
            scale: factor for all axes or one for each axis (i, j, k), at least 1.
            spacing: voxel size in mm. One number refines the axes that are coarser and leaves the
                others as they are; three are for the axes (i, j, k).
            isotropic: True for the voxel size of the finest axis along all axes; a number for
                isotropic voxels of at most so many mm.

        Raises:
            InputError: not exactly one is given, or it is not one number or three.
        """
        given = [scale is not None, spacing is not None, isotropic not in (None, False)]
        if sum(given) != 1:
            raise InputError(f"Give either {_KINDS}, for example a scale of 2.", argument="scale")
        if scale is not None:
            return Resolution("scale", _values("scale", scale, (1, 3)))
        if spacing is not None:
            return Resolution("spacing", _values("spacing", spacing, (1, 3)))
        if isotropic is True:
            return Resolution("isotropic")
        return Resolution("isotropic", _values("isotropic voxel size", isotropic, (1,)))

    @property
    def name(self) -> str:
        """For file names: ``2.5x``, ``1x1x2.3x``, ``0.8mm``, ``isotropic`` or ``isotropic1mm``."""
        text = "x".join(short_number(value) for value in self.values)
        if self.kind == "scale":
            return f"{text}x"
        return f"{'isotropic' * (self.kind == 'isotropic')}{text}{'mm' if self.values else ''}"

    @property
    def title(self) -> str:
        """For people: ``2.5×``, ``1 × 1 × 2.3``, ``0.8 mm`` or ``isotropic``."""
        text = " × ".join(f"{value:g}" for value in self.values)
        if self.kind == "scale":
            return text if len(self.values) > 1 else f"{text}×"
        return " ".join(filter(None, ["isotropic" * (self.kind == "isotropic"), text,
                                      "mm" if self.values else ""]))  # fmt: skip

    def target_grid(self, grid: Grid) -> Grid:
        """The grid of the result, over exactly the field of view of the input's grid.

        Raises:
            InputError: a value is not a positive number, the result would be too large, coarser
                than the input along an axis, or (for one voxel size) no finer along any.
        """
        if self.kind == "scale":
            target = self._resized(grid, self.values * (3 // len(self.values)))
        elif len(self.values) == 3:
            target = self._resized(grid, _ratios(grid.spacing, self.values))
        else:
            target = self._with_one_spacing(grid)
        for axis, old, new, step in zip("ijk", grid.size, target.size, grid.spacing, strict=True):
            if new < old:
                raise InputError(
                    f"The {self._asked} is coarser than the input along {axis} ({step:g} mm "
                    "voxels); ArSSR only upsamples: give a scale of at least 1 or a finer spacing."
                )
        return target

    def _with_one_spacing(self, grid: Grid) -> Grid:
        """Voxels of one size in mm; a finer axis keeps its own, unless they are to be isotropic."""
        finest = min(grid.spacing)
        limit = self.values[0] if self.values else finest
        if self.kind == "isotropic":
            wanted = (min(limit, finest),) * 3
        else:
            wanted = cast("Triple", tuple(min(own, limit) for own in grid.spacing))
        target = self._resized(grid, _ratios(grid.spacing, wanted))
        if target.size == grid.size:
            sizes = " × ".join(f"{mm:.3g}" for mm in grid.spacing)
            if self.kind == "isotropic":
                raise InputError(
                    f"The voxels of the input are isotropic already ({sizes} mm); give a scale, or "
                    "a smaller voxel size."
                )
            sides = zip(grid.field_of_view, grid.size, strict=True)
            largest = math.floor(max(side / (n + 0.5) for side, n in sides) * 100) / 100
            raise InputError(
                f"The {self._asked} is not finer than the input along any axis ({sizes} mm); give "
                f"{largest:g} mm or less."
            )
        return target

    def _resized(self, grid: Grid, factors: Sequence[float]) -> Grid:
        """The grid with these factors along (i, j, k), refused before it is too large to be one."""
        from ..volumes.grid import LARGEST_SIDE

        usable = all(math.isfinite(factor) for factor in factors)
        largest = max(n * f for n, f in zip(grid.size, factors, strict=True)) if usable else 0.0
        if largest > LARGEST_SIDE:
            raise InputError(
                f"The {self._asked} asks for {largest:.6g} voxels along an axis; at most "
                f"{LARGEST_SIDE} are possible: choose less."
            )
        return grid.upsampled(cast("Triple", tuple(factors)))

    @property
    def _asked(self) -> str:
        if self.kind == "isotropic" and not self.values:
            return "isotropic voxel size"
        text = ",".join(f"{value:g}" for value in self.values)
        return f"scale {text}" if self.kind == "scale" else f"spacing {text} mm"


def short_number(value: float) -> str:
    """A number for names, to 12 digits and without an exponent.

    >>> short_number(2.0), short_number(1e-05), short_number(1 / 3)
    ('2', '0.00001', '0.333333333333')
    """
    return f"{Decimal(f'{value:.{_DIGITS}g}'):f}"


def _ratios(spacing: Sequence[float], wanted: Sequence[float]) -> list[float]:
    return [own / mm if mm else math.inf for own, mm in zip(spacing, wanted, strict=True)]


def _values(name: str, value: Any, counts: tuple[int, ...]) -> tuple[float, ...]:
    """A scale or a spacing as plain numbers."""
    try:
        many = [] if isinstance(value, str | bytes | bool) else list(value)
    except TypeError:
        many = [value]
    try:
        values = tuple(float(each) for each in many if not isinstance(each, str | bytes | bool))
    except (TypeError, ValueError):
        values = ()
    if not values or len(values) != len(many):
        raise InputError(
            f"The {name} {value!r} is not a number; give one, or three for the axes i, j and k."
        )
    shown = values[0] if len(values) == 1 else values
    if len(values) not in counts or not all(math.isfinite(v) and v > 0 for v in values):
        raise InputError(
            f"The {name} {shown!r} is not one positive number{' or three' * (3 in counts)}; give "
            "for example 2, or 1, 1 and 2.5 for the axes i, j and k."
        )
    return values
