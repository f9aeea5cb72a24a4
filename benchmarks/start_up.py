"""How long the program takes before it does anything, against Python doing nothing.

    .venv/bin/python benchmarks/start_up.py

``help`` must come at once (torch is imported late); ``cubic`` is a small file-to-file run, which
shows what reading, writing and imports cost.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VOLUME = ROOT / "Testing" / "data" / "cortex_t1.nii.gz"
RUNS = 7


def seconds_of(command: list[str]) -> float:
    """Median wall time of a command over ``RUNS`` runs, in s, after one run to warm up."""
    times = []
    for _ in range(RUNS + 1):
        started = time.perf_counter()
        subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
        times.append(time.perf_counter() - started)
    return statistics.median(times[1:])


def main() -> None:
    python = sys.executable
    with tempfile.TemporaryDirectory() as folder:
        output = str(Path(folder) / "fine.nii.gz")
        commands = {
            "python -c pass": [python, "-c", "pass"],
            "import numpy, SimpleITK": [python, "-c", "import numpy, SimpleITK"],
            "import torch": [python, "-c", "import torch"],
            "arssr --help": [python, "-m", "ArSSRLib", "--help"],
            "arssr upsample --help": [python, "-m", "ArSSRLib", "upsample", "--help"],
            "arssr models --help": [python, "-m", "ArSSRLib", "models", "--help"],
            "arssr upsample, cubic": [python, "-m", "ArSSRLib", "upsample", str(VOLUME), "-o",
                                      output, "--scale", "2", "--method", "cubic", "--force"],
        }  # fmt: skip
        bare = seconds_of(commands["python -c pass"])
        print(f"{'':<26}{'seconds':>9}{'× bare Python':>16}")
        for name, command in commands.items():
            taken = seconds_of(command)
            print(f"{name:<26}{taken:>9.3f}{taken / bare:>16.1f}")


if __name__ == "__main__":
    main()
