"""The picture of ``arssr demo``: results beside the volume that they should reproduce."""

from __future__ import annotations

from collections.abc import Mapping

from ..volumes.volume import Volume
from .canvas import Canvas
from .comparison import Column, draw_comparison


def draw_evidence(
    low: Volume,
    results: Mapping[str, Volume],
    truth: Volume,
    scores: Mapping[str, tuple[float, float]],
    scale: str,
) -> Canvas:
    """The input, both results with their scores, and the truth; below the results their errors.

    Args:
        low: the low-resolution input; all volumes cover the same field of view.
        results: ``cubic`` and ``arssr``, its interpolation and the network's result, on the grid of
            ``truth``.
        truth: the volume that ``low`` was simulated from.
        scores: of each result, PSNR in dB and SSIM over the whole volume.
        scale: the factor, as text.
    """
    notes = {n: f"PSNR {psnr:.2f} dB   SSIM {ssim:.3f}" for n, (psnr, ssim) in scores.items()}
    gain = scores["arssr"][0] - scores["cubic"][0]
    return draw_comparison(
        f"{scale} super-resolution of a T1 brain: ArSSR {gain:+.2f} dB against cubic",
        [
            Column("Low resolution", low),
            Column("Cubic B-spline", results["cubic"], note=notes["cubic"]),
            Column("ArSSR", results["arssr"], note=notes["arssr"], accent=True),
            Column("Ground truth", truth),
        ],
        truth=truth,
    )
