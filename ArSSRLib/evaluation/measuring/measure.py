"""Measures one task: upsamples its volume and computes the metrics, Dice and the pictures."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ...errors import EnvironmentFault, InputError
from ...running.memory import is_out_of_memory
from ...volumes.labels import LabelMapRefused
from ...volumes.volume import Volume
from ..metrics import METRICS
from ..metrics.metric import MetricInputs, Unavailable, reason_for_nan
from ..settings import Settings
from .apply_method import expected_error, preload_network, upsample
from .file_versions import cached_by_file
from .fingerprint import fingerprint
from .inputs import low_and_target, read_mask, read_source
from .records import Record, load_record, save_record
from .segmentation import (
    AtlasSegmenter,
    Labels,
    Segmenter,
    TissueSegmenter,
    atlas_files,
    brain_mask,
    dice,
)
from .tasks import INPUT, Task
from .views import Aim, CaseViews, aim_at, load_views, save_views, views_of


@dataclass
class _Measured:
    """What was measured for a task so far.

    Attributes:
        values: a number by metric, or the sentence that stands in for it.
        dice: overlap by region.
        seconds: time of the upsampling.
        expected_error: what was measured of it, ready for JSON.
        provisional: whether a later run may have a number instead of a sentence.
        views: pictures by the files they are for.
    """

    values: dict[str, float | str] = field(default_factory=dict)
    dice: dict[str, float] = field(default_factory=dict)
    seconds: float = 0.0
    provisional: bool = False
    expected_error: dict[str, Any] = field(default_factory=dict)
    views: dict[Path, CaseViews] = field(default_factory=dict)


def measure(task: Task, settings: Settings) -> Record:
    """Measures a task, or reuses what an earlier run measured in the same way.

    A task that fails, also for lack of memory, is recorded with the reason and does not stop the
    others; it is tried again by the next run.

    Raises:
        InputError, EnvironmentFault: the report cannot be written, which concerns all tasks.
    """
    path = task.record(settings)
    views: Mapping[Path, CaseViews] = {}
    try:
        now = fingerprint(task, settings)
        known = load_record(path)
        if (
            known is not None
            and known.fingerprint == now
            and known.complete
            and load_views(task.views(settings)) is not None
        ):
            return known
        found = _measured(task, settings)
        views = found.views
        record = Record(
            task.volume,
            task.scale,
            task.method.slug,
            now,
            found.values,
            found.dice,
            found.seconds,
            provisional=found.provisional,
            expected_error=found.expected_error,
        )
    except Exception as error:  # any error that a damaged volume causes concerns this task alone
        record = failed(task, error)
    for target, shown in views.items():
        save_views(shown, target)
    save_record(record, path)
    return record


def failed(task: Task, error: Exception) -> Record:
    """The record of a task that could not be measured."""
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
        task.volume,
        task.scale,
        task.method.slug,
        "",
        error=reason,
        machine=machine or short,
        left_out=isinstance(error, LabelMapRefused),
    )


def _measured(task: Task, settings: Settings) -> _Measured:
    found = _Measured()
    source = read_source(task.path)
    aim = _aim(task.path, settings.line)
    if task.upsamples:
        low, target = low_and_target(task.path, task.scale, settings)
        preload_network(task, settings)
        started = time.perf_counter()
        array = upsample(task, settings, low, target)
        found.seconds = time.perf_counter() - started
        if settings.expected_error:
            case = expected_error(task, settings, low, source)
            found.expected_error = {} if case is None else case.to_dict()
        result = Volume(array, target)
    else:
        found.views = _views_of_inputs(task, settings, aim)
        result = source
    found.views[task.views(settings)] = views_of(result, aim)
    _add_values(found, task, settings, result)
    if settings.segments and task.upsamples:
        try:
            found.dice = _dice(task, settings, result)
        except InputError as error:
            found.values["dice"] = str(error)
    return found


def _add_values(found: _Measured, task: Task, settings: Settings, result: Volume) -> None:
    """Adds a number or a sentence for each metric that can be measured on the task."""
    inputs = _metric_inputs(task, settings, result)
    for name in settings.metrics:
        metric = METRICS[name]
        if not metric.applies_to(inputs):
            continue
        value = metric.function(inputs)
        if isinstance(value, Unavailable):
            found.values[name] = str(value)
            found.provisional |= value.passing
        elif math.isnan(value):
            found.values[name] = reason_for_nan(metric, result.array.shape)
        else:
            found.values[name] = float(value)


def _metric_inputs(task: Task, settings: Settings, result: Volume) -> MetricInputs:
    source = read_source(task.path)
    inputs = MetricInputs(
        result.array,
        blur=settings.blur,
        window=(float(source.array.min()), float(source.array.max())),
        mask=read_mask(task.path, task.mask) if task.mask is not None else None,
    )
    if not task.upsamples:
        return inputs
    low, _ = low_and_target(task.path, task.scale, settings)
    reference = None if settings.reference_free else source.array
    return replace(inputs, low=low.array, reference=reference)


def _views_of_inputs(task: Task, settings: Settings, aim: Aim) -> dict[Path, CaseViews]:
    """What the low-resolution volume looks like at every scale, by the files they are kept in."""
    if settings.reference_free:
        return {}
    found = {}
    for scale in settings.scales:
        low, _ = low_and_target(task.path, scale, settings)
        place = Task(task.volume, task.path, scale, INPUT).views(settings)
        found[place] = views_of(low, aim)
    return found


def _dice(task: Task, settings: Settings, result: Volume) -> dict[str, float]:
    segmenter = _segmenter(settings)
    atlas = atlas_files(settings.atlas) if settings.atlas is not None else ()
    expected = _labels_of_truth(task.path, task.mask, settings, *atlas)
    found = segmenter.segment(result.array, result.grid, _brain(task.path, task.mask))
    return dice(expected, found, segmenter.regions)


@cached_by_file(1)
def _labels_of_truth(path: Path, mask: Path | None, settings: Settings, *atlas: Path) -> Labels:
    truth = read_source(path)
    return _segmenter(settings).segment(truth.array, truth.grid, _brain(path, mask))


def _brain(path: Path, mask: Path | None) -> npt.NDArray[np.bool_]:
    return read_mask(path, mask) if mask is not None else brain_mask(read_source(path).array)


def _segmenter(settings: Settings) -> Segmenter:
    return AtlasSegmenter(settings.atlas) if settings.atlas is not None else TissueSegmenter()


@cached_by_file(1)
def _aim(path: Path, line: tuple[float, ...] | None) -> Aim:
    return aim_at(read_source(path), line)
