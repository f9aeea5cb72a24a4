"""What a run costs beside computing: start-up, reading and writing, as a share of the whole.

    python benchmarks/file_to_file.py [--side 128] [--scale 2] [--model default]

The real command line runs from file to file; the same computation is timed in this process, with
everything loaded. The difference is the overhead. The parts are timed one by one as well.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from ArSSRLib.networks.catalogue import load_model
from ArSSRLib.upsampling.hardware.device import ask_for_huge_pages
from ArSSRLib.upsampling.request import Upsampling
from ArSSRLib.upsampling.run import upsample_volume
from ArSSRLib.volumes.files.reading import read_volume
from ArSSRLib.volumes.files.writing import write_volume
from ArSSRLib.volumes.grid import Grid
from ArSSRLib.volumes.volume import Volume
from benchmarks.machine import shortest
from benchmarks.repeated_brain import repeated_brain

ROOT = Path(__file__).parents[1]


def main() -> None:
    ask_for_huge_pages()
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--side", type=int, default=128)
    parser.add_argument("--scale", type=float, default=2.0)
    parser.add_argument("--model", default="default")
    parser.add_argument("--format", default="nii.gz", help="nii.gz, nii, nrrd or mha")
    arguments = parser.parse_args()
    size = (arguments.side,) * 3
    target = Grid(size).upsampled(arguments.scale)
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, f"in.{arguments.format}")
        result = Path(folder, f"out.{arguments.format}")
        write_volume(Volume(repeated_brain(size), Grid(size), "int16"), source)
        command = [
            *(sys.executable, "-m", "ArSSRLib", "upsample", str(source), "-o", str(result)),
            *("--scale", str(arguments.scale), "--model", arguments.model, "--device", "cpu"),
            *("--progress", "none", "--force"),
        ]
        whole = shortest(lambda: subprocess.run(command, check=True, cwd=ROOT))
        volume, made = read_volume(source), read_volume(result)
        parts = {
            "reading": shortest(lambda: read_volume(source)),
            "writing": shortest(lambda: write_volume(made, result, overwrite=True)),
            "start-up": shortest(
                lambda: subprocess.run(
                    [sys.executable, "-c", "import ArSSRLib.upsampling.engine"],
                    check=True,
                    cwd=ROOT,
                )
            ),
        }
    model = load_model(arguments.model)
    request = Upsampling.of(model=model, device="cpu")
    computing = shortest(lambda: upsample_volume(volume, request, target=target, model=model))
    print(f"{arguments.side}³ at {arguments.scale:g}×, .{arguments.format}\n")
    print("| part | s | share |\n|---|---|---|")
    print(f"| whole run | {whole:.2f} | 100% |")
    print(f"| computing | {computing:.2f} | {computing / whole:.0%} |")
    for name, seconds in parts.items():
        print(f"| {name} | {seconds:.2f} | {seconds / whole:.1%} |")
    overhead = sum(parts.values())
    print(f"| reading, writing and start-up | {overhead:.2f} | {overhead / whole:.1%} |")


if __name__ == "__main__":
    main()
