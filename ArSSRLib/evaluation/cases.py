"""Measuring one case: one volume, at one scale, with one method."""

from __future__ import annotations

import hashlib
import json
import math
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from ..choices import PAPER_KERNEL, Kernel
from ..errors import EnvironmentFault, InputError
from ..resampling.blur import Blur
from ..resampling.degradation import paper_low_resolution
from ..resampling.simulation import simulate_volume
from ..running.memory import is_out_of_memory
from ..upsampling.device import choose_device
from ..volumes.files.reading import read_volume
from ..volumes.grid import Grid, SizeTriple
from ..volumes.volume import Volume
from .file_versions import cached_by_file, digest
from .methods import Method, model_file, preload_network, upsample
from .metrics import METRICS, Unavailable
from .metrics.metric import reason_for_nan
from .records import Record, load_record, record_path, save_record
from .segmentation import (
    AtlasSegmenter,
    Labels,
    Segmenter,
    TissueSegmenter,
    atlas_files,
    brain_mask,
    dice,
)
from .settings import Settings
from .views import Aim, CaseViews, aim_at, load_views, save_views, views_of

Mask = npt.NDArray[np.bool_]

INPUT = Method("input", "input")
"""Stands for the low-resolution volume itself, shown in pictures."""
TRUTH = Method("truth", "truth")
"""Stands for the sharp volume itself, whose own sharpness the others are read against."""
_FORMAT = 2
_NEARLY_A_VOXEL = 0.1
"""A mask whose corners lie this share of a voxel away is on the same grid: headers are rounded."""
_WORKER: dict[str, Any] = {}


@dataclass(frozen=True)
class Case:
    """A volume at a scale (1 for the volume itself) with a method.

    Attributes:
        volume: its name in the report.
        path: its file.
        scale, method: how it is upsampled.
        mask: where its mask is expected, if one is used.
    """

    volume: str
    path: Path
    scale: float
    method: Method
    mask: Path | None = None

    def record(self, settings: Settings) -> Path:
        """Where its numbers are kept."""
        return record_path(settings.output, self.volume, self.scale, self.method.slug)

    def views(self, settings: Settings) -> Path:
        """Where its pictures are kept."""
        return self.record(settings).with_suffix(".npz")


def measure(case: Case, settings: Settings) -> Record:
    """Measures a case, or reuses what an earlier run measured in the same way.

    A case that fails, also for want of memory, is recorded with the reason and does not stop the
    others; it is tried again by the next run.

    Raises:
        InputError, EnvironmentFault: the report cannot be written, which concerns all cases.
    """
    path = case.record(settings)
    shown: Mapping[Path, CaseViews] = {}
    try:
        fingerprint = _fingerprint(case, settings)
        known = load_record(path)
        if (
            known is not None
            and known.fingerprint == fingerprint
            and known.complete
            and load_views(case.views(settings)) is not None
        ):
            return known
        _use_threads(settings.threads)
        record, shown = _measured(case, settings)
        record = replace(record, fingerprint=fingerprint)
    except Exception as error:  # whatever a damaged volume provokes belongs to this case alone
        record = failed(case, error)
    for target, views in shown.items():
        save_views(views, target)
    save_record(record, path)
    return record


def failed(case: Case, error: Exception) -> Record:
    """The record of a case that could not be measured."""
    machine = isinstance(error, EnvironmentFault | MemoryError | OSError | ImportError)
    short = is_out_of_memory(error)
    if short:
        reason = (
            "There is not enough memory for it; measure fewer cases at a time, at a smaller scale, "
            "or on a machine with more."
        )
    elif isinstance(error, InputError | EnvironmentFault):
        reason = " ".join(str(error).split())
    else:
        reason = f"{type(error).__name__}: {' '.join(str(error).split())}"
    return Record(
        case.volume, case.scale, case.method.slug, "", error=reason, machine=machine or short
    )


def _measured(case: Case, settings: Settings) -> tuple[Record, dict[Path, CaseViews]]:
    """The numbers of a case, and its pictures by the files they are for."""
    source = _read(case.path)
    aim = _aim(case.path, settings.line)
    shown = {}
    if case.scale == 1.0:
        shown = _views_of_inputs(case, settings, aim)
        result, seconds = source, 0.0
    else:
        low, target = _low_and_target(case.path, case.scale, settings)
        preload_network(case.method, case.scale, settings.baselines)
        started = time.perf_counter()
        array = upsample(case.method, low, target, case.scale, settings.baselines, settings.device)
        seconds = time.perf_counter() - started
        result = Volume(array, target)
    shown[case.views(settings)] = views_of(result, aim)
    values, provisional = _values(result, settings, case)
    overlap: dict[str, float] = {}
    if settings.segments and case.scale != 1.0:
        try:
            overlap = _dice(case, settings, result)
        except InputError as error:
            values["dice"] = str(error)
    record = Record(case.volume, case.scale, case.method.slug, "", values, overlap, seconds)
    return replace(record, provisional=provisional), shown


def _values(result: Volume, settings: Settings, case: Case) -> tuple[dict[str, float | str], bool]:
    """A number or a sentence by metric; and whether a later run may have a number instead."""
    source = _read(case.path)
    truth = None if settings.reference_free or case.scale == 1.0 else source
    window = (float(source.array.min()), float(source.array.max()))
    mask = _mask(case.path, case.mask) if case.mask is not None else None
    values: dict[str, float | str] = {}
    provisional = False
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
        if isinstance(score, Unavailable):
            values[name] = str(score)
            provisional |= score.passing
        elif math.isnan(score):
            values[name] = reason_for_nan(metric, result.array.shape)
        else:
            values[name] = float(score)
    return values, provisional


def _views_of_inputs(case: Case, settings: Settings, aim: Aim) -> dict[Path, CaseViews]:
    """What the low-resolution volume looks like at every scale, by the files they are kept in."""
    if settings.reference_free:
        return {}
    found = {}
    for scale in settings.scales:
        low, _ = _low_and_target(case.path, scale, settings)
        place = Case(case.volume, case.path, scale, INPUT).views(settings)
        found[place] = views_of(low, aim)
    return found


def _dice(case: Case, settings: Settings, result: Volume) -> dict[str, float]:
    segmenter = _segmenter(settings)
    atlas = atlas_files(settings.atlas) if settings.atlas is not None else ()
    expected = _labels_of_truth(case.path, case.mask, settings, *atlas)
    found = segmenter.segment(result.array, result.grid, _brain(case.path, case.mask))
    return dice(expected, found, segmenter.regions)


@cached_by_file(1)
def _labels_of_truth(path: Path, mask: Path | None, settings: Settings, *atlas: Path) -> Labels:
    truth = _read(path)
    return _segmenter(settings).segment(truth.array, truth.grid, _brain(path, mask))


def _brain(path: Path, mask: Path | None) -> Mask:
    return _mask(path, mask) if mask is not None else brain_mask(_read(path).array)


def _segmenter(settings: Settings) -> Segmenter:
    return AtlasSegmenter(settings.atlas) if settings.atlas is not None else TissueSegmenter()


@cached_by_file(1)
def _read(path: Path) -> Volume:
    return replace(read_volume(path), pixel_type="float32")


@cached_by_file(1)
def _aim(path: Path, line: tuple[float, ...] | None) -> Aim:
    return aim_at(_read(path), line)


@cached_by_file(1)
def _low_and_target(path: Path, scale: float, settings: Settings) -> tuple[Volume, Grid]:
    """The low-resolution volume, and the grid it is to be brought to."""
    source = _read(path)
    first, second, third = (scale if axis in settings.axes else 1.0 for axis in "ijk")
    factors = (first, second, third)
    if settings.reference_free:
        return source, source.grid.upsampled(factors)
    if settings.kernel == PAPER_KERNEL:
        array = paper_low_resolution(source.array, scale)
        grid = source.grid.resized(cast(SizeTriple, array.shape[::-1]))
        return Volume(array, grid), source.grid
    return simulate_volume(source, factors, Blur(cast(Kernel, settings.kernel))), source.grid


def _mask(path: Path, mask_path: Path) -> Mask:
    """The mask of a volume, on its grid."""
    mask, volume = read_volume(mask_path), _read(path)
    if mask.grid.size != volume.grid.size:
        raise InputError(
            f"The mask {mask_path} has {mask.grid.size} voxels and the volume {path.name} "
            f"{volume.grid.size}; use a mask on its grid."
        )
    corners = np.array(np.meshgrid(*((0, n - 1) for n in mask.grid.size))).reshape(3, -1).T
    apart = mask.grid.index_to_world(corners) - volume.grid.index_to_world(corners)
    furthest = float(np.linalg.norm(apart, axis=1).max())
    if furthest > _NEARLY_A_VOXEL * min(volume.grid.spacing):
        raise InputError(
            f"The mask {mask_path} lies up to {furthest:.4g} mm away from the volume {path.name} "
            "(another origin, spacing or direction); resample it to the volume's grid."
        )
    return np.asarray(mask.array > 0)


def _fingerprint(case: Case, settings: Settings) -> str:
    """Changes with everything that decides the numbers of the case, and with nothing else."""
    from .. import __version__

    model = None
    if case.scale != 1.0:
        model = model_file(case.method, case.scale, settings.baselines)
    if case.mask is not None and not case.mask.is_file():
        raise InputError(
            f"There is no mask {str(case.mask)!r}; add it, with the volume's name and subfolder."
        )
    atlas = atlas_files(settings.atlas) if settings.atlas is not None else ()
    decisive = {
        "format": _FORMAT,
        "library": __version__,
        "volume": digest(case.path),
        "scale": case.scale,
        "scales": list(settings.scales) if case.scale == 1.0 else [],
        "method": case.method.text if model is None else digest(model),
        "fast": case.method.fast,
        "device": None if model is None else choose_device(settings.device).type,
        "kernel": settings.kernel,
        "axes": settings.axes,
        "metrics": list(settings.metrics),
        "lpips": [find_spec(name) is not None for name in ("lpips", "torchvision")],
        "reference_free": settings.reference_free,
        "mask": None if case.mask is None else digest(case.mask),
        "segmentation": metadata.version("antspyx") if settings.segments else None,
        "atlas": [digest(path) for path in atlas],
        "line": settings.line,
    }
    return hashlib.sha256(json.dumps(decisive, sort_keys=True).encode()).hexdigest()


def _use_threads(count: int) -> None:
    """Once a process: torch does not like its thread count changed later."""
    if _WORKER.get("threads") == count:
        return
    import torch

    torch.set_num_threads(count)
    os.environ.setdefault("ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS", str(count))
    _WORKER["threads"] = count
