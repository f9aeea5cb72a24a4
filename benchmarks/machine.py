"""How much of the machine's float32 speed ``upsample`` reaches end to end.

    python benchmarks/machine.py [--models paper default] [--side 96] [--scale 2]

The operations are those that run (convolutions and products, halos included), counted by torch's
``FlopCounterMode`` in a separate pass; interpolation, activations and normalisation are not
counted but their time is. The network computes in float32, as the references do.

The machine's speed is that of the fastest of three references of the same size, a product of two
4096² matrices: torch's product (MKL), numpy's product (OpenBLAS) and a 1×1 convolution in oneDNN,
which also computes the network. The libraries choose their instructions by processor: MKL takes
AVX-512 on Intel's processors and AVX2 on others, oneDNN takes AVX-512 wherever it is. With the
products alone as reference one machine gave 136 % and another 73 %. The convolution makes them
comparable; the table of references shows how far the libraries differ. Each is timed before and
after the models, and the shorter time counts. A busy machine or one core shared by two threads
lowers every figure: the load and the number of threads are printed.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode, conv_flop_count

sys.path.insert(0, str(Path(__file__).parents[1]))

from ArSSRLib.networks.catalogue import load_model
from ArSSRLib.upsampling.engine import Engine
from ArSSRLib.upsampling.hardware.device import ask_for_huge_pages
from benchmarks.repeated_brain import repeated_brain

SIDE = 4096
ROWS = 64
REPEATS = 3


def main() -> None:
    ask_for_huge_pages()
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", nargs="+", default=["paper", "default"])
    parser.add_argument("--side", type=int, default=96, help="LR voxels along each axis")
    parser.add_argument("--scale", type=float, default=2.0)
    arguments = parser.parse_args()
    print(f"{arguments.side}³ at {arguments.scale:g}× on {machine()}\n")
    before = reference_seconds()
    measured = {name: measure(name, arguments) for name in arguments.models}
    after = reference_seconds()
    speeds = {name: 2.0 * SIDE**3 / min(before[name], after[name]) for name in before}
    print("| reference, 4096² by 4096² | GFLOP/s |\n|---|---|")
    for name, speed in speeds.items():
        print(f"| {name} | {speed / 1e9:.0f} |")
    fastest = max(speeds.values())
    print(
        "\n| model | operations (TFLOP) | s | GFLOP/s | share of the fastest reference |\n"
        "|---|---|---|---|---|"
    )
    for name, (operations, seconds) in measured.items():
        speed = operations / seconds
        print(
            f"| {name} | {operations / 1e12:.2f} | {seconds:.1f} | {speed / 1e9:.0f} "
            f"| {speed / fastest:.0%} |"
        )


def machine() -> str:
    """Processor, instructions, threads and load, in words."""
    name = platform.processor() or platform.machine()
    if Path("/proc/cpuinfo").is_file():
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        name = next((x.partition(": ")[2] for x in lines if x.startswith("model name")), name)
    load = f"load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown load"
    instructions = torch.backends.cpu.get_cpu_capability()
    return f"{name} ({instructions}), {torch.get_num_threads()} threads, {load} before the start"


def measure(name: str, arguments: argparse.Namespace) -> tuple[float, float]:
    """Operations and seconds of a model."""
    low = repeated_brain((arguments.side,) * 3)
    shape = (round(arguments.side * arguments.scale),) * 3
    model = load_model(name)

    def work() -> None:
        Engine(model=model, device="cpu", precision="float32").upsample(low, shape)

    with FlopCounterMode(display=False, custom_mapping=OURS) as counter:
        work()
    return float(counter.get_total_flops()), shortest(work)


def onednn_flops(x_shape, w_shape, *_, out_shape=None, **__) -> int:  # type: ignore[no-untyped-def]
    """Operations of a convolution that is called in oneDNN by name, which torch does not count."""
    return conv_flop_count(list(x_shape), list(w_shape), list(out_shape))


OURS = {torch.ops.aten.mkldnn_convolution: onednn_flops}


def reference_seconds() -> dict[str, float]:
    """The time of the same product in each library."""
    a = np.random.default_rng(0).random((SIDE, SIDE), dtype=np.float32)
    t = torch.from_numpy(a)
    # In the layout in which the network's planes are computed.
    planes = t.view(1, SIDE, ROWS, SIDE // ROWS).contiguous(memory_format=torch.channels_last)
    kernel = t.view(SIDE, SIDE, 1, 1)
    found = {"torch": shortest(lambda: t @ t), "numpy": shortest(lambda: a @ a)}
    if torch.backends.mkldnn.is_available():
        by_onednn = torch.mkldnn_convolution
        found["oneDNN 1×1 convolution"] = shortest(
            lambda: by_onednn(planes, kernel, None, [0, 0], [1, 1], [1, 1], 1)
        )
    return found


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
