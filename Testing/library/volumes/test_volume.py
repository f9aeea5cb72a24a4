"""A volume is refused that holds no intensities or does not fit its grid."""

from __future__ import annotations

import numpy as np
import pytest
import SimpleITK as sitk

from ArSSRLib.errors import InputError
from ArSSRLib.volumes.grid import Grid
from ArSSRLib.volumes.volume import Volume, volume_of_image


def test_nan_and_infinite_voxels_are_counted_and_refused() -> None:
    values = np.zeros((3, 4, 5), np.float32)
    values[0, 0, 0], values[1, 1, 1] = np.nan, np.inf
    with pytest.raises(InputError, match="2 NaN or infinite voxels"):
        volume_of_image(sitk.GetImageFromArray(values))


def test_an_array_that_does_not_fit_its_grid_is_refused() -> None:
    with pytest.raises(InputError, match="does not fit"):
        Volume(np.zeros((3, 4, 5), np.float32), Grid((3, 4, 5)))
