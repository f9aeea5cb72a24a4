"""The refined error: a power law of the head's averaged errors, the slope, voxel size and axes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from stored_otherwise import in_another_order

from ArSSRLib.networks.catalogue import load_model
from ArSSRLib.networks.expected_error import SMALLEST_ERROR
from ArSSRLib.networks.spec import ExpectedErrorSpec
from ArSSRLib.upsampling.engine import Engine
from ArSSRLib.upsampling.refined_error import REACH, refined, widened
from ArSSRLib.upsampling.request import Upsampling
from ArSSRLib.upsampling.run import upsample_with_error
from ArSSRLib.upsampling.scales import Scales
from ArSSRLib.volumes.grid import Grid
from ArSSRLib.volumes.volume import Volume

SPEC = ExpectedErrorSpec(
    smoothing=1.0,
    factor=1.5,
    power=1.1,
    slope_power=0.1,
    axes_power=0.2,
    anisotropy_power=0.3,
    size_power=0.4,
)
SHAPE = (41, 20, 22)
SCALES = Scales((2.0, 2.0, 3.0), (1.4, 1.4, 1.4))


@pytest.fixture
def errors() -> np.ndarray:
    return np.random.default_rng(2).gamma(2.0, 0.01, SHAPE).astype(np.float16)


@pytest.fixture
def intensities() -> np.ndarray:
    return np.random.default_rng(3).gamma(2.0, 150.0, SHAPE).astype(np.float32)


def test_without_smoothing_the_errors_stay(errors: np.ndarray, intensities: np.ndarray) -> None:
    assert refined(errors, intensities, 900.0, SCALES, ExpectedErrorSpec()) is errors


def test_a_part_with_its_neighbours_has_the_errors_of_the_whole(
    errors: np.ndarray, intensities: np.ndarray
) -> None:
    whole = refined(errors, intensities, 900.0, SCALES, SPEC)
    box = ((9, 0, 5), (20, 6, 17))
    start, size = widened(box, SHAPE)
    assert start == (9 - REACH, 0, 5 - REACH)
    assert size == (20 + 2 * REACH, 6 + REACH, 17 + REACH)
    outer = tuple(slice(a, a + n) for a, n in zip(start, size, strict=True))
    part = refined(errors[outer], intensities[outer], 900.0, SCALES, SPEC)
    inner = tuple(slice(a - b, a - b + n) for a, b, n in zip(box[0], start, box[1], strict=True))
    place = tuple(slice(a, a + n) for a, n in zip(*box, strict=True))
    np.testing.assert_allclose(part[inner], whole[place], rtol=2e-3)


def test_the_error_of_a_constant_neighbourhood_is_the_power_law() -> None:
    errors = np.full(SHAPE, 0.02, dtype=np.float16)
    ramp = np.broadcast_to(90.0 * np.arange(SHAPE[2], dtype=np.float32), SHAPE)
    found = refined(errors, ramp, 900.0, SCALES, SPEC).astype(np.float32)
    of_voxel = 1.5 * 0.02**1.1 * (0.1 * 3.0 + 3e-3) ** 0.1
    expected = of_voxel * SCALES.axes**0.2 * SCALES.anisotropy**0.3 * 1.4**0.4
    np.testing.assert_allclose(found, expected, rtol=2e-3)


def test_voxels_below_the_smallest_promise_no_smaller_errors(
    errors: np.ndarray, intensities: np.ndarray
) -> None:
    small, smallest = (
        refined(errors, intensities, 900.0, SCALES._replace(spacing=(size, size, size)), SPEC)
        for size in (0.7, 0.05)
    )
    np.testing.assert_array_equal(small, smallest)


def test_no_error_is_below_the_smallest(intensities: np.ndarray) -> None:
    flat = np.zeros(SHAPE, dtype=np.float32)
    errors = np.full(SHAPE, SMALLEST_ERROR, dtype=np.float16)
    found = refined(errors, flat, 900.0, SCALES, SPEC)
    np.testing.assert_allclose(found.astype(np.float32), SMALLEST_ERROR, rtol=1e-3)


def _errors_along_k(volume: Volume, path: Path) -> np.ndarray:
    """Expected errors of a volume with 2 times the voxels along the axis k of ``cortex``."""
    model = load_model(path)
    model = replace(model, header=replace(model.header, expected_error=SPEC))
    axis = max(range(3), key=lambda n: abs(volume.grid.axes[2, n]))
    scale = [2.0 if n == axis else 1.0 for n in range(3)]
    request = Upsampling.of(scale=scale, model=model, expected_error=True)
    errors = upsample_with_error(volume, request, model=model).errors
    assert errors is not None
    return errors.shares.astype(np.float32)


def test_the_error_grows_with_the_voxels_that_are_refined(
    cortex: Volume, error_model_path: Path
) -> None:
    def with_spacing(i: float, j: float, k: float) -> Volume:
        return replace(cortex, grid=Grid(cortex.grid.size, (i, j, k)))

    thin = _errors_along_k(with_spacing(1.0, 1.0, 1.0), error_model_path)
    known = thin > 1.1 * SMALLEST_ERROR
    thick = _errors_along_k(with_spacing(1.0, 1.0, 4.0), error_model_path)
    np.testing.assert_allclose(thick[known], thin[known] * (2.0 / 0.7) ** 0.4, rtol=4e-3)
    wide = _errors_along_k(with_spacing(4.0, 1.0, 1.0), error_model_path)
    np.testing.assert_allclose(wide, thin, rtol=1e-3)
    otherwise = in_another_order(with_spacing(1.0, 1.0, 4.0), (2, 0, 1), (True, False, True))
    assert otherwise.grid.spacing == (4.0, 1.0, 1.0)
    turned = _errors_along_k(otherwise, error_model_path)
    np.testing.assert_allclose(np.sort(turned.ravel()), np.sort(thick.ravel()), rtol=2e-3)


def test_the_engine_refines_a_box_as_it_refines_the_whole(
    cortex: Volume, error_model_path: Path
) -> None:
    model = load_model(error_model_path)
    header = replace(model.header, expected_error=SPEC)
    engine = Engine(model=replace(model, header=header), device="cpu", precision="float32")
    fine = tuple(2 * n for n in cortex.array.shape)
    intensities, whole = engine.upsample_with_error(cortex.array, fine)
    box = ((4, 6, 7), (9, 11, 12))
    part, errors = engine.upsample_with_error(cortex.array, fine, box)
    place = tuple(slice(a, a + n) for a, n in zip(*box, strict=True))
    np.testing.assert_allclose(errors.shares, whole.shares[place], rtol=4e-3)
    np.testing.assert_allclose(part, intensities[place], rtol=1e-4, atol=1e-3)
    assert not np.allclose(
        Engine(model=model, device="cpu").upsample_with_error(cortex.array, fine)[1].shares,
        whole.shares,
    )
