"""Measures one task: upsamples its volume and computes the metrics, Dice and the pictures."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

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
        found, views = _measured(task, settings)
        record = replace(found, fingerprint=now)
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


def _measured(task: Task, settings: Settings) -> tuple[Record, Mapping[Path, CaseViews]]:
    """What there is to record of a task, and pictures by the files that they are for."""
    source = read_source(task.path)
    aim = _aim(task.path, settings.line)
    views: dict[Path, CaseViews] = {}
    seconds, case = 0.0, None
    if task.upsamples:
        low, target = low_and_target(task.path, task.scale, settings)
        preload_network(task, settings)
        started = time.perf_counter()
        array = upsample(task, settings, low, target)
        seconds = time.perf_counter() - started
        if settings.expected_error:
            case = expected_error(task, settings, low, source)
        result = Volume(array, target)
    else:
        views = _views_of_inputs(task, settings, aim)
        result = source
    views[task.views(settings)] = views_of(result, aim)
    values, provisional = _values(task, settings, result)
    overlap: dict[str, float] = {}
    if settings.segments and task.upsamples:
        try:
            overlap = _dice(task, settings, result)
        except InputError as error:
            values["dice"] = str(error)
    record = Record(
        task.volume, task.scale, task.method.slug, "", values, overlap, seconds,
        provisional=provisional, expected_error={} if case is None else case.to_dict(),
    )  # fmt: skip
    return record, views


def _values(task: Task, settings: Settings, result: Volume) -> tuple[dict[str, float | str], bool]:
    """A number or a sentence for each metric that can be measured on the task, and whether a later
    run may have a number instead of a sentence."""
    inputs = _metric_inputs(task, settings, result)
    values: dict[str, float | str] = {}
    provisional = False
    for name in settings.metrics:
        metric = METRICS[name]
        if not metric.applies_to(inputs):
            continue
        value = metric.function(inputs)
        if isinstance(value, Unavailable):
            values[name] = str(value)
            provisional |= value.passing
        elif math.isnan(value):
            values[name] = reason_for_nan(metric, result.array.shape)
        else:
            values[name] = float(value)
    return values, provisional


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
