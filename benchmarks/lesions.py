"""Whether noise reduction takes lesions away: their contrast after 2x, against the sharp volume's.

    python benchmarks/lesions.py VOLUME... [--model default] [--noise 0.02]
    python benchmarks/lesions.py VOLUME --seed K,J,I --above 0.8

Without a seed, faint round lesions are added to flat tissue: 3, 5 and 8 voxels wide, 5 and 10 % of
the intensity range brighter than what is there. The volume with and the one without them are made
coarse by 2, get the same noise and are upsampled; the difference of the two results is compared
with what was added. With a seed, the lesion is real: the voxels above a share of the range that are
connected to the seed, at most RADIUS voxels away from it, against those 2 to 4 voxels around them.

1.00 is the contrast of the sharp volume. Cubic interpolation stands beside the network at noise
reduction 0, 1 and 2.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from ArSSRLib.resampling.noise import Noise
from ArSSRLib.resampling.simulation import simulate_volume
from ArSSRLib.upsampling.request import Upsampling
from ArSSRLib.upsampling.run import upsample_volume
from ArSSRLib.volumes.array_types import FloatArray
from ArSSRLib.volumes.files.reading import read_volume
from ArSSRLib.volumes.intensity import Normalisation
from ArSSRLib.volumes.volume import Volume

SCALE = 2.0
WIDTHS = (3, 5, 8)
CONTRASTS = (0.05, 0.10)
REDUCTIONS = (0.0, 1.0, 2.0)
EACH = 8
"""Lesions of each width and contrast."""
SIDE = 96
"""Voxels of the crop along each axis."""


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("volumes", nargs="+", type=Path)
    parser.add_argument("--model", default="default")
    parser.add_argument("--noise", type=float, default=0.02, help="share of the range")
    parser.add_argument("--seed", help="a voxel K,J,I of a real lesion")
    parser.add_argument("--above", type=float, default=0.8, help="share of the range")
    parser.add_argument("--radius", type=float, default=15, help="in voxels (default: 15)")
    arguments = parser.parse_args()
    methods = {"cubic": Upsampling(method="cubic")}
    for reduction in REDUCTIONS:
        run = Upsampling.of(model=arguments.model, noise_reduction=reduction)
        methods[f"reduction {reduction:g}"] = run
    print(f"| volume | lesion | {' | '.join(methods)} |\n" + "|---" * (len(methods) + 2) + "|")
    noise = Noise(arguments.noise)
    for path in arguments.volumes:
        volume = _normalised(read_volume(path))
        if arguments.seed is None:
            rows = _added(volume, methods, noise)
        else:
            seed = [int(part) for part in arguments.seed.split(",")]
            crop, mask = _real_lesion(volume, seed, arguments.above, arguments.radius)
            rows = _real(crop, mask, methods, noise)
        for lesion, values in rows.items():
            shown = " | ".join(f"{value:.2f}" for value in values)
            print(f"| {path.name.split('.')[0]} | {lesion} | {shown} |", flush=True)


def _normalised(volume: Volume) -> Volume:
    array = Normalisation.of(volume.array).apply(volume.array)
    return replace(volume, array=array, pixel_type="float32")


def _crop(volume: Volume, middle: npt.NDArray[np.int64]) -> tuple[Volume, tuple[slice, ...]]:
    """The part around a voxel, with an even number of voxels."""
    box = []
    for centre, count in zip(middle, volume.array.shape, strict=True):
        side = min(SIDE, count - count % 2)
        start = int(np.clip(centre - side // 2, 0, count - side))
        box.append(slice(start, start + side))
    corner = [part.start for part in box][::-1]
    size = [part.stop - part.start for part in box][::-1]
    grid = volume.grid.cropped(tuple(corner), tuple(size))  # type: ignore[arg-type]
    array = np.ascontiguousarray(volume.array[tuple(box)])
    return replace(volume, array=array, grid=grid), tuple(box)


def _upsampled(sharp: Volume, method: Upsampling, noise: Noise) -> FloatArray:
    low = simulate_volume(sharp, SCALE, noise=noise)
    return upsample_volume(low, method, target=sharp.grid).array


def _added(volume: Volume, methods: dict[str, Upsampling], noise: Noise) -> dict[str, list[float]]:
    """Contrast of added lesions by width and contrast; one number for each method."""
    middle = np.array(volume.array.shape) // 2
    plain, _ = _crop(volume, middle)
    places = _flat_places(plain.array, len(WIDTHS) * len(CONTRASTS) * EACH)
    kinds = [(width, contrast) for width in WIDTHS for contrast in CONTRASTS]
    masks, lesions = {}, np.zeros_like(plain.array)
    for number, kind in enumerate(kinds):
        masks[kind] = _balls(places[number :: len(kinds)], kind[0], plain.array.shape)
        lesions += np.float32(kind[1]) * ndimage.gaussian_filter(
            masks[kind].astype(np.float32), 0.5
        )
    diseased = replace(plain, array=plain.array + lesions)
    found: dict[str, list[float]] = {}
    for method in methods.values():
        change = _upsampled(diseased, method, noise) - _upsampled(plain, method, noise)
        for kind, mask in masks.items():
            share = float(change[mask].mean() / lesions[mask].mean())
            found.setdefault(f"{kind[0]} voxels, {kind[1]:.0%}", []).append(share)
    return found


def _flat_places(array: FloatArray, count: int) -> list[npt.NDArray[np.int64]]:
    """Voxels in the flattest tissue, apart from each other and from the rim."""
    mean, square = (ndimage.uniform_filter(x, 7) for x in (array, array * array))
    spread = square - mean**2
    spread[(ndimage.minimum_filter(array, 9) < 0.2) | (array > 0.8)] = np.inf
    places: list[npt.NDArray[np.int64]] = []
    for flat in np.argsort(spread, axis=None):
        place = np.array(np.unravel_index(flat, array.shape))
        if not np.isfinite(spread[tuple(place)]) or len(places) == count:
            break
        if all(np.abs(place - other).max() > 9 for other in places):
            places.append(place)
    return places


def _balls(
    places: list[npt.NDArray[np.int64]], width: float, shape: tuple[int, ...]
) -> npt.NDArray[np.bool_]:
    axes = np.ogrid[tuple(slice(0, n) for n in shape)]
    mask = np.zeros(shape, dtype=bool)
    for place in places:
        distance = sum((axis - at) ** 2 for axis, at in zip(axes, place, strict=True))
        mask |= distance <= (width / 2) ** 2
    return mask


def _real_lesion(
    volume: Volume, seed: list[int], above: float, radius: float
) -> tuple[Volume, npt.NDArray[np.bool_]]:
    """The crop around a lesion, and the lesion's voxels."""
    crop, box = _crop(volume, np.array(seed))
    inside = np.array([at - part.start for at, part in zip(seed, box, strict=True)])
    near = _balls([inside], 2 * radius, crop.array.shape)
    labels, _ = ndimage.label(near & (crop.array > above))
    found = labels[tuple(inside)]
    if found == 0:
        value = crop.array[tuple(inside)]
        raise SystemExit(f"The seed {seed} is not above {above}; its value is {value:.2f}.")
    return crop, labels == found


def _real(
    crop: Volume, mask: npt.NDArray[np.bool_], methods: dict[str, Upsampling], noise: Noise
) -> dict[str, list[float]]:
    """Contrast of a real lesion to what is around it; one number for each method."""
    shell = ndimage.binary_dilation(mask, iterations=4)
    shell &= ~ndimage.binary_dilation(mask, iterations=2)
    truth = crop.array[mask].mean() - crop.array[shell].mean()
    values = []
    for method in methods.values():
        result = _upsampled(crop, method, noise)
        values.append(float((result[mask].mean() - result[shell].mean()) / truth))
    return {f"{np.count_nonzero(mask)} voxels": values}


if __name__ == "__main__":
    main()
