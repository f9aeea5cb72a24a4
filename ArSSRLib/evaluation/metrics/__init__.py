"""The image metrics of the paper (section IV-A.2), two usual in MR reconstruction, and
a check that a result agrees with the scan it came from.

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
            True,
            True,
            "peak: range of the reference",
            2,
            True,
            unit="dB",
        ),
        Metric("ssim", "SSIM", ssim.ssim, True, True, "Wang 2004, 3-D, 7x7x7 windows", 4, True),
        Metric("lpips", "LPIPS", lpips.lpips, True, False, "Zhang 2018, AlexNet, slice by slice"),
        Metric(
            "psi",
            "PSI",
            psi.psi,
            False,
            True,
            "Feichtenhofer 2013, slice by slice",
            least_side=psi.LEAST_SIDE_PIXELS,
        ),
        Metric(
            "lpc_si",
            "LPC-SI",
            lpc_si.lpc_si,
            False,
            True,
            "Hassen 2013, slice by slice",
            least_side=lpc_si.LEAST_SIDE_PIXELS,
        ),
        Metric("nmse", "NMSE", nmse.nmse, True, False, "squared error over energy", 5, True),
        Metric("hfen", "HFEN", hfen.hfen, True, False, "LoG, sigma 1.5 voxels", 4, True),
        Metric(
            "reblur",
            "Re-blur error",
            reblur.reblur,
            False,
            False,
            "RMS against the input, over its range",
            5,
            compares_with_input=True,
        ),
    )
}

__all__ = ["METRICS", "Metric", "Score", "Unavailable"]
