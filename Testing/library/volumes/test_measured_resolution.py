"""The measured resolution of real scans: as they are, and made finer by known factors."""

from __future__ import annotations

import numpy as np
import pytest

from ArSSRLib.resampling.interpolation import interpolate
from ArSSRLib.sample import sample_path
from ArSSRLib.volumes.array_types import FloatArray
from ArSSRLib.volumes.files.reading import read_volume
from ArSSRLib.volumes.grid import Grid
from ArSSRLib.volumes.measured_resolution import MeasuredResolution


@pytest.fixture(scope="module")
def head() -> FloatArray:
    """The middle of the bundled head, 72 × 80 × 80 voxels (k, j, i)."""
    return read_volume(sample_path("head")).array[:72, 50:130, 40:120]


def _zero_filled(array: FloatArray, size: int) -> FloatArray:
    """The magnitude of ``array`` with its k-space filled with zeros along the last axis (i)."""
    stored = array.shape[2]
    padded = np.zeros((*array.shape[:2], size), complex)
    start = size // 2 - stored // 2
    padded[..., start : start + stored] = np.fft.fftshift(np.fft.fft(array), axes=2)
    made = np.abs(np.fft.ifft(np.fft.ifftshift(padded, axes=2))) * (size / stored)
    return np.rint(made).astype(np.float32)


def _measured(array: FloatArray, spacing: float = 1.0) -> MeasuredResolution:
    return MeasuredResolution.of(array, Grid(array.shape[::-1], (spacing, 1.0, 1.0)))


def test_a_scan_as_it_was_measured_has_its_own_voxel_size() -> None:
    volume = read_volume(sample_path("head"))
    measured = MeasuredResolution.of(volume.array, volume.grid)
    assert [axis.how for axis in measured.axes] == ["as stored"] * 3
    assert measured.spacing == volume.grid.spacing
    assert not measured.is_coarser and measured.grid_of(volume.grid) == volume.grid


def test_slices_of_2_mm_are_told_from_the_smoother_directions_within_them() -> None:
    volume = read_volume(sample_path("brain"))
    measured = MeasuredResolution.of(volume.array, volume.grid)
    assert measured.axes[2].how == "as stored"
    # Its source lists 1.02 and 1.11 mm as effective, in voxels of 0.868 mm.
    assert measured.spacing[:2] == pytest.approx((1.02, 1.11), rel=0.04)


@pytest.mark.parametrize("size", [104, 160])
def test_zero_filled_k_space_is_found_along_its_axis_only(head: FloatArray, size: int) -> None:
    along_i, along_j, along_k = _measured(_zero_filled(head[:, 20:60], size), spacing=0.5).axes
    assert along_i.how == "zero-filled"
    assert along_i.measured_mm == pytest.approx(0.5 * size / 80, rel=0.1)
    assert (along_j.how, along_k.how) == ("as stored", "as stored")


@pytest.mark.parametrize(
    ("method", "sizes"), [("linear", (90, 100, 120)), ("cubic", (90, 104, 160))]
)
def test_interpolation_is_found_with_its_factors(
    head: FloatArray, method: str, sizes: tuple[int, int, int]
) -> None:
    made = np.rint(interpolate(head, sizes, method))  # type: ignore[arg-type]
    measured = _measured(made)
    assert [axis.how for axis in measured.axes] == ["interpolated"] * 3
    factors = [m / n for n, m in zip((80, 80, 72), reversed(sizes), strict=True)]
    assert [axis.factor for axis in measured.axes] == pytest.approx(factors, rel=0.02)


def test_the_measured_grid_covers_the_field_of_view(head: FloatArray) -> None:
    made = interpolate(head[20:60], (40, 80, 160), "linear")
    grid = Grid((160, 80, 40), (0.5, 1.0, 1.0), (-3.0, 2.0, 7.0))
    measured = MeasuredResolution.of(made, grid).grid_of(grid)
    assert measured.size == (80, 80, 40)
    assert measured.field_of_view == pytest.approx(grid.field_of_view)


@pytest.mark.parametrize("shape", [(80, 80, 80), (12, 14, 10), (1, 1, 1)])
def test_nothing_is_claimed_of_a_volume_without_tissue_to_judge_by(
    shape: tuple[int, int, int],
) -> None:
    array = np.zeros(shape, np.float32)
    assert {axis.how for axis in _measured(array).axes} == {"unknown"}
    assert {axis.how for axis in _measured(array + 7.0).axes} == {"unknown"}
