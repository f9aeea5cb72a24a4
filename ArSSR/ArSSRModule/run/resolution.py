"""How fine the result is to be: the grid that the user's choice of resolution comes down to."""

import math
from dataclasses import dataclass

from slicer.i18n import tr as _

from ..parameters import ScaleMode


@dataclass(frozen=True)
class Resolution:
    """What the panel's section Resolution asks for.

    Attributes:
        grid: of the whole volume's result, an ``ArSSRLib.volumes.grid.Grid``.
        arguments: the same for the library's command line, such as ``("--scale", "2.5")``.
        text: how the user said it, for names: ``2.5x``, ``1.25 mm``, ``isotropic``.
    """

    grid: object
    arguments: tuple[str, ...]
    text: str


def chosenResolution(parameters, grid) -> Resolution:
    """What the user's choice makes of a volume on ``grid``.

    Raises:
        ValueError: no axis would become finer.
    """
    if parameters.scaleMode is ScaleMode.FACTOR:
        scale = f"{round(parameters.scale, 4):g}"
        return Resolution(grid.upsampled(float(scale)), ("--scale", scale), f"{scale}x")
    if parameters.scaleMode is ScaleMode.ISOTROPIC:
        return _isotropic(grid)
    return _noCoarserThan(grid, parameters.targetSpacing)


def _isotropic(grid) -> Resolution:
    target = _gridNoCoarserThan(grid, min(grid.spacing))
    if target.size == grid.size:
        raise ValueError(
            _(
                "The input is isotropic already, as nearly as whole voxels allow ({spacing}); "
                "choose a scale factor or a target voxel size."
            ).format(spacing=spacingText(grid.spacing))
        )
    return Resolution(target, _spacingArguments(target), "isotropic")


def _noCoarserThan(grid, spacing: float) -> Resolution:
    target = _gridNoCoarserThan(grid, spacing)
    if target.size == grid.size:
        raise ValueError(
            _(
                "Voxels of {target:g} mm would make no axis of the input ({spacing}) finer; "
                "choose at most {largest:.2f} mm."
            ).format(
                target=spacing,
                spacing=spacingText(grid.spacing),
                largest=math.floor(_largestThatAddsAVoxel(grid) * 100) / 100,
            )
        )
    return Resolution(target, _spacingArguments(target), f"{spacing:g} mm")


def _gridNoCoarserThan(grid, spacing: float):
    """``grid`` with voxels of ``spacing`` mm along the axes that are coarser; the others stay."""
    return grid.with_spacing(tuple(min(own, spacing) for own in grid.spacing))


def _largestThatAddsAVoxel(grid) -> float:
    """Voxel sizes above this, in mm, round to the number of voxels that every axis has already."""
    return max(side / (n + 0.5) for side, n in zip(grid.field_of_view, grid.size, strict=True))


def _spacingArguments(target) -> tuple[str, ...]:
    """Exactly the sizes of ``target``: the library would round what was asked for once more."""
    return ("--spacing", ",".join(f"{mm:.9g}" for mm in target.spacing))


def spacingText(spacing) -> str:
    """
    >>> spacingText((0.8675, 0.8675, 0.8712))
    '0.868 × 0.868 × 0.871 mm'
    """
    return " × ".join(f"{mm:.3g}" for mm in spacing) + " mm"
