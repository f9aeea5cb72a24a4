"""Where a NIfTI file puts its volume: by its sform, by its qform, or nowhere.

The choice between the two is that of SimpleITK and 3D Slicer (ITK's ``NiftiImageIO``), and as there
the voxel size comes from pixdim. Affines lead from voxel indices (i, j, k) to RAS mm.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ....errors import InputError
from ...grid import IDENTITY_DIRECTION, Grid, SizeTriple, Triple, nearest_rotation, off_orthonormal
from .nifti_header import NiftiHeader

Affine = npt.NDArray[np.float64]

FORM_CODES = "nifti_form_codes"
"""Header entry, as a volume carries it: the codes of qform and sform, for example ``1 4``.

0 unknown, 1 scanner, 2 aligned, 3 Talairach, 4 MNI 152, 5 another template.
"""
_SCANNER = 1
_AGREEMENT_MM = 0.1
"""Affines that differ by less anywhere in the volume are taken to agree."""
_SAME_AFFINE = 1e-4
"""Entries of two affines that differ by less are the same number, rounded differently."""
_ITK_TOLERANCE = 1e-4
"""Direction cosines that are off by more are not used by ITK."""
_LARGEST_SHARE_OF_A_VOXEL = 0.5
"""An affine that is further off contradicts the voxel size."""
_LARGEST_SHEAR = 0.02
"""Direction cosines that are off by more are sheared, not rounded (about 0.6°)."""
_MM_PER_UNIT = {1: 1000.0, 3: 0.001}
"""Of the units of length a file may have; all others count as mm."""
_UNIT_OF_LENGTH = 0b111
"""The bits of the field of units that are about length."""
_RAS_OF_LPS = np.diag([-1.0, -1.0, 1.0])


@dataclass(frozen=True)
class NiftiForm:
    """An affine with the space it leads to.

    Attributes:
        field: ``sform`` or ``qform``.
        code: of the space; see :data:`FORM_CODES`.
        affine: 3×4.
    """

    field: str
    code: int
    affine: Affine

    @property
    def cosines(self) -> Affine:
        """Unit vectors along the axes, as columns; NaN for an axis without length."""
        axes = self.affine[:, :3]
        squares = axes * axes
        with np.errstate(invalid="ignore", divide="ignore"):
            return axes / np.sqrt(squares[0] + squares[1] + squares[2])

    @property
    def is_orthonormal(self) -> bool:
        """Whether ITK takes the direction of this form as it is."""
        return off_orthonormal(self.cosines) <= _ITK_TOLERANCE


@dataclass(frozen=True)
class NiftiOrientation:
    """All that a file says about where its volume lies.

    Attributes:
        name: what messages call the file.
        forms: sform and qform, as far as they are set.
        spacing: voxel size along (i, j, k) by pixdim, in mm.
    """

    name: str
    forms: tuple[NiftiForm, ...]
    spacing: Triple

    def grid(self, size: SizeTriple) -> tuple[Grid, tuple[str, ...]]:
        """The grid of a volume of this size, and one sentence where that is in doubt.

        Raises:
            InputError: the affine is sheared or singular, or contradicts pixdim.
        """
        form = self._chosen()
        if form is None:
            unknown = (
                f"{self.name} does not define the orientation (sform_code and qform_code are 0); "
                "viewers may show it flipped."
            )
            return Grid(size, self.spacing, (0.0, 0.0, 0.0), IDENTITY_DIRECTION), (unknown,)
        cosines, warnings = self._rotation(form, _corners(size))
        x, y, z = _RAS_OF_LPS @ form.affine[:, 3]
        direction = tuple(float(c) for c in (_RAS_OF_LPS @ cosines).ravel())
        grid = Grid(size, self.spacing, (float(x), float(y), float(z)), direction)
        return grid, (*warnings, *self._disagreement(form, cosines, size))

    def codes(self, grid: Grid) -> tuple[int, int]:
        """The codes of qform and sform that a volume on ``grid`` may carry."""
        form = self._chosen()
        if form is None:
            return 0, 0
        codes = {each.field: each.code for each in self.forms}
        if self._forms_apart(_corners(grid.size)) > _AGREEMENT_MM:
            codes = {form.field: form.code}
        # The file that is written always holds both.
        return codes.get("qform", form.code), codes.get("sform", form.code)

    def _chosen(self) -> NiftiForm | None:
        by_field = {form.field: form for form in self.forms}
        sform, qform = by_field.get("sform"), by_field.get("qform")
        if sform is None or qform is None:
            return sform or qform
        same = bool(np.abs(sform.affine - qform.affine).max() <= _SAME_AFFINE)
        return sform if sform.is_orthonormal and (sform.code == _SCANNER or same) else qform

    def _rotation(self, form: NiftiForm, corners: Affine) -> tuple[Affine, tuple[str, ...]]:
        """The direction cosines of a form; the nearest rotation where they are rounded."""
        cosines = form.cosines
        off = off_orthonormal(cosines)
        if off <= _ITK_TOLERANCE:
            return cosines, ()
        if not off <= _LARGEST_SHEAR:
            raise InputError(
                f"The direction cosines of {self.name} are not orthonormal: its {form.field} is "
                "sheared, or its header is damaged; resample the volume to an unsheared grid first."
            )
        rotation = nearest_rotation(cosines)
        lengths = np.linalg.norm(form.affine[:, :3], axis=0)
        unsheared = np.column_stack([rotation * lengths, form.affine[:, 3]])
        moved = _apart(corners, unsheared, form.affine)
        if moved <= _AGREEMENT_MM:
            return rotation, ()
        return rotation, (
            f"The {form.field} of {self.name} is slightly sheared, perhaps by rounding; the "
            f"nearest rotation is used, which moves voxels by up to {moved:.2g} mm.",
        )

    def _disagreement(self, form: NiftiForm, cosines: Affine, size: SizeTriple) -> tuple[str, ...]:
        """A sentence where the forms or the voxel size disagree; refuses a contradiction."""
        corners = _corners(size)
        read = np.column_stack([cosines * self.spacing, form.affine[:, 3]])
        lengths = np.linalg.norm(form.affine[:, :3], axis=0)
        off = _apart(corners, np.column_stack([cosines * lengths, form.affine[:, 3]]), read)
        if off > max(_AGREEMENT_MM, _LARGEST_SHARE_OF_A_VOXEL * min(self.spacing)):
            raise InputError(
                f"The header of {self.name} contradicts itself: its voxels are "
                f"{_voxel(self.spacing)} mm by its pixdim and {_voxel(lengths)} mm by its "
                f"{form.field}, up to {off:.1f} mm apart; correct the one that is wrong."
            )
        apart = max(self._forms_apart(corners), off)
        if apart <= _AGREEMENT_MM:
            return ()
        return (
            f"sform, qform and pixdim of {self.name} disagree by up to {apart:.1f} mm. ArSSR "
            "follows SimpleITK and 3D Slicer; other programs may place it differently.",
        )

    def _forms_apart(self, corners: Affine) -> float:
        return _apart(corners, self.forms[0].affine, self.forms[-1].affine)


def orientation_of(header: NiftiHeader) -> NiftiOrientation:
    """What a header says about where its volume lies.

    Raises:
        InputError: a form holds numbers that are not finite, or a voxel size is not positive.
    """
    layout = header.layout
    qform_code, sform_code = (int(n) for n in header.numbers(layout.form_codes))
    unit = int(header.numbers(layout.units)[0]) & _UNIT_OF_LENGTH
    mm = _MM_PER_UNIT.get(unit, 1.0)
    spacing = _spacing(header)
    forms: list[NiftiForm] = []
    if sform_code > 0:
        rows = np.array(header.numbers(layout.rows), dtype=np.float64)
        forms.append(NiftiForm("sform", sform_code, rows.reshape(3, 4) * mm))
    if qform_code > 0:
        forms.append(NiftiForm("qform", qform_code, _qform(header, spacing) * mm))
    if not all(np.isfinite(form.affine).all() for form in forms):
        raise InputError(
            f"The affine in the header of {header.name} holds numbers that are not finite; "
            "correct its sform or qform."
        )
    i, j, k = (s * mm for s in spacing)
    return NiftiOrientation(header.name, tuple(forms), (i, j, k))


def _spacing(header: NiftiHeader) -> Triple:
    """The voxel size by pixdim, in the file's unit of length."""
    sizes = [*header.sizes, 1, 1][:3]
    spacing = header.numbers(header.layout.pixdim)[1:4]
    good = [math.isfinite(s) and s > 0 for s in spacing]
    # The distance of the slices of a single slice means nothing and is often left 0.
    if not all(fine or n == 1 for fine, n in zip(good, sizes, strict=True)):
        shown = ", ".join(f"{s:g}" for s in spacing)
        raise InputError(
            f"The header of {header.name} gives the voxel spacing ({shown}) mm, which is not all "
            "positive numbers; correct the header."
        )
    i, j, k = (s if fine else 1.0 for s, fine in zip(spacing, good, strict=True))
    return i, j, k


def _qform(header: NiftiHeader, spacing: Triple) -> Affine:
    """The 3×4 affine of the quaternion (NIfTI-1 standard, method 2), in single precision."""
    b, c, d, x, y, z = header.numbers(header.layout.quaternion)
    square = 1.0 - (b * b + c * c + d * d)
    if square < 1e-7:
        # A rotation by 180°, whose quaternion is normalised against rounding.
        length = math.sqrt(b * b + c * c + d * d)
        a, b, c, d = 0.0, b / length, c / length, d / length
    else:
        a = math.sqrt(square)
    rotation = np.array(
        [
            [a * a + b * b - c * c - d * d, 2 * (b * c - a * d), 2 * (b * d + a * c)],
            [2 * (b * c + a * d), a * a + c * c - b * b - d * d, 2 * (c * d - a * b)],
            [2 * (b * d - a * c), 2 * (c * d + a * b), a * a + d * d - c * c - b * b],
        ]
    )
    flip = -1.0 if header.numbers(header.layout.pixdim)[0] < 0 else 1.0
    steps = np.array(spacing) * [1.0, 1.0, flip]
    with np.errstate(over="ignore", invalid="ignore"):
        affine = np.column_stack([rotation * steps, [x, y, z]])
        # The NIfTI library, which ITK uses, keeps it in single precision.
        return affine.astype(np.float32).astype(np.float64)


def _corners(size: SizeTriple) -> Affine:
    """The 8 corner voxels, homogeneous (i, j, k, 1)."""
    ends = [(0, n - 1) for n in size]
    return np.array([[*index, 1] for index in itertools.product(*ends)], dtype=np.float64)


def _apart(corners: Affine, first: Affine, second: Affine) -> float:
    """The largest distance along an axis, in mm, between two places of the same voxel."""
    return float(np.abs(corners @ (first - second).T).max())


def _voxel(lengths: npt.ArrayLike) -> str:
    return " × ".join(f"{length:.3g}" for length in np.asarray(lengths))
