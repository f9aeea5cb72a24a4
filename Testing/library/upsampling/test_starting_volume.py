"""What a run starts from, and the warning where there is little to sharpen; on the real head."""

from __future__ import annotations

import logging

import numpy as np
import pytest

import ArSSRLib
from ArSSRLib.resampling.interpolation import interpolate
from ArSSRLib.resampling.to_measured import at_measured_resolution
from ArSSRLib.sample import sample_path
from ArSSRLib.upsampling.request import Upsampling
from ArSSRLib.upsampling.run import starting_volume
from ArSSRLib.volumes.files.reading import read_volume
from ArSSRLib.volumes.grid import Grid
from ArSSRLib.volumes.measured_resolution import MeasuredResolution
from ArSSRLib.volumes.volume import Volume


@pytest.fixture(scope="module")
def head() -> Volume:
    """The middle of the bundled head, 1 mm voxels."""
    array = read_volume(sample_path("head")).array[20:60, 50:122, 40:120]
    return Volume(array, Grid(array.shape[::-1]), "int16")


@pytest.fixture(scope="module", params=["linear", "cubic"])
def interpolated(head: Volume, request: pytest.FixtureRequest) -> Volume:
    """The same, with 2 and 1.25 times the voxels along i and j."""
    array = np.rint(interpolate(head.array, (40, 90, 160), request.param))
    return Volume(array, head.grid.resized((160, 90, 40)), "int16")


def test_interpolation_is_undone(head: Volume, interpolated: Volume) -> None:
    measured = MeasuredResolution.of(interpolated.array, interpolated.grid)
    start = at_measured_resolution(interpolated, measured)
    assert start.grid.size == head.grid.size
    np.testing.assert_allclose(start.grid.origin, head.grid.origin, atol=1e-9)
    # The interpolated volume was rounded to whole numbers.
    np.testing.assert_allclose(start.array, head.array, atol=3.0)


def test_only_frequencies_that_hold_nothing_are_cut_off(head: Volume) -> None:
    spectrum = np.fft.fftshift(np.fft.fft(head.array), axes=2)
    padded = np.pad(spectrum, [(0, 0), (0, 0), (30, 30)])
    array = np.rint(1.75 * np.abs(np.fft.ifft(np.fft.ifftshift(padded, axes=2))))
    finer = Volume(array.astype(np.float32), head.grid.resized((140, 72, 40)), "int16")
    start = starting_volume(finer, Upsampling.of(isotropic=True, from_measured=True))
    assert 80 <= start.grid.size[0] <= 88
    again = np.fft.fft(start.array)
    kept = np.square(np.abs(again)).sum() / start.grid.size[0]
    whole = np.square(np.abs(np.fft.fft(finer.array))).sum() / 140
    assert kept * 140 / start.grid.size[0] == pytest.approx(whole, rel=1e-3)


def test_the_network_is_said_to_have_little_to_sharpen(
    interpolated: Volume, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    request = Upsampling.of(scale=(2.0, 1.0, 1.0))
    assert starting_volume(interpolated, request) is interpolated
    assert "Along i the voxels of 0.5 mm hold the detail of about" in caplog.text
    caplog.clear()
    for harmless in (
        Upsampling.of(scale=(1.0, 1.0, 2.0)),
        Upsampling.of(scale=2.0, method="cubic"),
    ):
        assert starting_volume(interpolated, harmless) is interpolated
    assert caplog.text == ""


def test_a_scan_as_it_was_measured_stays_as_it_is(head: Volume) -> None:
    request = Upsampling.of(scale=2.0, method="cubic", from_measured=True)
    assert starting_volume(head, request) is head


def test_a_scale_counts_from_the_measured_grid(head: Volume, interpolated: Volume) -> None:
    fine, grid = ArSSRLib.upsample(
        interpolated.array, (2.0, 1.25, 1.0), grid=interpolated.grid, method="linear",
        from_measured=True,
    )  # fmt: skip
    assert fine.shape == interpolated.array.shape
    np.testing.assert_allclose(grid.origin, interpolated.grid.origin, atol=1e-9)
    expected = interpolate(head.array, fine.shape, "linear")
    np.testing.assert_allclose(fine, expected, atol=3.0)
