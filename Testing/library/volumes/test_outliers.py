"""Padding and outliers are kept out of what the network sees; sound volumes are left alone."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from ArSSRLib.sample import sample_path
from ArSSRLib.volumes.files.reading import read_volume
from ArSSRLib.volumes.outliers import split_outliers


@pytest.fixture(scope="module")
def brain() -> np.ndarray:
    """A real brain without its skull, in air of 0."""
    return read_volume(sample_path()).array


def test_a_sound_volume_is_seen_as_it_is(brain: np.ndarray) -> None:
    for array in (brain, brain + 100, brain - brain.mean(), (brain - brain.mean()) / brain.std()):
        split = split_outliers(array)
        assert split.seen is array
        assert split.rest is None and split.notes == ()


@pytest.mark.parametrize("value", [-1000.0, -32768.0, -1e6])
def test_padding_around_a_head_becomes_air(brain: np.ndarray, value: float) -> None:
    padded = np.where(brain == 0, np.float32(value), brain)
    split = split_outliers(padded)
    np.testing.assert_array_equal(split.seen, brain)
    assert f"padding value {value:g}" in split.notes[0]
    restored = split.seen.copy()
    split.put_back(restored, split.rest)
    np.testing.assert_array_equal(restored, padded)


def test_padding_below_negative_intensities_becomes_the_lowest_of_them(brain: np.ndarray) -> None:
    centred = (brain - brain.mean()) / brain.std()
    padded = centred.copy()
    padded[:, :20] = -1000.0
    split = split_outliers(padded)
    assert split.seen.min() == pytest.approx(centred[:, 20:].min(), abs=1e-3)


def test_padding_above_all_intensities_becomes_air(brain: np.ndarray) -> None:
    grey = np.rint(brain / brain.max() * 900).astype(np.float32)
    padded = np.where(grey == 0, np.float32(65535), grey)
    assert split_outliers(padded).seen.max() <= 900


@pytest.mark.parametrize(
    ("times", "note"),
    [
        (2.5, "1 voxels in 1 bright spots"),
        *((times, "1 voxels far outside") for times in (11.0, 1000.0, -20)),
    ],
)
def test_an_outlier_becomes_what_its_neighbours_are(
    brain: np.ndarray, times: float, note: str
) -> None:
    spiked = brain.copy()
    at = tuple(n // 2 for n in brain.shape)
    spiked[at] = times * brain.max()
    split = split_outliers(spiked)
    around = brain[tuple(slice(n - 1, n + 2) for n in at)]
    assert around.min() <= split.seen[at] <= around.max()
    untouched = np.ones(brain.shape, bool)
    untouched[at] = False
    np.testing.assert_array_equal(split.seen[untouched], brain[untouched])
    assert note in split.notes[0]


@pytest.mark.parametrize("times", [2.5, 5.0, 11.0])
@pytest.mark.parametrize("shape", [(1, 1, 2), (2, 2, 2), (1, 3, 3), (8, 1, 1), (5, 5, 5)])
def test_a_bright_spot_becomes_what_is_around_it(
    brain: np.ndarray, shape: tuple[int, int, int], times: float
) -> None:
    spotted = brain.copy()
    spot = tuple(slice(n // 2, n // 2 + side) for n, side in zip(brain.shape, shape, strict=True))
    spotted[spot] = times * brain.max()
    split = split_outliers(spotted)
    around = brain[tuple(slice(part.start - 1, part.stop + 1) for part in spot)]
    assert around.min() <= split.seen[spot].min() <= split.seen[spot].max() <= around.max()
    np.testing.assert_array_equal(split.seen + split.rest, spotted)
    expected = brain.copy()
    expected[spot] = split.seen[spot]
    np.testing.assert_array_equal(split.seen, expected)
    assert f"{np.prod(shape)} voxels" in split.notes[0]


def test_two_spots_of_different_brightness_are_both_found(brain: np.ndarray) -> None:
    spotted = brain.copy()
    k, j, i = (n // 2 for n in brain.shape)
    spotted[k, j, i : i + 2] = 2.5 * brain.max()
    spotted[k, j + 10 : j + 12, i] = 3.5 * brain.max()
    assert "4 voxels in 2 bright spots" in split_outliers(spotted).notes[0]


def test_the_edge_of_metal_is_kept_out_with_it(brain: np.ndarray) -> None:
    metal = np.zeros(brain.shape)
    middle = tuple(slice(n // 2, n // 2 + 4) for n in brain.shape)
    metal[middle] = 12 * brain.max()
    blurred = (brain + gaussian_filter(metal, 0.6)).astype(np.float32)
    assert split_outliers(blurred).seen.max() < 1.7 * brain.max()


def test_a_vessel_with_soft_edges_is_left_alone(brain: np.ndarray) -> None:
    k, j, i = (n // 2 for n in brain.shape)
    vessel = np.zeros(brain.shape)
    vessel[k : k + 2, j, i - 20 : i + 20] = 3 * brain.max()
    array = (brain + gaussian_filter(vessel, 0.8)).astype(np.float32)
    assert array.max() > 1.7 * brain.max()
    assert split_outliers(array).seen is array


def test_metal_does_not_change_the_range(brain: np.ndarray) -> None:
    metal = brain.copy()
    chosen = np.random.default_rng(0).choice(brain.size, brain.size * 15 // 10_000, replace=False)
    metal.flat[chosen] = 11 * brain.max()
    split = split_outliers(metal)
    assert split.seen.max() <= 1.05 * brain.max()
    np.testing.assert_allclose(split.seen + split.rest, metal, rtol=1e-6)


@pytest.mark.parametrize("value", [0.0, -32768.0, 7.0])
def test_a_constant_volume_is_left_alone(value: float) -> None:
    array = np.full((6, 6, 6), value, np.float32)
    assert split_outliers(array).seen is array


def test_one_bright_object_in_air_is_not_an_outlier() -> None:
    array = np.zeros((40, 40, 40), np.float32)
    array[20, 20, 20] = 1000.0
    assert split_outliers(array).seen is array


def test_padding_that_the_file_names_is_kept_out_at_any_value(brain: np.ndarray) -> None:
    outside = brain == 0
    padded = np.where(outside, np.float32(900), brain)
    assert split_outliers(padded).padding is None
    split = split_outliers(padded, named=900.0)
    assert split.padding == 900.0 and split.air == 0.0
    assert split.seen[outside].max() == 0.0
    assert split_outliers(brain, named=0.0).seen is brain
    assert split_outliers(brain, named=-5.0).seen is brain
