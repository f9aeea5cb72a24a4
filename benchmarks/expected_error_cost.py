"""What the expected error costs: time and memory of ``arssr upsample`` with and without it.

    python benchmarks/expected_error_cost.py [--size 96] [--scale 2] [--pairs 5] [--two-passes]

The volume is the bundled brain repeated until it fills the size. Runs with and without an error map
take turns. Each is a separate process that reads and writes files without compression. Let nothing
else run at the same time: a busy machine changes times by more than the cost.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from ArSSRLib.volumes.files.writing import write_volume
from ArSSRLib.volumes.grid import Grid
from ArSSRLib.volumes.volume import Volume
from benchmarks.measured_process import MEBIBYTE, Measured, measured_arssr
from benchmarks.repeated_brain import repeated_brain


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=96, help="voxels along each axis")
    parser.add_argument("--scale", default="2")
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--two-passes", action="store_true", help="not --fast")
    arguments = parser.parse_args()
    speed = [] if arguments.two_passes else ["--fast"]
    print("| with it | s | CPU s | peak (MiB) |\n|---|---|---|---|")
    without, with_it = [], []
    with tempfile.TemporaryDirectory() as folder:
        size = (arguments.size,) * 3
        source = Path(folder, "in.nii")
        write_volume(Volume(repeated_brain(size), Grid(size)), source)
        words = ["upsample", str(source), "-o", str(Path(folder, "out.nii")), "--force"]
        words += ["--scale", arguments.scale, "--device", "cpu", "--progress", "none", *speed]
        error_map = ["--error-map", str(Path(folder, "error.nii"))]
        for _ in range(arguments.pairs):
            without.append(measured_arssr(words))
            print(_row("no", without[-1]), flush=True)
            with_it.append(measured_arssr([*words, *error_map]))
            print(_row("yes", with_it[-1]), flush=True)
    print("\n" + _summary(without, with_it))


def _row(name: str, run: Measured) -> str:
    return f"| {name} | {run.seconds:.1f} | {run.cpu_seconds:.1f} | {run.peak / MEBIBYTE:.0f} |"


def _summary(without: Sequence[Measured], with_it: Sequence[Measured]) -> str:
    """How much more the medians of the runs are."""
    more = {
        name: statistics.median(getattr(run, key) for run in with_it)
        / statistics.median(getattr(run, key) for run in without)
        for name, key in (("time", "seconds"), ("CPU time", "cpu_seconds"), ("memory", "peak"))
    }
    return "Medians: " + ", ".join(f"{name} {100 * m - 100:+.1f} %" for name, m in more.items())


if __name__ == "__main__":
    main()
