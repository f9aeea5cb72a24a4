"""The picture of ``arssr demo``: results beside the volume that they should reproduce."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..volumes.volume import Volume
from .canvas import Canvas
from .comparison import Column, draw_comparison


@dataclass(frozen=True)
class Evidence:
    """What the picture shows; all volumes cover the same field of view.

    Attributes:
        low: the low-resolution input.
        cubic: its cubic interpolation, on the grid of ``truth``.
        arssr: the network's result, on the grid of ``truth``.
        truth: the volume that ``low`` was simulated from.
        scores: for ``cubic`` and ``arssr``, PSNR in dB and SSIM over the whole volume.
        scale: the factor, as text.
    """

    low: Volume
    cubic: Volume
    arssr: Volume
    truth: Volume
    scores: Mapping[str, tuple[float, float]]
    scale: str


def draw_evidence(evidence: Evidence) -> Canvas:
    """The input, both results with their scores, and the truth; below the results their errors."""
    texts = {
        name: f"PSNR {psnr:.2f} dB   SSIM {ssim:.3f}"
        for name, (psnr, ssim) in evidence.scores.items()
    }
    gain = evidence.scores["arssr"][0] - evidence.scores["cubic"][0]
    return draw_comparison(
        f"{evidence.scale} super-resolution of a T1 brain: ArSSR {gain:+.2f} dB against cubic",
        [
            Column("Low resolution", evidence.low),
            Column("Cubic B-spline", evidence.cubic, note=texts["cubic"]),
            Column("ArSSR", evidence.arssr, note=texts["arssr"], accent=True),
            Column("Ground truth", evidence.truth),
        ],
        truth=evidence.truth,
    )
