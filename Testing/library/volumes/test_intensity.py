"""Intensities are brought to about 0 to 1 and back, with air at 0."""

from __future__ import annotations

import numpy as np
import pytest

from ArSSRLib.resampling.blur import Blur
from ArSSRLib.resampling.degradation import simulate_low_resolution
from ArSSRLib.sample import sample_path
from ArSSRLib.volumes.files.reading import read_volume
from ArSSRLib.volumes.intensity import Normalisation


@pytest.fixture(scope="module")
def brain() -> np.ndarray:
    return read_volume(sample_path()).array


def test_a_few_hot_voxels_do_not_change_the_range(brain: np.ndarray) -> None:
    hot = brain.copy()
    hot.flat[::100_000] = 50.0 * brain.max()
    assert Normalisation.of(hot).span == pytest.approx(Normalisation.of(brain).span, rel=0.01)


def test_restoring_undoes_the_line(brain: np.ndarray) -> None:
    line = Normalisation.of(brain)
    np.testing.assert_allclose(line.restore(line.apply(brain)), brain, atol=1e-6 * line.span)


@pytest.mark.parametrize("kernel", ["cubic", "kspace"])
def test_air_stays_at_zero_in_a_volume_that_rings(brain: np.ndarray, kernel: str) -> None:
    low = simulate_low_resolution(brain, [round(n / 2) for n in brain.shape], Blur(kernel))
    assert np.percentile(low, 0.1) < 0, "the test needs a volume that rings"
    assert Normalisation.of(low).offset == Normalisation.of(brain).offset == 0.0


def test_intensities_centred_at_zero_keep_their_own_lowest_value(brain: np.ndarray) -> None:
    centred = (brain - brain.mean()) / brain.std()
    assert Normalisation.of(centred).offset == pytest.approx(float(centred.min()), abs=1e-3)


def test_a_constant_volume_has_a_range_of_one() -> None:
    assert Normalisation.of(np.full((4, 4, 4), 7.0, np.float32)) == Normalisation(7.0, 1.0)
