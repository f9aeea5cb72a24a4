"""The two-line API on SimpleITK images and on arrays."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk
import torch

import ArSSRLib
from ArSSRLib.errors import InputError
from ArSSRLib.volumes.grid import Grid


def test_two_lines_upsample_an_image(cortex_path: Path, seeded_model_path: Path) -> None:
    image = sitk.ReadImage(str(cortex_path))
    model = ArSSRLib.load_model(seeded_model_path)
    sharper = ArSSRLib.upsample(image, 1.5, model=model)
    assert isinstance(sharper, sitk.Image)
    assert sharper.GetSize() == (72, 66, 30)
    assert sharper.GetPixelID() == image.GetPixelID()
    assert sharper.GetDirection() == image.GetDirection()
    field = [n * s for n, s in zip(image.GetSize(), image.GetSpacing(), strict=True)]
    fine = [n * s for n, s in zip(sharper.GetSize(), sharper.GetSpacing(), strict=True)]
    np.testing.assert_allclose(fine, field, rtol=1e-12)


def test_an_array_with_its_grid_gives_an_array_with_its_grid() -> None:
    grid = Grid((6, 5, 4), (1.0, 1.0, 3.0), (1.0, 2.0, 3.0))
    array = np.random.default_rng(0).integers(0, 255, (4, 5, 6)).astype(np.uint8)
    fine, fine_grid = ArSSRLib.upsample(array, spacing=1.0, grid=grid, method="cubic")
    assert fine.dtype == np.uint8
    assert fine.shape == (12, 5, 6)
    assert fine_grid == grid.upsampled((1.0, 1.0, 3.0))


def test_image_and_array_give_the_same_values(cortex_path: Path) -> None:
    image = sitk.ReadImage(str(cortex_path))
    by_image = sitk.GetArrayFromImage(ArSSRLib.upsample(image, (1, 1, 2.3), method="linear"))
    by_array, _ = ArSSRLib.upsample(
        sitk.GetArrayFromImage(image), (1, 1, 2.3), grid=Grid.of_image(image), method="linear"
    )
    np.testing.assert_array_equal(by_image, by_array)


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((4, 5)),
        np.zeros((4, 5, 6, 3)),
        np.zeros((4, 5, 6), complex),
        np.full((4, 5, 6), np.nan),
        np.array([[["a"]]]),
        sitk.Image(4, 5, sitk.sitkFloat32),
        sitk.Image([4, 5, 6], sitk.sitkVectorUInt8, 3),
        sitk.Image([4, 5, 6], sitk.sitkComplexFloat32),
        sitk.Image([4, 5, 6, 2], sitk.sitkFloat32),
        sitk.Image([4, 5, 6], sitk.sitkLabelUInt8),
    ],
    ids=["2-D", "4-D", "complex", "NaN", "text", "2-D image", "RGB image", "complex image",
         "4-D image", "label map"],
)  # fmt: skip
def test_anything_but_a_scalar_volume_is_refused(image: object) -> None:
    with pytest.raises(InputError):
        ArSSRLib.upsample(image, 2, method="cubic")  # type: ignore[call-overload]


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"scale": "x"}, "'x'"),
        ({"scale": True}, "True"),
        ({"scale": (1, 2)}, "1.0, 2.0"),
        ({"scale": (1, 1, "x")}, "'x'"),
        ({"spacing": "x"}, "'x'"),
        ({"scale": 2, "roi": "1,2,3,4,5,6"}, "'1,2,3,4,5,6'"),
        ({"scale": 2, "grid": 3}, "3"),
        ({"scale": 2, "model": 3, "method": "arssr"}, "of the type int"),
        ({"scale": 2, "progress": 3}, "3"),
        ({"scale": 2, "device": "tpu", "method": "arssr"}, "tpu"),
    ],
)
def test_an_option_that_makes_no_sense_is_refused(options: dict[str, Any], named: str) -> None:
    with pytest.raises(InputError, match=re.escape(named)):
        ArSSRLib.upsample(np.zeros((4, 5, 6)), **{"method": "cubic", **options})


def test_numbers_of_numpy_and_devices_of_torch_do_as_well(seeded_model_path: Path) -> None:
    array = np.random.default_rng(0).random((4, 5, 6), np.float32)
    fine, grid = ArSSRLib.upsample(array, np.array([1, 1, 2.0]), method="cubic")
    assert (fine.shape, grid.spacing) == ((8, 5, 6), (1.0, 1.0, 0.5))
    fine, _ = ArSSRLib.upsample(
        array, spacing=np.full(3, 0.5), model=seeded_model_path, device=torch.device("cpu")
    )
    assert fine.shape == (8, 10, 12)


def test_an_image_refuses_a_second_grid() -> None:
    with pytest.raises(InputError, match="its own grid"):
        ArSSRLib.upsample(  # type: ignore[call-overload]
            sitk.Image(4, 5, 6, sitk.sitkFloat32), 2, grid=Grid((4, 5, 6)), method="cubic"
        )


def test_importing_the_library_imports_nothing_heavy() -> None:
    heavy = ("numpy", "SimpleITK", "torch")
    script = f"import ArSSRLib, sys; print([m for m in {heavy!r} if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True,
        cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert done.stdout.strip() == "[]"


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="downsample"):
        ArSSRLib.downsample  # noqa: B018
