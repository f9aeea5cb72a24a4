"""A line for the intensity profile that leaves the volumes is said, not dropped in silence."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import SimpleITK as sitk

from ArSSRLib.errors import InputError
from ArSSRLib.evaluation.run import evaluate
from ArSSRLib.evaluation.settings import Settings
from ArSSRLib.volumes.grid import Grid

Quick = Callable[..., Settings]


def _line_through(grid: Grid) -> tuple[float, ...]:
    middle = [size / 2 for size in grid.size]
    ends = grid.index_to_world([[2.0, *middle[1:]], [grid.size[0] - 3.0, *middle[1:]]])
    return tuple(float(x) for x in ends.ravel())


def test_a_line_outside_every_volume_is_refused_before_methods_are_measured(quick: Quick) -> None:
    settings = quick(line=(900.0, 0.0, 0.0, 950.0, 0.0, 0.0))
    with pytest.raises(InputError, match=r"line 900,0,0,950,0,0 .* leaves every volume; give two"):
        evaluate(settings)
    assert not list(settings.output.rglob("cubic.json"))


def test_a_volume_that_the_line_leaves_is_named_and_measured(
    quick: Quick, folder: Path, brain_grid: Grid
) -> None:
    path = folder / "brain_46_2mm.nii.gz"
    image = sitk.ReadImage(str(path))
    image.SetOrigin([x + 1000.0 for x in image.GetOrigin()])
    sitk.WriteImage(image, str(path))
    warnings: list[str] = []
    evaluation = evaluate(quick(line=_line_through(brain_grid)), warn=warnings.append)
    assert len(warnings) == 1 and "leaves brain_46_2mm, which has no profile" in warnings[0]
    assert list(evaluation.notes) == warnings and len(evaluation.measured) == 2


def test_a_line_without_length_is_refused(quick: Quick) -> None:
    with pytest.raises(InputError, match="starts and ends at one point"):
        quick(line=(1.0, 2.0, 3.0, 1.0, 2.0, 3.0))
