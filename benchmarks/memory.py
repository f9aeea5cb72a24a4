"""Peak resident memory of ``arssr upsample`` over the size of the volume.

    python benchmarks/memory.py [--scale 2] [--model default] [SIZE ...]

A SIZE is one side (128) or three (256x256x176). Each is upsampled by the real command line in a
process of its own, which is asked afterwards how much memory it ever held. The volume is the
bundled brain repeated until it fills the size, so that there is no empty background to skip.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from ArSSRLib.estimate import estimate_cost
from ArSSRLib.grid import Grid
from ArSSRLib.volume import Volume, write_volume
from benchmarks.repeated_brain import repeated_brain

MEBIBYTE = 2**20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sizes", nargs="*", default=["64", "128", "256x256x176"])
    parser.add_argument("--scale", type=float, default=2.0)
    parser.add_argument("--model", default="default")
    arguments = parser.parse_args()
    print(
        "| voxels in | voxels out | arrays (MiB) | peak (MiB) | above arrays (MiB) "
        "| peak / estimate | s |\n|---|---|---|---|---|---|---|"
    )
    for text in arguments.sizes:
        sides = [int(n) for n in text.split("x")]
        size = tuple(sides * 3 if len(sides) == 1 else sides)
        print(_row(size, arguments.scale, arguments.model), flush=True)


def _row(size: tuple[int, ...], scale: float, model: str) -> str:
    grid = Grid(size)  # type: ignore[arg-type]
    target = grid.upsampled(scale)
    with tempfile.TemporaryDirectory() as folder:
        source, result = Path(folder, "in.nii"), Path(folder, "out.nii")
        write_volume(Volume(repeated_brain(size), grid), source)
        started = time.perf_counter()
        peak = _peak_of(
            [
                *(sys.executable, "-m", "ArSSRLib", "upsample", str(source), str(result)),
                *("--scale", str(scale), "--model", model, "--device", "cpu"),
                *("--progress", "none"),
            ]
        )
        seconds = time.perf_counter() - started
    arrays = 4 * (grid.voxels + target.voxels)
    estimate = estimate_cost(grid, target, model).peak_bytes
    return (
        f"| {'×'.join(map(str, size))} | {'×'.join(map(str, target.size))} "
        f"| {arrays / MEBIBYTE:.0f} | {peak / MEBIBYTE:.0f} | {(peak - arrays) / MEBIBYTE:.0f} "
        f"| {peak / estimate:.2f} | {seconds:.0f} |"
    )


def _peak_of(command: list[str]) -> int:
    """Largest resident memory of a command, in bytes; measured by a process that runs only it."""
    measure = (
        "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True); "
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    )
    done = subprocess.run(
        [sys.executable, "-c", measure, *command],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[1],
    )
    unit = 1 if sys.platform == "darwin" else 1024
    return int(done.stdout.split()[-1]) * unit


if __name__ == "__main__":
    main()
