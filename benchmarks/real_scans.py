"""Draws scans as they are, upsampled 2x: input, cubic, and ArSSR at noise reduction 0, 1 and 2.

    python benchmarks/real_scans.py [VOLUME...] -o real-scans.png

Without volumes it takes the two bundled scans. Each row is the middle axial slice of the volume's
central part, all in one intensity window. Nothing is simulated, so there is no sharp volume to
compare with: look at the grain in flat tissue, at the edges, and for structures that are only in
the results.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

sys.path.insert(0, str(Path(__file__).parents[1]))

from ArSSRLib.choices import NOT_FOR_CLINICAL_USE
from ArSSRLib.sample import sample_path
from ArSSRLib.upsampling.request import Upsampling
from ArSSRLib.upsampling.run import upsample_volume
from ArSSRLib.volumes.files.reading import read_volume
from ArSSRLib.volumes.noise import estimate_noise
from ArSSRLib.volumes.volume import Volume
from benchmarks.shown_part import central_part, middle_slice

SCALE = 2.0
REDUCTIONS = (0.0, 1.0, 2.0)


def main() -> None:
    """Draws the picture."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("volumes", nargs="*", type=Path)
    parser.add_argument("--model", default="default")
    parser.add_argument("-o", "--output", type=Path, required=True)
    arguments = parser.parse_args()
    paths = arguments.volumes or [sample_path("head"), sample_path("brain")]
    figure = Figure(figsize=(15, 3.1 * len(paths)), layout="constrained")
    axes = figure.subplots(len(paths), 2 + len(REDUCTIONS), squeeze=False)
    for row, path in zip(axes, paths, strict=True):
        volume = read_volume(path)
        level = estimate_noise(volume.array)
        crop = central_part(volume)
        window = tuple(np.quantile(crop.array, (0.01, 0.995)))
        for place, (title, shown) in zip(row, _views(crop, arguments.model), strict=True):
            place.imshow(middle_slice(shown), cmap="gray", vmin=window[0], vmax=window[1])
            place.set_title(title, fontsize=11)
            place.set_xticks([])
            place.set_yticks([])
        row[0].set_ylabel(f"{path.name.split('.')[0]}\nestimated noise {level:.1%}", fontsize=10)
    figure.suptitle(f"Scans as they are, {SCALE:g}×. {NOT_FOR_CLINICAL_USE}", fontsize=11)
    figure.savefig(arguments.output, dpi=100)


def _views(crop: Volume, model: str) -> Iterator[tuple[str, Volume]]:
    yield "Input", upsample_volume(crop, Upsampling.of(method="nearest", scale=SCALE))
    yield "Cubic", upsample_volume(crop, Upsampling.of(method="cubic", scale=SCALE))
    for reduction in REDUCTIONS:
        request = Upsampling.of(model=model, noise_reduction=reduction, scale=SCALE)
        yield f"ArSSR, noise reduction {reduction:g}", upsample_volume(crop, request)


if __name__ == "__main__":
    main()
