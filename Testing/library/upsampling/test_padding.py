"""Padding and outliers do not cost the network its gain over cubic interpolation."""

from __future__ import annotations

import logging

import numpy as np
import pytest
from scipy.ndimage import binary_erosion, distance_transform_edt

import ArSSRLib
from ArSSRLib.networks.model_file import Model
from ArSSRLib.sample import sample_path
from ArSSRLib.volumes.files.reading import read_volume

pytestmark = pytest.mark.slow

SCALE = 2


@pytest.fixture(scope="module")
def truth() -> np.ndarray:
    """The middle of a real brain and the air beside it, of an even size."""
    array = read_volume(sample_path()).array
    k, j, _ = (n // 2 for n in array.shape)
    return array[k - 14 : k + 14, j - 24 : j + 24, :64] / array.max() * 600


@pytest.fixture(scope="module")
def low(truth: np.ndarray) -> np.ndarray:
    depth, height, width = (n // SCALE for n in truth.shape)
    means = truth.reshape(depth, SCALE, height, SCALE, width, SCALE).mean((1, 3, 5))
    return np.rint(means).astype(np.float32)


@pytest.fixture(scope="module")
def model() -> Model:
    return ArSSRLib.load_model()


@pytest.fixture(scope="module")
def clean(low: np.ndarray, model: Model) -> np.ndarray:
    return _upsampled(low, "arssr", model)


def _upsampled(array: np.ndarray, method: str, model: Model | None = None) -> np.ndarray:
    extra = {} if model is None else {"model": model}
    return ArSSRLib.upsample(array, SCALE, method=method, fast=True, **extra)[0]


def _fine(mask: np.ndarray) -> np.ndarray:
    for axis in range(3):
        mask = np.repeat(mask, SCALE, axis)
    return mask


def _psnr(array: np.ndarray, truth: np.ndarray, mask: np.ndarray) -> float:
    error = np.mean((array[mask] - truth[mask]).astype(np.float64) ** 2)
    return float(10 * np.log10(truth.max() ** 2 / error))


@pytest.mark.parametrize("padding", [-1000.0, -32768.0])
def test_the_gain_inside_a_padded_brain_is_that_of_the_clean_one(
    truth: np.ndarray,
    low: np.ndarray,
    model: Model,
    clean: np.ndarray,
    padding: float,
    caplog: pytest.LogCaptureFixture,
) -> None:
    air = low < 3
    inside = _fine(binary_erosion(~air, iterations=2))
    padded = np.where(air, np.float32(padding), low)
    with caplog.at_level(logging.WARNING):
        result = _upsampled(padded, "arssr", model)
    gain = _psnr(clean, truth, inside) - _psnr(_upsampled(low, "cubic"), truth, inside)
    kept = _psnr(result, truth, inside) - _psnr(_upsampled(padded, "cubic"), truth, inside)
    assert gain > 0.3, "the test needs a network that is better than cubic"
    assert kept > gain - 0.2
    assert any("padding" in message for message in caplog.messages)
    deep = _fine(binary_erosion(air, np.ones((3, 3, 3))))
    assert np.unique(result[deep]).tolist() == [padding]


@pytest.mark.parametrize(
    ("times", "shape"),
    [
        (2.5, (1, 1, 1)),
        (11.0, (1, 1, 1)),
        (1000.0, (1, 1, 1)),
        (3.0, (2, 2, 2)),
        (4.0, (1, 3, 3)),
        (4.0, (1, 1, 2)),
    ],
)
def test_a_spike_changes_no_more_than_cubic_does_beyond_three_voxels(
    low: np.ndarray, model: Model, clean: np.ndarray, times: float, shape: tuple[int, int, int]
) -> None:
    corner = np.argwhere(binary_erosion(low > 3, iterations=3))[40]
    spike = tuple(slice(n, n + side) for n, side in zip(corner, shape, strict=True))
    spiked = low.copy()
    spiked[spike] = times * low.max()
    away = np.ones(low.shape, bool)
    away[spike] = False
    far = _fine(distance_transform_edt(away) > 3.5)
    by_network = np.abs(_upsampled(spiked, "arssr", model) - clean)[far].max()
    by_cubic = np.abs(_upsampled(spiked, "cubic") - _upsampled(low, "cubic"))[far].max()
    assert by_network <= by_cubic
