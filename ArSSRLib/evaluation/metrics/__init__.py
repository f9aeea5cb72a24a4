"""The image metrics of the paper (section IV-A.2), and two usual in MR reconstruction.

>>> import numpy as np
>>> from ArSSRLib.evaluation.metrics import METRICS
>>> truth = np.random.default_rng(0).random((16, 16, 16))
>>> METRICS["psnr"].function(truth, truth)
inf
"""

from __future__ import annotations

from ArSSRLib.evaluation.metrics.hfen import hfen
from ArSSRLib.evaluation.metrics.lpc_si import lpc_si
from ArSSRLib.evaluation.metrics.lpips import lpips
from ArSSRLib.evaluation.metrics.metric import Metric, Score, Unavailable
from ArSSRLib.evaluation.metrics.nmse import nmse
from ArSSRLib.evaluation.metrics.psi import psi
from ArSSRLib.evaluation.metrics.psnr import psnr
from ArSSRLib.evaluation.metrics.ssim import ssim

METRICS: dict[str, Metric] = {
    metric.name: metric
    for metric in (
        Metric("psnr", "PSNR", psnr, True, True, "peak: range of the reference", digits=2),
        Metric("ssim", "SSIM", ssim, True, True, "Wang 2004, 3-D, 7x7x7 windows"),
        Metric("lpips", "LPIPS", lpips, True, False, "Zhang 2018, AlexNet, slice by slice"),
        Metric("psi", "PSI", psi, False, True, "Feichtenhofer 2013, slice by slice"),
        Metric("lpc_si", "LPC-SI", lpc_si, False, True, "Hassen 2013, slice by slice"),
        Metric("nmse", "NMSE", nmse, True, False, "squared error over energy", digits=5),
        Metric("hfen", "HFEN", hfen, True, False, "Laplacian of Gaussian, sigma 1.5 voxels"),
    )
}

__all__ = ["METRICS", "Metric", "Score", "Unavailable"]
