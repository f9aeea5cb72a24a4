"""What models gain over cubic on each volume: clean, with noise, with thick slices, and as it is.

    python benchmarks/by_source.py VOLUME... --models default,other.npz

Each volume is one source. Its central crop is made coarse in several ways and upsampled again; the
table has the gain in PSNR over the foreground, in dB, in one pass. The network is given the noise
that was added, or, where the column says so, what is estimated, as in use. The last columns are the
crop as it is, upsampled 2 times, with its estimated noise times 0, 1 and 1.5: grain in flat tissue
and strength of edges, relative to cubic interpolation.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from ArSSRLib.choices import Kernel
from ArSSRLib.evaluation.metrics.edges import edge_strength
from ArSSRLib.evaluation.metrics.grain import grain
from ArSSRLib.networks.arssr import ArSSR
from ArSSRLib.networks.catalogue import load_model
from ArSSRLib.networks.noise_level import at_noise_level
from ArSSRLib.resampling.blur import Blur
from ArSSRLib.resampling.degradation import apply_separable, axis_operator
from ArSSRLib.resampling.interpolation import interpolate
from ArSSRLib.training.validation import central_crop, foreground_psnr
from ArSSRLib.volumes.array_types import FloatArray
from ArSSRLib.volumes.files.reading import read_volume
from ArSSRLib.volumes.intensity import Normalisation
from ArSSRLib.volumes.noise import estimate_noise

REDUCTIONS = (0.0, 1.0, 1.5)


@dataclass(frozen=True)
class Case:
    """A way to make a volume coarse: factors (k, j, i), kernel and noise level.

    ``estimated`` gives the network the estimated noise instead of the added one.
    """

    name: str
    factors: tuple[float, float, float]
    kernel: Kernel = "cubic"
    noise: float = 0.0
    estimated: bool = False


CASES = (
    Case("2x", (2, 2, 2)),
    Case("3x", (3, 3, 3)),
    Case("4x", (4, 4, 4)),
    Case("2x, estimated", (2, 2, 2), estimated=True),
    Case("2x k-space", (2, 2, 2), "kspace"),
    Case("2x 3 %", (2, 2, 2), noise=0.03),
    Case("2x 3 %, estimated", (2, 2, 2), noise=0.03, estimated=True),
    Case("3x 3 %", (3, 3, 3), noise=0.03),
    Case("k 3x", (3, 1, 1), "gaussian"),
    Case("k 5x", (5, 1, 1), "gaussian"),
)


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("volumes", nargs="+", type=Path)
    parser.add_argument("--models", default="default", help="bundled names or files, with commas")
    parser.add_argument("--side", type=int, default=64, help="of the crop, in voxels")
    arguments = parser.parse_args()
    models = {name: load_model(name).network for name in arguments.models.split(",")}
    real = [f"{what} at {r:g}" for r in REDUCTIONS for what in ("grain", "edges")]
    print("| volume | model | " + " | ".join([c.name for c in CASES] + real) + " |")
    print("|---" * (2 + len(CASES) + len(real)) + "|")
    rows: dict[str, list[list[float]]] = {name: [] for name in models}
    for path in arguments.volumes:
        array = read_volume(path).array
        whole = Normalisation.of(array).apply(array)
        high = central_crop(whole, arguments.side)
        level = estimate_noise(array)
        levels = {case: _level(whole, case) for case in CASES}
        for name, network in models.items():
            row = [
                *(_gain(network, high, case, levels[case]) for case in CASES),
                *_as_it_is(network, high, level),
            ]
            rows[name].append(row)
            _print(path.name.split(".")[0], name, row)
    for name, several in rows.items():
        _print("mean", name, list(np.mean(several, axis=0)))


def _coarse(high: FloatArray, case: Case) -> FloatArray:
    """What a coarser scan would have shown, with noise."""
    shape = [max(1, round(n / f)) for n, f in zip(high.shape, case.factors, strict=True)]
    blur = Blur(case.kernel)
    low = apply_separable(
        high, [axis_operator(blur, n, m) for n, m in zip(high.shape, shape, strict=True)]
    )
    generator = np.random.default_rng(0)
    low += np.float32(case.noise) * generator.standard_normal(low.shape, dtype=np.float32)
    return low


def _level(whole: FloatArray, case: Case) -> float:
    """The noise that the network is given; a crop has too little tissue to estimate it from."""
    return estimate_noise(_coarse(whole, case)) if case.estimated else case.noise


def _gain(network: ArSSR, high: FloatArray, case: Case, level: float) -> float:
    low = _coarse(high, case)
    found = foreground_psnr(_upsampled(network, low, high.shape, level), high)
    return found - foreground_psnr(interpolate(low, high.shape, "cubic"), high)


def _as_it_is(network: ArSSR, scan: FloatArray, level: float) -> Iterator[float]:
    shape = (2 * scan.shape[0], 2 * scan.shape[1], 2 * scan.shape[2])
    cubic = interpolate(scan, shape, "cubic")
    for reduction in REDUCTIONS:
        result = _upsampled(network, scan, shape, reduction * level)
        yield grain(result, cubic, scan)
        yield edge_strength(result, cubic, scan)


def _upsampled(network: ArSSR, low: FloatArray, shape: tuple[int, ...], noise: float) -> FloatArray:
    tensor = torch.from_numpy(low)[None, None].contiguous(memory_format=torch.channels_last_3d)
    with torch.autocast("cpu", torch.bfloat16):
        values = at_noise_level(network, noise).on_grid(tensor, shape)
    return values.float().numpy()


def _print(volume: str, model: str, row: list[float]) -> None:
    gains = [f"{x:+.2f}" for x in row[: len(CASES)]]
    ratios = [f"{x:.2f}" for x in row[len(CASES) :]]
    print(f"| {volume} | {Path(model).stem} | " + " | ".join(gains + ratios) + " |", flush=True)


if __name__ == "__main__":
    main()
