"""The metrics of ``arssr evaluate``, one file each; every file in this folder is loaded.

A new metric is a new file with a function of :class:`MetricInputs` and a call of
:func:`register`; tables, help and settings then list it.

>>> import numpy as np
>>> from ArSSRLib.evaluation.metrics import METRICS, MetricInputs
>>> truth = np.random.default_rng(0).random((16, 16, 16))
>>> METRICS["psnr"].function(MetricInputs(truth, reference=truth))
inf
"""

from __future__ import annotations

import pkgutil
from importlib import import_module

from .metric import METRICS, Metric, MetricInputs, MetricValue, Unavailable, register

__all__ = ["METRICS", "Metric", "MetricInputs", "MetricValue", "Unavailable", "register"]

for _file in pkgutil.iter_modules(__path__):
    import_module(f"{__name__}.{_file.name}")
for _metric in sorted(METRICS.values(), key=lambda metric: metric.position):
    METRICS[_metric.name] = METRICS.pop(_metric.name)
