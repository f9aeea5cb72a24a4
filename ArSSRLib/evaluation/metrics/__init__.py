"""The paper's image metrics (section IV-A.2), two that are usual in MR reconstruction, and a check
that a result agrees with the scan it came from.

>>> import numpy as np
>>> from ArSSRLib.evaluation.metrics import METRICS
>>> truth = np.random.default_rng(0).random((16, 16, 16))
>>> METRICS["psnr"].function(truth, truth)
inf
"""

from __future__ import annotations

from . import hfen, lpc_si, lpips, nmse, psi, psnr, reblur, ssim
from .metric import Metric, Score, Unavailable

METRICS: dict[str, Metric] = {
    metric.name: metric
    for metric in (
        Metric(
            "psnr",
            "PSNR",
            psnr.psnr,
            source="peak: range of the reference",
            higher_is_better=True,
            takes_mask=True,
            digits=2,
            unit="dB",
        ),
        Metric(
            "ssim",
            "SSIM",
            ssim.ssim,
            source="Wang 2004, 3-D, 7x7x7 windows",
            higher_is_better=True,
            takes_mask=True,
        ),
        Metric(
            "lpips",
            "LPIPS",
            lpips.lpips,
            source="Zhang 2018, AlexNet, slice by slice",
            higher_is_better=False,
        ),
        Metric(
            "psi",
            "PSI",
            psi.psi,
            source="Feichtenhofer 2013, slice by slice",
            higher_is_better=True,
            needs_reference=False,
            least_side=psi.LEAST_SIDE_PIXELS,
        ),
        Metric(
            "lpc_si",
            "LPC-SI",
            lpc_si.lpc_si,
            source="Hassen 2013, slice by slice",
            higher_is_better=True,
            needs_reference=False,
            least_side=lpc_si.LEAST_SIDE_PIXELS,
        ),
        Metric(
            "nmse",
            "NMSE",
            nmse.nmse,
            source="squared error over energy",
            higher_is_better=False,
            takes_mask=True,
            digits=5,
        ),
        Metric(
            "hfen",
            "HFEN",
            hfen.hfen,
            source="LoG, sigma 1.5 voxels",
            higher_is_better=False,
            takes_mask=True,
        ),
        Metric(
            "reblur",
            "Re-blur error",
            reblur.reblur,
            source="RMS against the input, over its range",
            higher_is_better=False,
            needs_reference=False,
            compares_with_input=True,
            digits=5,
        ),
    )
}

__all__ = ["METRICS", "Metric", "Score", "Unavailable"]
