"""How well the measured resolution is estimated: sharp volumes, and the same interpolated.

    python benchmarks/measured_resolution.py VOLUME_OR_FOLDER...

First each volume as it is, with the axes that are found to be coarser than stored. Then the middle
of each volume, with its other axes finer by known factors in three ways: zero-filled k-space (the
magnitude, rounded to whole numbers), trilinear and cubic interpolation.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Iterator

import numpy as np

from ArSSRLib.resampling.interpolation import interpolate
from ArSSRLib.volumes.array_types import FloatArray
from ArSSRLib.volumes.files.reading import read_volume
from ArSSRLib.volumes.files.search import find_volumes
from ArSSRLib.volumes.grid import Grid
from ArSSRLib.volumes.measured_resolution import MeasuredResolution
from ArSSRLib.volumes.outliers import split_outliers

WAYS = ("zero-filled", "linear", "cubic")
FACTORS = (1.25, 1.5, 2.0, 3.0)
SIDE = 72
"""Voxels of the middle that is made finer."""
RANGE = 1000
"""Intensity of the brightest tissue before rounding, as in many 12-bit scans."""
FEWEST = 32
"""Voxels of an axis below which it is not made finer."""


def zero_filled(array: FloatArray, shape: tuple[int, ...]) -> FloatArray:
    """The magnitude of an array whose k-space is filled with zeros to ``shape``."""
    spectrum = np.fft.fftshift(np.fft.fftn(array))
    padded = np.zeros(shape, complex)
    starts = [m // 2 - n // 2 for n, m in zip(array.shape, shape, strict=True)]
    box = [slice(start, start + n) for n, start in zip(array.shape, starts, strict=True)]
    padded[tuple(box)] = spectrum
    larger = padded.size / spectrum.size
    return np.asarray(np.abs(np.fft.ifftn(np.fft.ifftshift(padded))) * larger, np.float32)


def finer(array: FloatArray, way: str, factor: float) -> FloatArray:
    """The array with ``factor`` times the voxels along each axis, rounded to whole numbers."""
    shape = tuple(round(n * factor) for n in array.shape)
    if way == "zero-filled":
        result = zero_filled(array, shape)
    else:
        result = interpolate(array, shape, "linear" if way == "linear" else "cubic")
    return np.rint(result * np.float32(RANGE / np.percentile(result, 99.9)))


def middle(array: FloatArray) -> FloatArray:
    """At most ``SIDE`` voxels along each axis."""
    starts = (max(0, (n - SIDE) // 2) for n in array.shape)
    return array[tuple(slice(start, start + SIDE) for start in starts)]


def errors(array: FloatArray, sharp: list[bool]) -> Iterator[tuple[tuple[str, float], float]]:
    """Way and factor, and the share by which each sharp axis is estimated wrongly."""
    for way in WAYS:
        for factor in FACTORS:
            made = finer(array, way, factor)
            found = MeasuredResolution.of(made, Grid(made.shape[::-1])).axes
            for axis, (was_sharp, result) in enumerate(zip(sharp, found, strict=True)):
                stored = array.shape[2 - axis]
                if was_sharp and stored >= FEWEST:
                    yield (way, factor), result.factor / (made.shape[2 - axis] / stored) - 1.0


def main() -> None:
    """Prints both tables."""
    parser = argparse.ArgumentParser(description="How well the measured resolution is estimated.")
    parser.add_argument("volumes", nargs="+")
    parser.add_argument("--every", type=int, default=1, help="make finer one volume of so many")
    options = parser.parse_args()
    found: dict[tuple[str, float], list[float]] = defaultdict(list)
    axes = unknown = 0
    for number, path in enumerate(find_volumes(options.volumes)):
        volume = read_volume(path)
        array = split_outliers(volume.array).seen
        measured = MeasuredResolution.of(array, volume.grid)
        axes += 3
        for name, axis in zip("ijk", measured.axes, strict=True):
            unknown += axis.how == "unknown"
            if axis.factor > 1.0:
                print(f"{path.name} {name}: {axis.stored_mm:.3g} mm, measured "
                      f"{axis.measured_mm:.3g} mm ({axis.how})", flush=True)  # fmt: skip
        if number % options.every == 0:
            sharp = [axis.how == "as stored" for axis in measured.axes]
            for key, error in errors(middle(array), sharp):
                found[key].append(error)
    print(f"\n{axes} axes, {unknown} of them unknown\n")
    print(
        "| way | factor | axes | found | median error | largest error |\n|---|---|---|---|---|---|"
    )
    for (way, factor), values in found.items():
        hits = np.array([value for value in values if value > 1.0 / factor - 0.99])
        print(f"| {way} | {factor:g} | {len(values)} | {len(hits)} | {np.median(hits):+.1%} | "
              f"{hits[np.abs(hits).argmax()]:+.1%} |")  # fmt: skip


if __name__ == "__main__":
    main()
