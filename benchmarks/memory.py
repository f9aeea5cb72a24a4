"""Peak resident memory of ``arssr upsample`` over the size of the volume.

    python benchmarks/memory.py [--scale 2] [--model default] [--fast] [--expected-error]
        [--plot memory.png] [SIZE ...]

A SIZE is one side (128) or three (256x256x176). Each is upsampled by the real command line in a
separate process, which then reports its peak memory. The volume is the bundled brain repeated until
it fills the size, so that there is no empty background to skip.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from ArSSRLib.upsampling.estimate import estimate_cost
from ArSSRLib.upsampling.request import Upsampling
from ArSSRLib.volumes.files.writing import write_volume
from ArSSRLib.volumes.grid import Grid
from ArSSRLib.volumes.volume import Volume
from benchmarks.measured_process import MEBIBYTE, measured_arssr
from benchmarks.repeated_brain import repeated_brain

LIMIT = 1.5e9
"""What a run may need above its arrays, in bytes; drawn as a line."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sizes", nargs="*", default=["64", "128", "256x256x176"])
    parser.add_argument("--scale", type=float, default=2.0)
    parser.add_argument("--model", default="default")
    parser.add_argument("--fast", action="store_true", help="as of 'arssr upsample'")
    parser.add_argument("--expected-error", action="store_true", help="with an error map")
    parser.add_argument("--plot", metavar="PNG", help="also draw memory over size (matplotlib)")
    arguments = parser.parse_args()
    print(
        "| voxels in | voxels out | arrays (MiB) | peak (MiB) | above arrays (MiB) "
        "| peak / estimate | s |\n|---|---|---|---|---|---|---|"
    )
    runs = []
    for text in arguments.sizes:
        sides = [int(n) for n in text.split("x")]
        size = tuple(sides * 3 if len(sides) == 1 else sides)
        request = Upsampling.of(
            model=arguments.model,
            scale=arguments.scale,
            fast=arguments.fast,
            expected_error=arguments.expected_error,
        )
        runs.append(_measured(size, request, arguments.model))
        print(runs[-1].row(), flush=True)
    if arguments.plot:
        _plot(runs, f"{arguments.model} at {arguments.scale:g}×", arguments.plot)


@dataclass(frozen=True)
class Run:
    """One upsampling: sizes in voxels (i, j, k), memory in bytes, time in s."""

    size: tuple[int, ...]
    target: tuple[int, ...]
    arrays: int
    peak: int
    estimate: int
    seconds: float

    def row(self) -> str:
        """A row of the table."""
        return (
            f"| {'×'.join(map(str, self.size))} | {'×'.join(map(str, self.target))} "
            f"| {self.arrays / MEBIBYTE:.0f} | {self.peak / MEBIBYTE:.0f} "
            f"| {(self.peak - self.arrays) / MEBIBYTE:.0f} | {self.peak / self.estimate:.2f} "
            f"| {self.seconds:.1f} |"
        )


def _measured(size: tuple[int, ...], request: Upsampling, model: str) -> Run:
    grid = Grid(size)  # type: ignore[arg-type]
    scale = float(request.scale)
    target = grid.upsampled(scale)
    with tempfile.TemporaryDirectory() as folder:
        source, result = Path(folder, "in.nii"), Path(folder, "out.nii")
        write_volume(Volume(repeated_brain(size), grid), source)
        error_map = ["--error-map", str(Path(folder, "error.nii"))]
        run = measured_arssr(
            [
                *("upsample", str(source), "-o", str(result), "--scale", str(scale)),
                *("--model", model, "--device", "cpu", "--progress", "none"),
                *(["--fast"] if request.fast else []),
                *(error_map if request.expected_error else []),
            ]
        )
    arrays = 4 * (grid.voxels + target.voxels)
    estimate = estimate_cost(request, grid, target).peak_bytes
    return Run(size, target.size, arrays, run.peak, estimate, run.seconds)


def _plot(runs: Sequence[Run], title: str, path: str) -> None:
    """Peak, estimate and arrays over the output's voxels; what is above the arrays beneath."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6.4, 5.2), layout="constrained")
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3, 2))
    voxels = [np.prod(run.target) / 1e6 for run in runs]
    for name, marker in (("peak", "o"), ("estimate", "x"), ("arrays", "")):
        values = [getattr(run, name) / MEBIBYTE for run in runs]
        label = {"peak": "measured peak", "arrays": "input and output alone"}.get(name, name)
        upper.plot(voxels, values, marker=marker, label=label)
    upper.set(ylabel="memory (MiB)", title=title)
    upper.legend(frameon=False)
    lower.plot(voxels, [(run.peak - run.arrays) / MEBIBYTE for run in runs], marker="o")
    lower.axhline(LIMIT / MEBIBYTE, linestyle=":", color="grey", label=f"{LIMIT / 1e9:g} GB")
    lower.legend(frameon=False, loc="lower right")
    lower.set(xlabel="output voxels (millions)", ylabel="above arrays (MiB)", xscale="log")
    lower.set_ylim(bottom=0)
    figure.savefig(path, dpi=120)


if __name__ == "__main__":
    main()
