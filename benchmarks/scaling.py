"""How the time of ``upsample`` grows: with the voxels, with the scale, with the threads.

    python benchmarks/scaling.py [--model default]

Time should be proportional to the input's voxels at one scale, and, at one input, linear in the
output's voxels (scale cubed) above what encoding costs. The exponents are fitted as straight lines
in log-log: over the input's voxels for the whole time, over the output's for the decoding.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).parents[1]))

from ArSSRLib.networks.catalogue import load_model
from ArSSRLib.upsampling.engine import Engine
from ArSSRLib.upsampling.hardware.device import ask_for_huge_pages
from benchmarks.machine import shortest
from benchmarks.repeated_brain import repeated_brain

SIDES = (48, 64, 96, 128)
SCALES = (1.5, 2.0, 2.5, 3.0, 4.0)
SIDE_OF_SCALES = 64


def main() -> None:
    ask_for_huge_pages()
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="default")
    model = load_model(parser.parse_args().model)

    def seconds(side: int, scale: float) -> float:
        low, shape = repeated_brain((side,) * 3), (round(side * scale),) * 3
        return shortest(lambda: Engine(model=model, device="cpu").upsample(low, shape))

    print("| input, at 2× | s | µs a voxel |\n|---|---|---|")
    times = []
    for side in SIDES:
        times.append(seconds(side, 2.0))
        print(f"| {side}³ | {times[-1]:.2f} | {times[-1] / side**3 * 1e6:.1f} |", flush=True)
    print(f"\ntime ∝ voxels^{exponent([side**3 for side in SIDES], times):.2f}\n")

    print(f"| scale, from {SIDE_OF_SCALES}³ | s | ns an output voxel |\n|---|---|---|")
    voxels = [round(SIDE_OF_SCALES * scale) ** 3 for scale in SCALES]
    times = []
    for scale, count in zip(SCALES, voxels, strict=True):
        times.append(seconds(SIDE_OF_SCALES, scale))
        print(f"| {scale:g} | {times[-1]:.2f} | {times[-1] / count * 1e9:.0f} |", flush=True)
    slope, encoding = np.polyfit(voxels, times, 1)
    decoding = np.clip(np.array(times) - encoding, 1e-9, None)
    print(
        f"\ntime = {encoding:.2f} s of encoding + {slope * 1e9:.0f} ns × output voxels; "
        f"without the encoding, time ∝ (scale³)^{exponent(voxels, decoding):.2f}\n"
    )

    print("| threads | s, 96³ at 2× | times faster |\n|---|---|---|")
    all_threads, first = torch.get_num_threads(), 0.0
    for threads in sorted({1, all_threads}):
        torch.set_num_threads(threads)
        taken = seconds(96, 2.0)
        first = first or taken
        print(f"| {threads} | {taken:.2f} | {first / taken:.2f} |", flush=True)


def exponent(sizes, times) -> float:  # type: ignore[no-untyped-def]
    """Slope of log time over log size."""
    return float(np.polyfit(np.log(sizes), np.log(times), 1)[0])


if __name__ == "__main__":
    main()
