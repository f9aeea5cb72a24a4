"""Where a NIfTI file says its volume lies: by its sform, by its qform, or nowhere.

Where they differ SimpleITK picks one silently, takes the voxel size from neither, and invents a
place for a file that has none.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ...errors import InputError
from ..grid import Grid
from .nifti_header import NiftiHeader

Affine = npt.NDArray[np.float64]

FORM_CODES = "nifti_form_codes"
"""Header entry, as a volume carries it: the codes of qform and sform, for example ``1 4``.

0 unknown, 1 scanner, 2 aligned, 3 Talairach, 4 MNI 152, 5 another template.
"""
_AGREEMENT_MM = 0.1
"""Places that differ by less anywhere in the volume are taken to agree."""
_LARGEST_SHARE_OF_A_VOXEL = 0.5
"""A place that is further off cannot be called the volume's own."""
_MM_A_UNIT = {1: 1000.0, 3: 0.001}
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
        affine: 3×4, from voxels (i, j, k) to RAS mm.
    """

    field: str
    code: int
    affine: Affine


@dataclass(frozen=True)
class NiftiPlace:
    """All that a file says of its place.

    Attributes:
        name: what messages call the file.
        forms: sform and qform, as far as they are set.
        corners: the 8 corner voxels, homogeneous (i, j, k, 1).
    """

    name: str
    forms: tuple[NiftiForm, ...]
    corners: Affine

    def codes(self, grid: Grid) -> tuple[int, int]:
        """The codes of qform and sform that a volume on this grid, as it was read, may carry."""
        if not self.forms:
            return 0, 0
        nearest = self._nearest(_affine_of(grid))
        codes = {form.field: form.code for form in self.forms}
        if self._forms_apart() > _AGREEMENT_MM:
            codes = {nearest.field: nearest.code}
        # The file that is written always holds both.
        return codes.get("qform", nearest.code), codes.get("sform", nearest.code)

    def warning(self, grid: Grid) -> str | None:
        """One sentence when the file leaves in doubt where this grid, as it was read, lies.

        Raises:
            InputError: the grid is another than the file's forms say, by more than half a voxel.
        """
        if not self.forms:
            return (
                f"The header of {self.name} does not say where the volume lies (its sform_code and "
                "qform_code are 0); programs differ in which way round they show it."
            )
        read = _affine_of(grid)
        nearest = self._nearest(read)
        off = self._apart(nearest.affine, read)
        if off > max(_AGREEMENT_MM, _LARGEST_SHARE_OF_A_VOXEL * min(grid.spacing)):
            raise InputError(
                f"The header of {self.name} contradicts itself: its voxels are "
                f"{_voxel(read)} mm by its pixdim and {_voxel(nearest.affine)} mm by its "
                f"{nearest.field}, up to {off:.1f} mm apart; correct the one that is wrong."
            )
        apart = max(self._forms_apart(), off)
        if apart <= _AGREEMENT_MM:
            return None
        return (
            f"The sform, the qform and the pixdim of {self.name} place the volume up to "
            f"{apart:.1f} mm apart; the place that SimpleITK and 3D Slicer prefer is used, other "
            "programs may differ."
        )

    def _nearest(self, affine: Affine) -> NiftiForm:
        return min(self.forms, key=lambda form: self._apart(form.affine, affine))

    def _forms_apart(self) -> float:
        return self._apart(self.forms[0].affine, self.forms[-1].affine)

    def _apart(self, first: Affine, second: Affine) -> float:
        """The largest distance along an axis, in mm, of a voxel from itself."""
        return float(np.abs(self.corners @ (first - second).T).max())


def place_of(header: NiftiHeader) -> NiftiPlace:
    """What a header says of the volume's place.

    Raises:
        InputError: a form holds numbers that are not finite.
    """
    layout = header.layout
    qform_code, sform_code = (int(n) for n in header.numbers(layout.form_codes))
    unit = int(header.numbers(layout.units)[0]) & _UNIT_OF_LENGTH
    mm = _MM_A_UNIT.get(unit, 1.0)
    forms: list[NiftiForm] = []
    if sform_code > 0:
        rows = np.array(header.numbers(layout.rows), dtype=np.float64)
        forms.append(NiftiForm("sform", sform_code, rows.reshape(3, 4) * mm))
    if qform_code > 0:
        forms.append(NiftiForm("qform", qform_code, _qform(header) * mm))
    if not all(np.isfinite(form.affine).all() for form in forms):
        raise InputError(
            f"The affine in the header of {header.name} holds numbers that are not finite; "
            "correct its sform or qform."
        )
    ends = [(0, n - 1) for n in [*header.sizes, 1, 1][:3]]
    corners = np.array([[*index, 1] for index in itertools.product(*ends)], dtype=np.float64)
    return NiftiPlace(header.name, tuple(forms), corners)


def _qform(header: NiftiHeader) -> Affine:
    """The 3×4 affine of the quaternion (NIfTI-1 standard, method 2)."""
    b, c, d, x, y, z = header.numbers(header.layout.quaternion)
    pixdim = header.numbers(header.layout.pixdim)
    a = math.sqrt(max(0.0, 1.0 - (b * b + c * c + d * d)))
    rotation = np.array(
        [
            [a * a + b * b - c * c - d * d, 2 * (b * c - a * d), 2 * (b * d + a * c)],
            [2 * (b * c + a * d), a * a + c * c - b * b - d * d, 2 * (c * d - a * b)],
            [2 * (b * d - a * c), 2 * (c * d + a * b), a * a + d * d - c * c - b * b],
        ]
    )
    steps = np.array(pixdim[1:4]) * [1.0, 1.0, -1.0 if pixdim[0] < 0 else 1.0]
    return np.column_stack([rotation * steps, [x, y, z]])


def _affine_of(grid: Grid) -> Affine:
    """3×4, from voxels (i, j, k) to RAS mm."""
    return _RAS_OF_LPS @ np.column_stack([grid.axes, grid.origin])


def _voxel(affine: Affine) -> str:
    return " × ".join(f"{length:.3g}" for length in np.linalg.norm(affine[:, :3], axis=0))
