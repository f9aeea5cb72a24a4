"""How far the expected error of a model can be relied on, also where the model knows nothing.

    python benchmarks/expected_error.py VOLUME... --model FILE -o FOLDER

Each volume is one source. Its central crop is made coarse in many ways (scale, all axes or each
alone, kernel, noise) and upsampled as a region in use is, with the intensity range and the
estimated noise of its whole volume. ``cases.csv`` has a row for each; ``tables.md`` has the share
of the tissue voxels whose truth lies in the interval of 68 % and of 95 % by group, the worst
groups, and how well the expected error ranks the true errors beside other indicators: Spearman's
correlation, and the area between sparsification curves. A case is one scale along all axes or
along one, so three of four cases have one axis refined. The last table is for inputs that no model
was trained for, and for a result on the input's own grid.

The intervals of the bundled model are fitted to held-out volumes, which may be the same as here.
For each source, the shares are therefore those of intervals that are fitted to the other sources.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain, product
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pandas as pd

from ArSSRLib.choices import Kernel
from ArSSRLib.evaluation.expected_error.case import ErrorCase, error_case
from ArSSRLib.evaluation.expected_error.indicators import INDICATORS
from ArSSRLib.networks.catalogue import load_model
from ArSSRLib.networks.model_file import Model
from ArSSRLib.resampling.blur import Blur
from ArSSRLib.resampling.noise import Noise
from ArSSRLib.resampling.simulation import simulate_volume
from ArSSRLib.training.expected_error.scan_noise import ScanNoise
from ArSSRLib.training.validation import central_crop
from ArSSRLib.training.volumes import TrainingVolume
from ArSSRLib.upsampling.request import Upsampling
from ArSSRLib.volumes.array_types import FloatArray
from ArSSRLib.volumes.files.reading import read_volume
from ArSSRLib.volumes.grid import Grid
from ArSSRLib.volumes.intensity import Normalisation
from ArSSRLib.volumes.volume import Volume

SCALES = (1.5, 2.0, 3.0, 4.0, 5.0)
KERNELS: tuple[Kernel, ...] = ("cubic", "kspace", "box")
NOISES = (0.0, 0.03)
ALL_AXES = "ijk"
AXES = (ALL_AXES, *ALL_AXES)
GROUPS = ("source", "scale", "axes", "kernel", "noise")


@dataclass(frozen=True)
class Degradation:
    """A way to make a volume coarse."""

    scale: float
    axes: str = ALL_AXES
    kernel: Kernel = "cubic"
    noise: float = 0.0

    def of(self, sharp: Volume) -> Volume:
        """The coarse volume."""
        first, second, third = (self.scale if axis in self.axes else 1.0 for axis in ALL_AXES)
        noise = Noise(self.noise, "rician")
        return simulate_volume(sharp, (first, second, third), Blur(self.kernel), noise)


def main() -> None:
    """Measures and writes the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("volumes", nargs="+", type=Path)
    parser.add_argument("--model", default="default")
    parser.add_argument("--crop", type=int, default=72, help="voxels along each axis")
    parser.add_argument("--kernels", nargs="+", choices=KERNELS, default=KERNELS)
    parser.add_argument("--scales", nargs="+", type=float, default=SCALES)
    parser.add_argument("--jobs", type=int, default=1, help="volumes at a time, a core each")
    parser.add_argument("-o", "--output", type=Path, required=True)
    arguments = parser.parse_args()
    model = load_model(arguments.model)
    volumes = [_training_volume(path) for path in arguments.volumes]
    crops = {volume.name: _crop(volume, arguments.crop) for volume in volumes}
    arguments.output.mkdir(parents=True, exist_ok=True)
    with ProcessPoolExecutor(arguments.jobs, get_context("spawn")) as pool:
        measure = partial(_rows, arguments.model, arguments.scales, arguments.kernels)
        rows = pool.map(measure, crops.items(), volumes)
        cases = _held_out(pd.DataFrame(chain.from_iterable(rows)))
    cases.drop(columns="reliability").to_csv(arguments.output / "cases.csv", index=False)
    unknown = pd.DataFrame(_unknown(crops, model))
    text = "\n\n".join([*_calibration(cases), *_ranking(cases), _table(unknown, "Unknown ground")])
    (arguments.output / "tables.md").write_text(text + "\n", encoding="utf-8")
    print(text)


def _training_volume(path: Path) -> TrainingVolume:
    volume = read_volume(path)
    name, line = path.name.split(".")[0], Normalisation.of(volume.array)
    return TrainingVolume(name, volume.array, line, volume.grid.spacing)


def _crop(volume: TrainingVolume, side: int) -> Volume:
    """The central part of a volume in normalised intensities, on a grid of its voxel size."""
    array = central_crop(volume.normalisation.apply(volume.array), side)
    return Volume(array, Grid(array.shape[::-1], volume.spacing))  # type: ignore[arg-type]


def _rows(
    model_name: str,
    scales: Sequence[float],
    kernels: Sequence[Kernel],
    crop: tuple[str, Volume],
    whole: TrainingVolume,
) -> list[dict[str, object]]:
    """What was measured on each simulated scan of one source."""
    source, sharp = crop
    model, own = load_model(model_name), ScanNoise.of([whole])
    rows = []
    for scale, axes, kernel, noise in product(scales, AXES, kernels, NOISES):
        factor = scale ** (len(axes) / 3.0)
        request = Upsampling.of(
            model=model,
            expected_error=True,
            threads=1,
            intensity_range=(0.0, 1.0),
            noise_level=float(np.hypot(noise, own.at(source, factor))),
        )
        low = Degradation(scale, axes, kernel, noise).of(sharp)
        case = error_case(low, sharp, request, model)
        if case is not None:
            named = dict(zip(GROUPS, (source, scale, axes, kernel, noise), strict=True))
            rows.append({**named, **_figures(case)})
    return rows


def _figures(case: ErrorCase) -> dict[str, object]:
    found: dict[str, object] = {
        "reliability": case.reliability,
        "expected": case.expected,
        "found": case.found,
    }
    found |= {f"rank {name}": value for name, value in case.ranks.items()}
    return found | {f"area {name}": curve.area for name, curve in case.curves.items()}


def _held_out(cases: pd.DataFrame) -> pd.DataFrame:
    """The cases with the shares inside intervals that are fitted to the other sources alone."""
    for percent in (68, 95):
        widths = cases["reliability"].map(lambda each, p=percent: np.log(each.widths[p - 1]))
        of_source = widths.groupby(cases["source"]).mean()
        others = (of_source.sum() - of_source) / max(1, len(of_source) - 1)
        multiples = np.exp(others if len(of_source) > 1 else of_source)
        cases[f"inside_{percent}"] = [
            each.inside(multiples[source])
            for each, source in zip(cases["reliability"], cases["source"], strict=True)
        ]
    return cases


def _calibration(cases: pd.DataFrame) -> Iterator[str]:
    """Coverage by each way to group the cases, and the groups that are furthest off."""
    figures = ["inside_68", "inside_95", "expected", "found"]
    cases = cases.assign(refined=np.where(cases["axes"] == ALL_AXES, "all axes", "one axis"))
    by_scale = (["scale", "refined"], ["scale", "axes"], ["axes"])
    for group in (["source"], *by_scale, ["kernel"], ["noise"]):
        yield _table(
            cases.groupby(group)[figures].mean().reset_index(), f"By {' and '.join(group)}"
        )
    off = (cases["inside_68"] - 0.68).abs()
    yield _table(cases.loc[off.nlargest(5).index, [*GROUPS, *figures]], "Furthest off")
    inside = cases["inside_68"].between(0.64, 0.72) & cases["inside_95"].between(0.93, 0.97)
    yield f"{inside.mean():.0%} of {len(cases)} cases lie within 64-72 % and 93-97 %."
    own = [
        cases["reliability"].map(lambda each, n=name: getattr(each, n)).mean()
        for name in ("inside_68", "inside_95")
    ]
    yield f"Intervals of the model itself: {own[0]:.1%} and {own[1]:.1%} inside."


def _ranking(cases: pd.DataFrame) -> Iterator[str]:
    rows = [
        {
            "indicator": title,
            "rank correlation": cases[f"rank {name}"].mean(),
            "area over the best curve": cases[f"area {name}"].mean(),
            "expected error better in": (
                (cases["rank expected"] >= cases[f"rank {name}"])
                & (cases["area expected"] <= cases[f"area {name}"])
            ).mean(),
        }
        for name, title in INDICATORS.items()
    ]
    yield _table(pd.DataFrame(rows), "Ranking of the voxels by their true error")


def _table(frame: pd.DataFrame, title: str) -> str:
    return f"## {title}\n\n{frame.to_markdown(index=False, floatfmt='.3f')}"


def _unknown(crops: dict[str, Volume], model: Model) -> Iterator[dict[str, object]]:
    """Mean stated and true error of inputs that the model does not know, over all sources."""
    names = [name for name, _ in _strange_inputs(next(iter(crops.values())))]
    found: dict[str, list[ErrorCase]] = {name: [] for name in names}
    for sharp in crops.values():
        for name, (low, truth) in _strange_inputs(sharp):
            request = Upsampling.of(model=model, expected_error=True, threads=1)
            case = error_case(low, truth, request, model, compare=False)
            if case is not None:
                found[name].append(case)
    for name, cases in found.items():
        if cases:
            yield {
                "input": name,
                "stated": np.mean([case.expected for case in cases]),
                "true": np.mean([case.found for case in cases]),
                "inside_68": np.mean([case.reliability.inside_68 for case in cases]),
                "inside_95": np.mean([case.reliability.inside_95 for case in cases]),
            }


def _strange_inputs(sharp: Volume) -> Iterator[tuple[str, tuple[Volume, Volume]]]:
    """Low-resolution volumes with their truths; the first is an ordinary one to compare with."""
    yield "2x, as trained", (Degradation(2.0).of(sharp), sharp)
    yield "1x, noise of 3 %", (Degradation(1.0, noise=0.03).of(sharp), sharp)
    for scale in (6.0, 8.0):
        yield f"{scale:g}x", (Degradation(scale).of(sharp), sharp)
    low = Degradation(2.0).of(sharp)
    rng = np.random.default_rng(3)
    spiked = low.array.copy()
    spiked[rng.random(spiked.shape) < 0.01] = 2.5
    yield "1 % of the voxels 2.5 times as bright as tissue", (replace(low, array=spiked), sharp)
    padded = low.array.copy()
    padded[:, : padded.shape[1] // 4] = -1000.0
    rest = sharp.array.copy()
    rest[:, : rest.shape[1] // 4] = 0.0
    yield "a quarter is padding", (replace(low, array=padded), replace(sharp, array=rest))
    inverted = replace(sharp, array=np.where(sharp.array > 0.05, 1.05 - sharp.array, 0.0))
    yield "inverted contrast", (Degradation(2.0).of(inverted), inverted)
    coarse = Degradation(3.0).of(sharp)
    yield "voxels 3 times as coarse", (Degradation(2.0).of(coarse), coarse)
    phantom = replace(sharp, array=_phantom(sharp.array.shape))
    yield "bars and spheres", (Degradation(2.0).of(phantom), phantom)
    noise = replace(sharp, array=rng.random(sharp.array.shape, dtype=np.float32))
    yield "nothing but noise", (Degradation(2.0).of(noise), noise)


def _phantom(shape: Sequence[int]) -> FloatArray:
    """Bars of 2 to 5 voxels and spheres with sharp edges: an object that is not a head."""
    k, j, i = np.meshgrid(*(np.arange(n) for n in shape), indexing="ij")
    widths = 2 + (4 * j) // max(1, shape[1])
    bars = ((i // widths) % 2).astype(np.float32)
    centre = [n / 2 for n in shape]
    far = np.sqrt((k - centre[0]) ** 2 + (j - centre[1]) ** 2 + (i - centre[2]) ** 2)
    inside = (far < 0.45 * min(shape)) & (far > 0.3 * min(shape))
    return np.where(k < shape[0] // 2, 0.2 + 0.6 * bars, np.where(inside, 0.9, 0.15)).astype(
        np.float32
    )


if __name__ == "__main__":
    main()
