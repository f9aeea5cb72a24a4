"""How much of the machine ``upsample`` uses: its FLOP/s over those of a large matrix product.

    python benchmarks/machine.py [--models paper default] [--side 96] [--scale 2]

The operations are those that run (convolutions and products, halos included), counted by torch's
``FlopCounterMode`` in a separate pass; interpolation, activations and normalisation are not
counted but their time is. The machine's speed is the best float32 product of 4096² matrices that
torch or numpy reaches on the same threads.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode, conv_flop_count

sys.path.insert(0, str(Path(__file__).parents[1]))

from ArSSRLib.networks.catalogue import load_model
from ArSSRLib.upsampling.device import ask_for_huge_pages
from ArSSRLib.upsampling.engine import upsample_array
from benchmarks.repeated_brain import repeated_brain

MATRIX = 4096
REPEATS = 3


def main() -> None:
    ask_for_huge_pages()
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", nargs="+", default=["paper", "default"])
    parser.add_argument("--side", type=int, default=96, help="LR voxels along each axis")
    parser.add_argument("--scale", type=float, default=2.0)
    arguments = parser.parse_args()
    peak = matrix_speed()
    print(
        f"{arguments.side}³ at {arguments.scale:g}×, {torch.get_num_threads()} threads; a "
        f"{MATRIX}² float32 product reaches {peak / 1e9:.0f} GFLOP/s\n\n"
        "| model | operations (TFLOP) | s | GFLOP/s | share of the product's |\n"
        "|---|---|---|---|---|"
    )
    low = repeated_brain((arguments.side,) * 3)
    shape = (round(arguments.side * arguments.scale),) * 3
    for name in arguments.models:
        model = load_model(name)

        def work() -> None:
            upsample_array(low, shape, model, device="cpu")  # noqa: B023

        with FlopCounterMode(display=False, custom_mapping=OURS) as counter:
            work()
        operations = counter.get_total_flops()
        seconds = shortest(work)
        speed = operations / seconds
        print(
            f"| {name} | {operations / 1e12:.2f} | {seconds:.1f} | {speed / 1e9:.0f} "
            f"| {speed / peak:.0%} |",
            flush=True,
        )


def onednn_flops(x_shape, w_shape, *_, out_shape=None, **__) -> int:  # type: ignore[no-untyped-def]
    """Operations of a convolution that was asked of oneDNN by name, which torch does not count."""
    return conv_flop_count(list(x_shape), list(w_shape), list(out_shape))


OURS = {torch.ops.aten.mkldnn_convolution: onednn_flops}


def matrix_speed() -> float:
    """Operations a second of the faster of torch's and numpy's product."""
    a = np.random.default_rng(0).random((MATRIX, MATRIX), dtype=np.float32)
    t = torch.from_numpy(a)
    return 2.0 * MATRIX**3 / min(shortest(lambda: t @ t), shortest(lambda: a @ a))


def shortest(action: Callable[[], object]) -> float:
    """The shortest of a few runs, in s, after one to warm up."""
    action()
    times = []
    for _ in range(REPEATS):
        started = time.perf_counter()
        action()
        times.append(time.perf_counter() - started)
    return min(times)


if __name__ == "__main__":
    main()
