"""FreeSurfer's volumes are read where nibabel puts them."""

from __future__ import annotations

from pathlib import Path

import nibabel as nib
import numpy as np
import pytest

from ArSSRLib.errors import InputError
from ArSSRLib.volumes.files.reading import read_volume

CONFORMED = np.array([[-1.0, 0, 0, 12], [0, 0, 1, -20], [0, -1, 0, 30], [0, 0, 0, 1]])


@pytest.mark.parametrize("name", ["orig.mgz", "orig.mgh"])
@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.int32, np.float32])
def test_a_volume_is_read_with_its_place_and_type(
    tmp_path: Path, name: str, dtype: type[np.generic]
) -> None:
    values = np.arange(60).reshape(3, 4, 5).astype(dtype)
    nib.save(nib.MGHImage(values, CONFORMED @ np.diag([1, 1.5, 2, 1])), tmp_path / name)
    volume = read_volume(tmp_path / name)
    np.testing.assert_array_equal(volume.array, values.T)
    assert volume.pixel_type == np.dtype(dtype).name
    affine = np.diag([-1.0, -1.0, 1.0]) @ np.column_stack([volume.grid.axes, volume.grid.origin])
    np.testing.assert_allclose(affine, nib.load(tmp_path / name).affine[:3], atol=1e-4)


@pytest.mark.parametrize("kept", [0.0, 0.5, 0.9])
def test_a_truncated_file_is_refused(tmp_path: Path, kept: float) -> None:
    values = np.arange(600, dtype=np.int16).reshape(10, 10, 6)
    for name in ("a.mgz", "a.mgh"):
        nib.save(nib.MGHImage(values, np.eye(4)), tmp_path / name)
        data = (tmp_path / name).read_bytes()
        (tmp_path / name).write_bytes(data[: int(len(data) * kept)])
        with pytest.raises(InputError, match=r"truncated|damaged"):
            read_volume(tmp_path / name)
