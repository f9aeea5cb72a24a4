"""How accurate the estimated noise is, on volumes with known added noise.

    python benchmarks/noise_estimate.py VOLUME...

For each volume: its own estimated noise; the estimate with white noise of 1 to 5 % added, and with
noise of 3 % that neighbouring voxels share, over the root of the sum of both squares; and the
estimate for the volume made coarse by 2 and 3 with an antialiased kernel, where little is left.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from scipy.ndimage import gaussian_filter

from ArSSRLib.resampling.degradation import simulate_low_resolution
from ArSSRLib.volumes.array_types import FloatArray
from ArSSRLib.volumes.files.reading import read_volume
from ArSSRLib.volumes.intensity import Normalisation
from ArSSRLib.volumes.noise import estimate_noise

WHITE = (0.01, 0.02, 0.03, 0.05)
SHARED = 0.03
SHARED_SIGMAS = (0.5, 0.7)
"""Standard deviations of the Gaussian that smooths the noise, in voxels."""
COARSER = (2, 3)


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("volumes", nargs="+", type=Path)
    heads = ["volume", "own"]
    heads += [f"+{level:.0%}" for level in WHITE] + [f"shared {sigma}" for sigma in SHARED_SIGMAS]
    heads += [f"coarse {factor}x" for factor in COARSER]
    print("| " + " | ".join(heads) + " |\n" + "|---" * len(heads) + "|")
    for path in parser.parse_args().volumes:
        array = read_volume(path).array
        row = _row(Normalisation.of(array).apply(array))
        print(f"| {path.name.split('.')[0]} | " + " | ".join(row) + " |", flush=True)


def _row(scan: FloatArray) -> list[str]:
    white = np.random.default_rng(0).standard_normal(scan.shape, dtype=np.float32)
    ratios = [_found(scan, level * white, level) for level in WHITE]
    for sigma in SHARED_SIGMAS:
        shared = gaussian_filter(white, sigma)
        ratios.append(_found(scan, SHARED * shared / shared.std(), SHARED))
    coarse = [
        estimate_noise(simulate_low_resolution(scan, [n // factor for n in scan.shape]))
        for factor in COARSER
    ]
    return [
        f"{estimate_noise(scan):.1%}",
        *(f"{ratio:.2f}" for ratio in ratios),
        *(f"{level:.1%}" for level in coarse),
    ]


def _found(scan: FloatArray, noise: FloatArray, level: float) -> float:
    """The estimate over what is there: the scan's own noise and the added one."""
    noisier = scan + noise
    there = np.hypot(estimate_noise(scan), level) / Normalisation.of(noisier).span
    return float(estimate_noise(noisier) / there)


if __name__ == "__main__":
    main()
