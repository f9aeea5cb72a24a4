"""Draws the expected error beside the true one: of scans as they are, and at lesions.

    python benchmarks/error_pictures.py [VOLUME...] [--lesion VOLUME:K,J,I] -o errors.png

Without volumes it takes the two bundled scans. Each is upsampled 2x as it is, so there is no true
error to show. A volume with ``--lesion`` is made coarse by 2 with noise of 2 %, upsampled again and
shown at this voxel beside what is truly off. All errors have one colour scale.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

sys.path.insert(0, str(Path(__file__).parents[1]))

from ArSSRLib.choices import NOT_FOR_CLINICAL_USE
from ArSSRLib.resampling.noise import Noise
from ArSSRLib.resampling.simulation import simulate_volume
from ArSSRLib.sample import sample_path
from ArSSRLib.upsampling.request import Upsampling
from ArSSRLib.upsampling.run import upsample_volume, upsample_with_error
from ArSSRLib.volumes.files.reading import read_volume
from ArSSRLib.volumes.intensity import Normalisation
from ArSSRLib.volumes.volume import Volume
from benchmarks.shown_part import central_part, middle_slice, part_around

SCALE = 2.0
NOISE = 0.02
LARGEST_ERROR = 0.1
"""End of the colour scale, as a share of the range."""


@dataclass(frozen=True)
class Row:
    """What is shown of one volume; errors are shares of the intensity range.

    Attributes:
        reference: the scan, or the sharp volume with a lesion.
        true: None for a scan as it is.
    """

    name: str
    reference: Volume
    cubic: Volume
    result: Volume
    expected: Volume
    true: Volume | None


def main() -> None:
    """Draws the picture."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("volumes", nargs="*", type=Path)
    parser.add_argument("--lesion", action="append", default=[], metavar="VOLUME:K,J,I")
    parser.add_argument("--model", default="default")
    parser.add_argument("-o", "--output", type=Path, required=True)
    arguments = parser.parse_args()
    scans = arguments.volumes or [sample_path("head"), sample_path("brain")]
    rows = [_as_it_is(path, arguments.model) for path in scans]
    for lesion in arguments.lesion:
        name, voxel = lesion.rsplit(":", 1)
        rows.append(_at_lesion(Path(name), [int(x) for x in voxel.split(",")], arguments.model))
    figure = Figure(figsize=(15, 3.1 * len(rows)), layout="constrained")
    for axes, row in zip(figure.subplots(len(rows), 5, squeeze=False), rows, strict=True):
        _draw(axes, row)
    figure.suptitle(
        f"Errors in percent of the intensity range, 0 (black) to {LARGEST_ERROR:.0%} (bright). "
        f"{NOT_FOR_CLINICAL_USE}",
        fontsize=11,
    )
    figure.savefig(arguments.output, dpi=90)


def _as_it_is(path: Path, model: str) -> Row:
    scan = read_volume(path)
    crop = central_part(scan)
    shown = upsample_volume(crop, Upsampling.of(method="nearest", scale=SCALE))
    return _row(f"{_name(path)}, as it is", shown, crop, scan, model)


def _at_lesion(path: Path, voxel: list[int], model: str) -> Row:
    whole = read_volume(path)
    sharp = part_around(whole, voxel)
    low = simulate_volume(sharp, (SCALE, SCALE, SCALE), noise=Noise(NOISE))
    row = _row(f"{_name(path)}, lesion", sharp, low, whole, model)
    wrong = np.abs(row.result.array - sharp.array) / np.float32(Normalisation.of(whole.array).span)
    return replace(row, true=replace(row.result, array=wrong))


def _row(name: str, reference: Volume, low: Volume, whole: Volume, model: str) -> Row:
    line = Normalisation.of(whole.array)
    request = Upsampling.of(
        model=model,
        expected_error=True,
        intensity_range=(line.offset, line.offset + line.span),
    )
    grid = reference.grid
    made = upsample_with_error(low, request, target=grid)
    errors = made.error_volume()
    if errors is None:
        raise SystemExit(f"The model {model} has no expected error.")
    shares = replace(errors, array=errors.array / np.float32(line.span))
    cubic = upsample_volume(low, Upsampling(method="cubic"), target=grid)
    return Row(name, reference, cubic, made.volume, shares, None)


def _draw(axes: np.ndarray, row: Row) -> None:
    window = tuple(np.quantile(row.reference.array, (0.01, 0.995)))
    titles = ("Scan" if row.true is None else "Sharp volume", "Cubic", "ArSSR")
    for place, title, shown in zip(
        axes, titles, (row.reference, row.cubic, row.result), strict=False
    ):
        place.imshow(middle_slice(shown), cmap="gray", vmin=window[0], vmax=window[1])
        place.set_title(title, fontsize=11)
    axes[0].set_ylabel(row.name, fontsize=10)
    for place, title, errors in zip(
        axes[3:], ("Expected error", "True error"), (row.expected, row.true), strict=True
    ):
        if errors is not None:
            place.imshow(middle_slice(errors), cmap="inferno", vmin=0.0, vmax=LARGEST_ERROR)
            place.set_title(title, fontsize=11)
    for place in axes:
        place.set_xticks([])
        place.set_yticks([])
        place.set_frame_on(False)


def _name(path: Path) -> str:
    return path.name.split(".")[0]


if __name__ == "__main__":
    main()
