"""A fingerprint of everything that decides the numbers of a task, so that they can be reused."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from importlib import metadata
from typing import TYPE_CHECKING

from ...upsampling.hardware.device import choose_device
from ...upsampling.hardware.precision import choose_precision
from ..metrics import METRICS
from ..settings import Settings
from .file_versions import digest
from .inputs import check_mask_file
from .model_files import model_file
from .segmentation import atlas_files
from .tasks import Task

if TYPE_CHECKING:
    import torch

_FORMAT = 3
"""Changes when records of earlier versions can no longer be used."""


def precision_name(precision: str, device: torch.device) -> str:
    """The type of number that ArSSR computes with on a device, for example ``bfloat16``."""
    return str(choose_precision(precision, device)).removeprefix("torch.")


def fingerprint(task: Task, settings: Settings) -> str:
    """Changes with everything that decides the numbers of the task, and with nothing else.

    Raises:
        InputError: a file of the task is missing or cannot be read.
    """
    from ... import __version__

    model, device = None, choose_device(settings.device)
    if task.upsamples:
        model = model_file(task.method, task.scale, settings.baselines)
    if task.mask is not None:
        check_mask_file(task.mask)
    atlas = atlas_files(settings.atlas) if settings.atlas is not None else ()
    decisive = {
        "format": _FORMAT,
        "library": __version__,
        "volume": digest(task.path),
        "scale": task.scale,
        "scales": list(settings.scales) if not task.upsamples else [],
        "method": task.method.text if model is None else digest(model),
        "fast": task.method.fast,
        "noise_reduction": task.method.noise_reduction,
        "device": None if model is None else device.type,
        "precision": None if model is None else precision_name(settings.precision, device),
        "blur": None if settings.blur is None else asdict(settings.blur),
        "noise": [settings.noise, settings.noise_kind],
        "axes": settings.axes,
        "metrics": {name: METRICS[name].version() for name in settings.metrics},
        "reference_free": settings.reference_free,
        "mask": None if task.mask is None else digest(task.mask),
        "segmentation": metadata.version("antspyx") if settings.segments else None,
        "atlas": [digest(path) for path in atlas],
        "line": settings.line,
    }
    if settings.expected_error:
        decisive["expected_error"] = True
    return hashlib.sha256(json.dumps(decisive, sort_keys=True).encode()).hexdigest()
