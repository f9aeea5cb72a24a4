"""``upsample`` against the reference way: the whole network, encoder included, for every slice.

    python benchmarks/per_slice.py [--side 48] [--scale 2] [--slices 3] [--model paper]

The reference is what a plain test script of the method does: for each slice of the output it runs
encoder and decoder again. Its slices cost the same, so a few are timed and multiplied up
(``--slices 0`` runs all); the numbers of those slices are compared. "Encode once" is the same loop
with the encoder taken out of it. A trained network can make denormal numbers, which CPUs compute
with many times slower and which ``upsample`` takes for zero: the first row is the plain script,
the second and third have that taken away.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

sys.path.insert(0, str(Path(__file__).parents[1]))

from ArSSRLib.networks.arssr import ArSSR
from ArSSRLib.networks.catalogue import load_model
from ArSSRLib.upsampling.engine import Engine
from ArSSRLib.upsampling.hardware.device import ask_for_huge_pages, denormals_flushed
from ArSSRLib.volumes.intensity import Normalisation
from benchmarks.repeated_brain import repeated_brain

REPEATS = 3


def main() -> None:
    ask_for_huge_pages()
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--side", type=int, default=48, help="LR voxels along each axis")
    parser.add_argument("--scale", type=float, default=2.0)
    parser.add_argument("--slices", type=int, default=3, help="slices to time; 0 for all")
    parser.add_argument("--model", default="paper")
    arguments = parser.parse_args()
    model = load_model(arguments.model)
    low = repeated_brain((arguments.side,) * 3)
    side = round(arguments.side * arguments.scale)
    ours, result = fastest(lambda: Engine(model=model, device="cpu").upsample(low, (side,) * 3))
    # The reference keeps torch's own memory order, as plain code does.
    plain = ArSSR(model.header.spec)
    plain.load_state_dict(model.network.state_dict())
    slices = arguments.slices or side
    with torch.inference_mode():
        as_it_is, difference = per_slice(plain, low, result, slices)
        with denormals_flushed():
            reference, _ = per_slice(plain, low, result, slices)
            once = encode_once(plain, low, side)
    rows = {
        "whole network for every slice": as_it_is,
        "the same, denormal numbers taken for zero": reference,
        "encode once, decode slice by slice, likewise": once,
        "upsample": ours,
    }
    print(
        f"{arguments.side}³ → {side}³, model {arguments.model}, "
        f"{torch.get_num_threads()} threads, torch {torch.__version__}\n\n"
        "| way | s | `upsample` is faster |\n|---|---|---|"
    )
    for way, seconds in rows.items():
        print(f"| {way} | {seconds:.1f} | {seconds / ours:.1f}× |")
    print(f"\nlargest difference to the reference: {difference:.1e} of the intensity range")


def fastest(action):  # type: ignore[no-untyped-def]
    """The shortest of a few runs, in s, and the last result."""
    times = []
    for _ in range(REPEATS):
        started = time.perf_counter()
        result = action()
        times.append(time.perf_counter() - started)
    return min(times), result


def per_slice(
    network: ArSSR, low: np.ndarray, ours: np.ndarray, slices: int
) -> tuple[float, float]:
    """Seconds for all slices, from ``slices`` timed ones, and the largest difference there."""
    normalisation = Normalisation.of(low)
    volume = torch.from_numpy(normalisation.apply(low))[None, None]
    side = ours.shape[0]
    worst, spent = 0.0, 0.0
    numbers = np.linspace(0, side - 1, slices).round().astype(int)
    network(volume, *queries(volume, side, 0))  # warms up
    for number in numbers:
        started = time.perf_counter()
        values = network(volume, *queries(volume, side, int(number)))
        spent += time.perf_counter() - started
        found = normalisation.restore(values.view(side, side).numpy())
        worst = max(worst, float(np.abs(found - ours[number]).max()))
    return spent / slices * side, worst / float(np.ptp(low))


def encode_once(network: ArSSR, low: np.ndarray, side: int) -> float:
    """Seconds of the loop over slices that encodes once."""
    volume = torch.from_numpy(Normalisation.of(low).apply(low))[None, None]
    started = time.perf_counter()
    features = network.encoder(volume)
    for number in range(side):
        network.decode(features, volume, *queries(volume, side, number))
    return time.perf_counter() - started


def queries(volume: Tensor, side: int, number: int) -> tuple[Tensor, Tensor]:
    """Normalised coordinates (1, side², 3) of a slice, and the cell (1, 3)."""
    axis = (2.0 * torch.arange(side) + 1.0) / side - 1.0
    plane = torch.stack(torch.meshgrid(axis[number : number + 1], axis, axis, indexing="ij"), -1)
    cell = torch.full((1, 3), volume.shape[2] / side)
    return plane.reshape(1, -1, 3), cell


if __name__ == "__main__":
    main()
