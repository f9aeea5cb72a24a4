"""Measuring one case: one volume, at one scale, with one method."""

from __future__ import annotations

import hashlib
import json
import math
import os
import time
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from ..degradation import Kernel, paper_low_resolution
from ..errors import EnvironmentFault, InputError
from ..grid import Grid, SizeTriple
from ..simulation import simulate_volume
from ..volume import Volume, read_volume
from .methods import Method, model_file, upsample
from .metrics import METRICS, Score, Unavailable
from .records import Record, load_record, record_path, save_record
from .segmentation import AtlasSegmenter, Labels, Segmenter, TissueSegmenter, brain_mask, dice
from .settings import Settings, mask_file
from .views import Aim, aim_at, load_views, save_views, views_of

Mask = npt.NDArray[np.bool_]

INPUT = Method("input", "input")
"""Stands for the low-resolution volume itself, shown in pictures."""
TRUTH = Method("truth", "truth")
"""Stands for the sharp volume itself, whose own sharpness the others are read against."""
_FORMAT = 1
_WORKER: dict[str, Any] = {}


@dataclass(frozen=True)
class Case:
    """A volume of the source folder at a scale (1 for the volume itself) with a method."""

    volume: str
    path: Path
    scale: float
    method: Method

    def record(self, settings: Settings) -> Path:
        """Where its numbers are kept."""
        return record_path(settings.output, self.volume, self.scale, self.method.slug)

    def views(self, settings: Settings) -> Path:
        """Where its pictures are kept."""
        return self.record(settings).with_suffix(".npz")


def measure(case: Case, settings: Settings) -> Record:
    """Measures a case, or takes over what an earlier run measured in the same way.

    A case that fails is recorded with the reason and does not stop the others; it is tried again
    by the next run.
    """
    path = case.record(settings)
    try:
        fingerprint = _fingerprint(case, settings)
        known = load_record(path)
        if (
            known is not None
            and known.fingerprint == fingerprint
            and not known.error
            and load_views(case.views(settings)) is not None
        ):
            return known
        _use_threads(settings.threads)
        record = replace(_measured(case, settings), fingerprint=fingerprint)
    except (KeyboardInterrupt, EnvironmentFault):
        raise
    except Exception as error:  # whatever a damaged volume provokes belongs to this case alone
        record = Record(case.volume, case.scale, case.method.slug, "", error=_reason(error))
    save_record(record, path)
    return record


def _measured(case: Case, settings: Settings) -> Record:
    source = _read(case.path)
    truth = None if settings.reference_free else source
    aim = _aim(case.path, settings.line)
    if case.scale == 1.0:
        _save_inputs(case, settings, source, aim)
        result, seconds = source, 0.0
    else:
        low, target = _low_and_target(case.path, case.scale, settings)
        started = time.perf_counter()
        array = upsample(case.method, low, target, case.scale, settings.baselines, settings.device)
        seconds = time.perf_counter() - started
        result = Volume(array, target)
    save_views(views_of(result, aim), case.views(settings))
    window = (float(source.array.min()), float(source.array.max()))
    values = _values(result, truth if case.scale != 1.0 else None, window, settings, case)
    overlap: dict[str, float] = {}
    if (settings.segmentation or settings.atlas) and case.scale != 1.0:
        try:
            overlap = _dice(case, settings, result)
        except InputError as error:
            values["dice"] = str(error)
    return Record(case.volume, case.scale, case.method.slug, "", values, overlap, seconds)


def _values(
    result: Volume,
    truth: Volume | None,
    window: tuple[float, float],
    settings: Settings,
    case: Case,
) -> dict[str, float | str]:
    mask = _mask(case.path, settings) if settings.masks is not None else None
    values: dict[str, float | str] = {}
    for name in settings.metrics:
        metric = METRICS[name]
        if metric.compares_with_input:
            if case.scale == 1.0:
                continue
            low, _ = _low_and_target(case.path, case.scale, settings)
            score = metric.function(result.array, low.array, settings.kernel)
        elif not metric.needs_reference:
            score = metric.function(result.array, window=window)
        elif truth is None:
            continue
        elif metric.takes_mask:
            score = metric.function(result.array, truth.array, mask=mask)
        else:
            score = metric.function(result.array, truth.array)
        values[name] = _number_or_reason(score, name)
    return values


def _number_or_reason(score: Score, name: str) -> float | str:
    if isinstance(score, Unavailable):
        return str(score)
    if math.isnan(score):
        return f"not measured: no slice is large enough for {METRICS[name].title}"
    return float(score)


def _save_inputs(case: Case, settings: Settings, source: Volume, aim: Aim) -> None:
    """Keeps what the low-resolution volume looks like, at every scale."""
    if settings.reference_free:
        return
    for scale in settings.scales:
        low, _ = _low_and_target(case.path, scale, settings)
        save_views(views_of(low, aim), Case(case.volume, case.path, scale, INPUT).views(settings))


def _dice(case: Case, settings: Settings, result: Volume) -> dict[str, float]:
    segmenter = _segmenter(settings)
    expected = _labels_of_truth(case.path, settings)
    found = segmenter.segment(result.array, result.grid, _brain(case.path, settings))
    return dice(expected, found, segmenter.regions)


@lru_cache(maxsize=1)
def _labels_of_truth(path: Path, settings: Settings) -> Labels:
    truth = _read(path)
    return _segmenter(settings).segment(truth.array, truth.grid, _brain(path, settings))


def _brain(path: Path, settings: Settings) -> Mask:
    return _mask(path, settings) if settings.masks is not None else brain_mask(_read(path).array)


def _segmenter(settings: Settings) -> Segmenter:
    return AtlasSegmenter(settings.atlas) if settings.atlas is not None else TissueSegmenter()


@lru_cache(maxsize=1)
def _read(path: Path) -> Volume:
    return replace(read_volume(path), pixel_type="float32")


@lru_cache(maxsize=1)
def _aim(path: Path, line: tuple[float, ...] | None) -> Aim:
    return aim_at(_read(path), line)


@lru_cache(maxsize=1)
def _low_and_target(path: Path, scale: float, settings: Settings) -> tuple[Volume, Grid]:
    """The low-resolution volume, and the grid it is to be brought to."""
    source = _read(path)
    first, second, third = (scale if axis in settings.axes else 1.0 for axis in "ijk")
    factors = (first, second, third)
    if settings.reference_free:
        return source, source.grid.upsampled(factors)
    if settings.kernel == "paper":
        array = paper_low_resolution(source.array, scale)
        grid = source.grid.resized(cast(SizeTriple, array.shape[::-1]))
        return Volume(array, grid), source.grid
    return simulate_volume(source, factors, cast(Kernel, settings.kernel)), source.grid


def _mask(path: Path, settings: Settings) -> Mask:
    assert settings.masks is not None
    mask = read_volume(mask_file(settings.masks, path))
    source = _read(path)
    if mask.array.shape != source.array.shape:
        raise InputError(
            f"The mask of {path.name} has {mask.grid.size} voxels and the volume "
            f"{source.grid.size}; use a mask on its grid."
        )
    return np.asarray(mask.array > 0)


def _fingerprint(case: Case, settings: Settings) -> str:
    """Changes with everything that decides the numbers of the case, and with nothing else."""
    model = None
    if case.scale != 1.0:
        model = model_file(case.method, case.scale, settings.baselines)
    masks = settings.masks
    decisive = {
        "format": _FORMAT,
        "volume": digest(case.path),
        "scale": case.scale,
        "scales": list(settings.scales) if case.scale == 1.0 else [],
        "method": case.method.text if model is None else digest(model),
        "kernel": settings.kernel,
        "axes": settings.axes,
        "metrics": list(settings.metrics),
        "lpips": [find_spec(name) is not None for name in ("lpips", "torchvision")],
        "reference_free": settings.reference_free,
        "mask": None if masks is None else digest(mask_file(masks, case.path)),
        "segmentation": settings.segmentation,
        "atlas": None if settings.atlas is None else str(settings.atlas.resolve()),
        "line": settings.line,
    }
    return hashlib.sha256(json.dumps(decisive, sort_keys=True).encode()).hexdigest()


@lru_cache(maxsize=64)
def digest(path: Path) -> str:
    """SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _use_threads(count: int) -> None:
    """Once a process: torch does not like its thread count changed later."""
    if _WORKER.get("threads") == count:
        return
    import torch

    torch.set_num_threads(count)
    os.environ.setdefault("ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS", str(count))
    _WORKER["threads"] = count


def _reason(error: Exception) -> str:
    text = " ".join(str(error).split())
    return text if isinstance(error, InputError) else f"{type(error).__name__}: {text}"
