"""Upsamples a volume with one of the compared methods."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ...errors import InputError
from ...networks.catalogue import load_model
from ...resampling.degradation import corner_aligned
from ...resampling.interpolation import interpolate
from ...upsampling.request import Upsampling
from ...upsampling.run import upsample_volume
from ...volumes.array_types import FloatArray
from ...volumes.grid import Grid
from ...volumes.volume import Volume
from ..settings import Settings
from .file_versions import cached_by_file
from .model_files import check_network, model_file
from .tasks import Task

if TYPE_CHECKING:
    from ...networks.baselines import Baseline
    from ...networks.model_file import Model
    from ..expected_error.case import ErrorCase


def preload_network(task: Task, settings: Settings) -> None:
    """Reads a task's network into the cache, so that reading is not timed with :func:`upsample`.

    Raises:
        InputError: it is missing, damaged or not the right one.
    """
    path = model_file(task.method, task.scale, settings.baselines)
    check_network(task.method, task.scale, settings.baselines)
    if path is not None:
        _arssr(path) if task.method.kind == "arssr" else _baseline(path)


def upsample(task: Task, settings: Settings, low: Volume, target: Grid) -> FloatArray:
    """Upsamples a volume to a finer grid over the same field of view.

    Args:
        task: its method and its scale, which decides a baseline's network.
        settings: where the networks are, and the device.
        low: the low-resolution volume.
        target: the grid of the result.

    Returns:
        intensities ``array[k, j, i]`` on ``target``, in the units of ``low``.

    Raises:
        InputError: the method's network is missing or damaged, or there is no such device.
    """
    method, shape = task.method, target.size[::-1]
    if method.kind == "interpolation":
        return interpolate(low.array, shape, method.text)  # type: ignore[arg-type]
    if method.kind == "zoom":
        return corner_aligned(low.array, shape)
    path = model_file(method, task.scale, settings.baselines)
    assert path is not None
    if method.kind == "arssr":
        model = _arssr(path)
        request = _request(task, settings, model)
        return upsample_volume(low, request, target=target, model=model).array
    return _with_baseline(_baseline(path), low.array, shape, settings.device)


def expected_error(task: Task, settings: Settings, low: Volume, sharp: Volume) -> ErrorCase | None:
    """Measures the expected error of a task; None where its method gives none.

    Args:
        task: its method and its scale.
        settings: where the networks are, and the device.
        low: the low-resolution volume.
        sharp: the truth, on the grid of the result.
    """
    path = model_file(task.method, task.scale, settings.baselines)
    if task.method.kind != "arssr" or path is None:
        return None
    model = _arssr(path)
    if model.expected_error is None:
        return None
    from ..expected_error.case import error_case

    request = replace(_request(task, settings, model), expected_error=True)
    return error_case(low, sharp, request, model)


def _request(task: Task, settings: Settings, model: Model) -> Upsampling:
    return Upsampling.of(
        model=model,
        device=settings.device,
        precision=settings.precision,
        fast=task.method.fast,
        noise_reduction=task.method.noise_reduction,
    )


@cached_by_file(2)
def _arssr(path: Path) -> Model:
    return load_model(path)


@cached_by_file(2)
def _baseline(path: Path) -> Baseline:
    from ...networks.baselines import Baseline
    from ...networks.model_file import read_network

    network, _ = read_network(path)
    if not isinstance(network, Baseline):
        raise InputError(f"The file {path} does not hold a baseline network; train one there.")
    return network


def _with_baseline(
    network: Baseline, array: FloatArray, shape: tuple[int, int, int], device: str
) -> FloatArray:
    import torch

    from ...upsampling.hardware.device import choose_device
    from ...volumes.intensity import Normalisation

    place = choose_device(device)
    normalisation = Normalisation.of(array)
    low = torch.from_numpy(normalisation.apply(array))[None, None].to(place)
    values = network.to(place).on_grid(low, shape).float().cpu().numpy()
    return normalisation.restore(np.ascontiguousarray(values))
