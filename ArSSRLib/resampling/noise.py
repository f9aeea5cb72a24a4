"""Noise as MR scanners make it, added to intensities."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ..choices import NOISES, NoiseKind
from ..errors import InputError
from ..volumes.array_types import FloatArray

_LARGEST_LEVEL = 1.0


@dataclass(frozen=True)
class Noise:
    """Noise of a known strength.

    Attributes:
        level: standard deviation in bright tissue, as a share of the intensity range.
        kind: ``gaussian``, or ``rician``, as magnitude images have it: the same where tissue is
            bright, and never negative where there is air.
        seed: of the random numbers.

    Raises:
        InputError: an unknown kind, or a level out of range.
    """

    level: float = 0.0
    kind: NoiseKind = "gaussian"
    seed: int = 0

    def __post_init__(self) -> None:
        if self.kind not in NOISES:
            raise InputError(f"The noise {self.kind!r} is unknown; choose one of {NOISES}.")
        if not 0.0 <= self.level <= _LARGEST_LEVEL:
            raise InputError(
                f"The noise level {self.level} is not possible; give a share of the intensity "
                "range from 0 to 1, for example 0.03."
            )


NO_NOISE = Noise()


def with_noise(
    array: FloatArray, deviation: float, kind: NoiseKind, noise: list[FloatArray]
) -> FloatArray:
    """``array`` with noise of a standard deviation, in its own unit.

    Args:
        array: intensities of any shape.
        deviation: the standard deviation.
        kind: see :class:`Noise`.
        noise: one array of standard deviation 1 and of the same shape, two for ``rician``.
    """
    scale = np.float32(deviation)
    real = array + scale * noise[0]
    if kind == "rician":
        return np.hypot(real, scale * noise[1]).astype(np.float32)
    return real.astype(np.float32)


def unit_noise(
    generator: np.random.Generator,
    shape: tuple[int, ...],
    neighbours: npt.NDArray[np.float32] | None = None,
) -> FloatArray:
    """Noise of standard deviation 1.

    Args:
        generator: draws it.
        shape: of the array.
        neighbours: for each axis the weight of a voxel's two neighbours relative to its own, for
            noise that neighbouring voxels share; None for independent voxels.
    """
    if neighbours is None:
        return generator.standard_normal(shape, dtype=np.float32)
    noise = generator.standard_normal([n + 2 for n in shape], dtype=np.float32)
    for axis, weight in enumerate(neighbours):
        n = shape[axis]
        before, middle, after = (np.take(noise, np.arange(k, k + n), axis) for k in range(3))
        noise = (middle + weight * (before + after)) / np.sqrt(1 + 2 * weight * weight)
    return noise
