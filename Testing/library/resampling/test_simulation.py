"""A simulated coarse scan covers the same patient."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ArSSRLib.choices import KERNELS, NOISES, NoiseKind
from ArSSRLib.errors import InputError
from ArSSRLib.resampling.blur import Blur
from ArSSRLib.resampling.noise import Noise, unit_noise
from ArSSRLib.resampling.simulation import simulate_volume
from ArSSRLib.volumes.intensity import Normalisation
from ArSSRLib.volumes.volume import Volume


@pytest.mark.parametrize("kernel", KERNELS)
def test_the_coarse_volume_covers_the_same_field_of_view(cortex: Volume, kernel: str) -> None:
    low = simulate_volume(cortex, (2.0, 2.5, 1.0), Blur(kernel))
    assert low.grid.size == (24, 18, 20)
    np.testing.assert_allclose(low.grid.field_of_view, cortex.grid.field_of_view, rtol=1e-12)
    faces = low.grid.index_to_world([-0.5, -0.5, -0.5]), cortex.grid.index_to_world([-0.5] * 3)
    np.testing.assert_allclose(*faces, atol=1e-9)
    assert low.array.mean() == pytest.approx(cortex.array.mean(), rel=0.02)
    assert low.pixel_type == cortex.pixel_type


@pytest.mark.parametrize("scale", [0.5, 0.0, -2.0, float("nan"), (2.0, 0.9, 2.0)])
def test_a_scale_that_does_not_coarsen_is_refused(cortex: Volume, scale: float) -> None:
    with pytest.raises(InputError, match="at least 1"):
        simulate_volume(cortex, scale)


@pytest.mark.parametrize("kind", NOISES)
def test_noise_has_the_strength_that_was_asked_for(cortex: Volume, kind: NoiseKind) -> None:
    plain = simulate_volume(cortex, 1.5)
    noisy = simulate_volume(cortex, 1.5, noise=Noise(0.03, kind))
    line = Normalisation.of(plain.array)
    bright = line.apply(plain.array) > 0.3
    found = ((noisy.array - plain.array) / line.span)[bright].std()
    assert found == pytest.approx(0.03, rel=0.05)
    assert (noisy.array >= 0).all() == (kind == "rician")


def test_noise_is_the_same_each_time(cortex: Volume) -> None:
    first, second = (simulate_volume(cortex, 2.0, noise=Noise(0.05)).array for _ in range(2))
    np.testing.assert_array_equal(first, second)
    other = simulate_volume(cortex, 2.0, noise=Noise(0.05, seed=1)).array
    assert not np.array_equal(first, other)


@pytest.mark.parametrize(
    ("values", "named"), [((-0.1,), "-0.1"), ((float("nan"),), "nan"), ((0.1, "pink"), "pink")]
)
def test_impossible_noise_is_refused(values: tuple[Any, ...], named: str) -> None:
    with pytest.raises(InputError, match=named):
        Noise(*values)


def test_noise_that_neighbours_share_is_as_strong_but_smoother() -> None:
    generator = np.random.default_rng(0)
    weights = np.array([0.4, 0.4, 0.4], dtype=np.float32)
    noise = unit_noise(generator, (40, 40, 40), weights)
    assert noise.std() == pytest.approx(1.0, rel=0.03)
    for axis in range(3):
        neighbours = np.corrcoef(
            np.take(noise, range(39), axis).ravel(), np.take(noise, range(1, 40), axis).ravel()
        )
        assert neighbours[0, 1] == pytest.approx(0.8 / 1.32, abs=0.05)
