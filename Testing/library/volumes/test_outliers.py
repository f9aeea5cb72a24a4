"""Padding and outliers are kept out of what the network sees; sound volumes are left alone."""

from __future__ import annotations

import numpy as np
import pytest

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
    [(2.5, "1 single voxels"), *((times, "1 voxels far outside") for times in (11.0, 1000.0, -20))],
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
