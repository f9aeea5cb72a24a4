"""Where a volume's voxels lie in the patient: the grid, its upsampled grid and its sub-grids.

Axis order is the file's (i, j, k) everywhere in this module; world coordinates are LPS
millimetres (SimpleITK and DICOM patient coordinates). A voxel index names the voxel's centre,
so voxel ``i`` covers the interval ``[i - 0.5, i + 0.5]`` and a volume of ``n`` voxels covers
``[-0.5, n - 0.5]``: that interval is its field of view.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import numpy as np
import numpy.typing as npt

from ..errors import InputError

if TYPE_CHECKING:
    import SimpleITK as sitk

Triple = tuple[float, float, float]
SizeTriple = tuple[int, int, int]
IndexBox = tuple[SizeTriple, SizeTriple]
"""Start and size of a box of voxels, both along the file's axes (i, j, k)."""

IDENTITY_DIRECTION = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)
_ORTHONORMAL_TOLERANCE = 1e-3
LARGEST_SIDE = 16384
_LARGEST_MM = 1e12
"""Lengths beyond this are mistakes, and overflow in the headers that results are written with."""


@dataclass(frozen=True)
class Grid:
    """A regular, possibly oblique grid of voxels in patient space.

    Attributes:
        size: voxels along (i, j, k).
        spacing: voxel size along (i, j, k), in mm.
        origin: LPS position of the centre of voxel (0, 0, 0), in mm.
        direction: 3×3 direction cosines, row-major; column ``a`` is the unit vector along axis
            ``a``. Left-handed and permuted matrices are allowed.

    Raises:
        InputError: a size below 1, a spacing that is not a positive number, an origin that is
            not finite, or direction cosines that are not orthonormal (a sheared grid).
    """

    size: SizeTriple
    spacing: Triple = (1.0, 1.0, 1.0)
    origin: Triple = (0.0, 0.0, 0.0)
    direction: tuple[float, ...] = IDENTITY_DIRECTION

    def __post_init__(self) -> None:
        if len(self.size) != 3 or any(n < 1 or n > LARGEST_SIDE for n in self.size):
            raise InputError(
                f"The size {tuple(self.size)} is not three whole numbers between 1 and "
                f"{LARGEST_SIDE}; check the header of the volume."
            )
        if len(self.spacing) != 3 or not all(0 < s <= _LARGEST_MM for s in self.spacing):
            raise InputError(
                f"The voxel spacing {tuple(self.spacing)} mm is not three positive numbers; "
                "correct the header of the volume."
            )
        if len(self.origin) != 3 or not all(abs(x) <= _LARGEST_MM for x in self.origin):
            raise InputError(
                f"The origin {tuple(self.origin)} mm is not three finite numbers; "
                "correct the header of the volume."
            )
        _check_orthonormal(self.direction)

    @property
    def field_of_view(self) -> Triple:
        """Extent along (i, j, k), in mm, from the outer faces of the first and last voxels."""
        return triple(n * s for n, s in zip(self.size, self.spacing, strict=True))

    @property
    def voxels(self) -> int:
        """Number of voxels."""
        return math.prod(self.size)

    @property
    def axes(self) -> npt.NDArray[np.float64]:
        """3×3 matrix whose column ``a`` is one voxel step along axis ``a``, in LPS mm."""
        return np.asarray(self.direction, dtype=np.float64).reshape(3, 3) * np.asarray(self.spacing)

    def index_to_world(self, index: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """LPS positions in mm, shape (..., 3), of continuous (i, j, k) indices, shape (..., 3)."""
        return np.asarray(index, dtype=np.float64) @ self.axes.T + np.asarray(self.origin)

    def world_to_index(self, world: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Continuous (i, j, k) indices, shape (..., 3), of LPS positions in mm, shape (..., 3)."""
        offset = np.asarray(world, dtype=np.float64) - np.asarray(self.origin)
        return offset @ np.linalg.inv(self.axes).T

    def upsampled(self, scale: float | Triple) -> Grid:
        """The grid with ``scale`` times as many voxels over exactly the same field of view.

        The size is rounded to whole voxels; the spacing is old size · old spacing / new size, so
        that the field of view is kept to the last bit of the size; the origin moves to the centre
        of the first new voxel, along the direction cosines.

        Args:
            scale: one factor for all axes, or one per axis (i, j, k); any positive number.

        Raises:
            InputError: a factor that is not a positive finite number, or a size out of range.
        """
        factors = _as_triple(scale, "scale")
        sizes = (max(1, _round(n * f)) for n, f in zip(self.size, factors, strict=True))
        return self.resized(size_triple(sizes))

    def resized(self, size: SizeTriple) -> Grid:
        """The grid of ``size`` voxels (i, j, k) over exactly the same field of view."""
        spacing = triple(f / n for f, n in zip(self.field_of_view, size, strict=True))
        first_centre = [n / m * 0.5 - 0.5 for n, m in zip(self.size, size, strict=True)]
        return Grid(size, spacing, triple(self.index_to_world(first_centre)), self.direction)

    def cropped(self, start: SizeTriple, size: SizeTriple) -> Grid:
        """The sub-grid of ``size`` voxels (i, j, k) whose first voxel is ``start``.

        Raises:
            InputError: the box is empty or reaches outside the grid.
        """
        if any(a < 0 or m < 1 or a + m > n for a, m, n in zip(start, size, self.size, strict=True)):
            raise InputError(
                f"The box of {size} voxels from voxel {start} is not inside the volume of "
                f"{self.size} voxels; choose a box inside it."
            )
        return Grid(size, self.spacing, triple(self.index_to_world(start)), self.direction)

    def factors_to(self, other: Grid) -> Triple:
        """Voxels of ``other`` per voxel of this grid, along (i, j, k); same field of view."""
        return triple(m / n for n, m in zip(self.size, other.size, strict=True))

    @staticmethod
    def of_image(image: sitk.Image) -> Grid:
        """The grid of a 3-D SimpleITK image.

        Raises:
            InputError: the image is not 3-D or its header is not a grid (see the class).
        """
        if image.GetDimension() != 3:
            raise InputError(f"The image has {image.GetDimension()} dimensions; give a 3-D volume.")
        return Grid(
            size_triple(image.GetSize()),
            triple(image.GetSpacing()),
            triple(image.GetOrigin()),
            tuple(image.GetDirection()),
        )

    def apply_to(self, image: sitk.Image) -> None:
        """Writes spacing, origin and direction into a SimpleITK image of this grid's size."""
        image.SetSpacing(self.spacing)
        image.SetOrigin(self.origin)
        image.SetDirection(self.direction)


def triple(values: Iterable[float]) -> Triple:
    """Three numbers along (i, j, k) as plain floats."""
    return cast(Triple, tuple(map(float, values)))


def size_triple(values: Iterable[int]) -> SizeTriple:
    """Three counts along (i, j, k) as plain integers."""
    return cast(SizeTriple, tuple(map(int, values)))


def off_orthonormal(cosines: npt.NDArray[np.float64]) -> float:
    """Largest entry by which the product of a 3×3 matrix and its transpose is off the identity.

    NaN where the matrix holds one.
    """
    return float(np.abs(cosines.T @ cosines - np.eye(3)).max())


def nearest_rotation(cosines: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The orthonormal 3×3 matrix nearest to ``cosines``, with the same handedness.

    That is the orthogonal factor of the polar decomposition (Higham 1986), computed by an SVD.
    """
    left, _, right = np.linalg.svd(cosines)
    return np.asarray(left @ right, dtype=np.float64)


def _check_orthonormal(direction: tuple[float, ...]) -> None:
    matrix = np.asarray(direction, dtype=np.float64)
    if matrix.size != 9 or not np.isfinite(matrix).all():
        raise InputError(
            f"The direction cosines {tuple(direction)} are not nine finite numbers; "
            "correct the header of the volume."
        )
    matrix = matrix.reshape(3, 3)
    if off_orthonormal(matrix) > _ORTHONORMAL_TOLERANCE:
        shown = tuple(round(float(x), 4) for x in matrix.ravel())
        raise InputError(
            f"The direction cosines {shown} are not orthonormal (the volume is sheared or its "
            "header is damaged); resample the volume to an unsheared grid first."
        )


def _as_triple(value: float | Triple, name: str) -> Triple:
    values = tuple(np.atleast_1d(np.asarray(value, dtype=np.float64)).tolist())
    if len(values) == 1:
        values = values * 3
    if len(values) != 3 or not all(math.isfinite(v) and v > 0 for v in values):
        raise InputError(
            f"The {name} {value!r} is not one positive number or three (i, j, k); give for "
            "example 2 or 1,1,2.5."
        )
    return cast(Triple, values)


def _round(value: float) -> int:
    """Nearest whole number, halves away from zero as a person rounds (Python rounds to even)."""
    if not value < LARGEST_SIDE * 2:
        return LARGEST_SIDE * 2
    return math.floor(value + 0.5)
