"""A simulated coarse scan covers the same patient."""

from __future__ import annotations

import numpy as np
import pytest

from ArSSRLib.choices import KERNELS
from ArSSRLib.errors import InputError
from ArSSRLib.resampling.blur import Blur
from ArSSRLib.resampling.simulation import simulate_volume
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
