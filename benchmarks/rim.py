"""How bright a brain's rim becomes where the brain was cut out of its scan voxel by voxel.

    python benchmarks/rim.py [--scale 2.5] [--model default ...]

The bundled brain is such a volume. Its step from tissue to nothing is sharper than any scanner's;
a network that takes it for a blurred edge sharpens it further and sets bright single voxels there.
Counted are the voxels within two input voxels of the rim that are brighter than all input voxels
around them, by more than a tenth and a quarter of the intensity range. Cubic interpolation, with
its own overshoot, is printed beside it.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy import ndimage

sys.path.insert(0, str(Path(__file__).parents[1]))

from ArSSRLib.networks.catalogue import load_model
from ArSSRLib.resampling.interpolation import interpolate
from ArSSRLib.sample import sample_path
from ArSSRLib.upsampling.engine import Engine
from ArSSRLib.volumes.files.reading import read_volume
from ArSSRLib.volumes.intensity import Normalisation

Array = npt.NDArray[np.generic]
RIM_VOXELS = 2


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scale", type=float, default=2.5)
    parser.add_argument(
        "--model", nargs="*", default=["default"], help="bundled names, model files"
    )
    arguments = parser.parse_args()
    low = read_volume(sample_path()).array
    k, j, i = (round(n * arguments.scale) for n in low.shape)
    results = {"cubic": interpolate(low, (k, j, i), "cubic")}
    for model in arguments.model:
        results[model] = Engine(model=load_model(model)).upsample(low, (k, j, i))
    print(
        f"The bundled brain at {arguments.scale:g}×\n\n"
        "| method | above by a tenth | by a quarter of the range | highest |\n|---|---|---|---|"
    )
    for method, high in results.items():
        excess = above_surroundings(low, high)
        tenth, quarter = (100 * np.mean(excess > limit) for limit in (0.1, 0.25))
        print(f"| {method} | {tenth:.2f} % | {quarter:.2f} % | {excess.max():.2f} |")


def above_surroundings(low: Array, high: Array) -> npt.NDArray[np.float32]:
    """By how much rim voxels are brighter than the input around them, as a share of its range.

    Args:
        low: a brain (k, j, i) outside of which every voxel is 0.
        high: its upsampled intensities, over the same field of view.

    Returns:
        one value for each voxel of ``high`` near the rim, below 0 where it is darker.
    """
    inside = low != 0
    rim = inside & ~ndimage.binary_erosion(inside, iterations=RIM_VOXELS)
    nearest = np.ix_(
        *(
            ((np.arange(m) + 0.5) * n / m).astype(int)
            for n, m in zip(low.shape, high.shape, strict=True)
        )
    )
    brightest = ndimage.maximum_filter(low.astype(np.float32), 3)
    excess = high - brightest[nearest]
    return np.asarray(excess[rim[nearest]] / Normalisation.of(low).span, dtype=np.float32)


if __name__ == "__main__":
    main()
