"""Upsamples a volume: the same network view however it is stored, any method, any region."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np

from ..errors import InputError
from ..resampling.interpolation import ArrayBox, Interpolation, interpolate
from ..resampling.to_measured import at_measured_resolution
from ..running.machine import total_memory
from ..running.memory import gigabytes
from ..volumes.array_types import FloatArray
from ..volumes.grid import Grid, SizeTriple, Triple
from ..volumes.intensity import Normalisation
from ..volumes.measured_resolution import MeasuredResolution
from ..volumes.noise import estimate_noise
from ..volumes.orientation import to_canonical
from ..volumes.outliers import Split, split_outliers
from ..volumes.region import box_of_roi
from ..volumes.volume import Volume
from .expected_error import ErrorMap, add_unseen, error_of_noise
from .hardware.threads import cpu_threads
from .progress import ProgressCallback, ProgressClock
from .request import Upsampling

if TYPE_CHECKING:
    from ..networks.catalogue import ModelInfo
    from ..networks.model_file import Model

_log = logging.getLogger(__name__)

_SLICES_PUT_BACK = 16
PROVENANCE_KEY = "ArSSR"
"""Header entry of a result that says how it was made (kept by NRRD and MHA)."""


@dataclass(frozen=True)
class _Computed:
    """Intensities (k, j, i), their errors, and the noise of the input where it was estimated."""

    intensities: FloatArray
    errors: ErrorMap | None = None
    noise: float | None = None


_Compute = Callable[[FloatArray, SizeTriple, ArrayBox], _Computed]
"""From intensities (k, j, i), the shape of the whole result and the box of it to compute."""


@dataclass(frozen=True)
class Upsampled:
    """What a run made.

    Attributes:
        volume: the result, with the input's pixel type and header entries.
        whole: grid of the whole result; with a region, the volume is a part of it.
        first: first voxel (i, j, k) of that part.
        errors: its expected errors; None where they are not asked for.
        noise: estimated standard deviation of the input's noise, as a share of its intensity range;
            None where nothing needed it, or the request gave it.
    """

    volume: Volume
    whole: Grid
    first: SizeTriple = (0, 0, 0)
    errors: ErrorMap | None = None
    noise: float | None = None

    def error_volume(self) -> Volume | None:
        """The expected errors in the intensities' units, on the grid of the result."""
        if self.errors is None:
            return None
        made = self.volume.metadata[PROVENANCE_KEY]
        return self.errors.volume(
            self.volume.grid, {PROVENANCE_KEY: f"Expected absolute error of: {made}"}
        )


def starting_volume(volume: Volume, request: Upsampling) -> Volume:
    """The volume that a run upsamples: as it is stored, or as it was measured.

    Logs a warning where the network would refine an axis that holds less detail than voxels.

    Args:
        volume: the input.
        request: whether to start from the measured resolution, and the result's resolution.

    Raises:
        InputError: an impossible resolution of the result.
    """
    if request.method != "arssr" and not request.from_measured:
        return volume
    measured = MeasuredResolution.of(volume.array, volume.grid)
    if request.from_measured:
        return at_measured_resolution(volume, measured) if measured.is_coarser else volume
    caution = measured.caution(volume.grid, request.resolution.target_grid(volume.grid))
    if caution:
        _log.warning(caution)
    return volume


def upsample_volume(
    volume: Volume,
    request: Upsampling,
    *,
    target: Grid | None = None,
    model: Model | None = None,
    progress: ProgressCallback | None = None,
) -> Volume:
    """Upsamples a volume, or the part of it in a region; see :func:`upsample_with_error`.

    Returns:
        the result with the input's pixel type and header entries.
    """
    plain = replace(request, expected_error=False)
    return upsample_with_error(volume, plain, target=target, model=model, progress=progress).volume


def upsample_with_error(
    volume: Volume,
    request: Upsampling,
    *,
    target: Grid | None = None,
    model: Model | None = None,
    progress: ProgressCallback | None = None,
) -> Upsampled:
    """Upsamples a volume, or the part of it in a region, with its expected error if asked for.

    Args:
        volume: the input.
        request: how; with a region, values equal those of the whole result there.
        target: grid over the same field of view, instead of the resolution of the request.
        model: the request's model, where it is loaded already.
        progress: receives reports; raising from it cancels.

    Raises:
        InputError: an impossible resolution, a region outside the volume, a device that is not
            there.
        NotEnoughMemory: even a small tile does not fit.
        Cancelled: the callback cancelled.
    """
    target = request.resolution.target_grid(volume.grid) if target is None else target
    box = ((0, 0, 0), target.size) if request.roi is None else box_of_roi(target, request.roi)
    _check_room(box[1])
    turn = to_canonical(volume.grid.direction)
    start, size = turn.box(*box, target.size)
    shape, part = turn.size(target.size)[::-1], (start[::-1], size[::-1])
    if request.method != "arssr":
        compute = _interpolation(request.method, progress)
    elif target.size == volume.grid.size and not request.reduces_noise:
        _log.warning("The result has the voxels of the input, so the intensities are copied.")
        compute = partial(_part_of, request)
    else:
        first, second, third = turn.spacing(target.spacing)
        spacing = third, second, first
        compute = _network(request, model, progress, volume.padding, spacing)
    factors = ",".join(f"{f:.4g}" for f in volume.grid.factors_to(target))
    computed = compute(turn.apply(volume.array), shape, part)
    result = Volume(
        turn.undo(computed.intensities),
        target.cropped(*box),
        volume.pixel_type,
        _with_provenance(
            volume.metadata, f"{request.title}, {factors} times the voxels along i,j,k"
        ),
    )
    errors = computed.errors and replace(computed.errors, shares=turn.undo(computed.errors.shares))
    return Upsampled(result, target, box[0], errors, computed.noise)


def _check_room(size: SizeTriple) -> None:
    """Refuses a result that the memory can never hold, before any work is done."""
    memory = total_memory()
    needed = math.prod(size) * np.dtype(np.float32).itemsize
    if needed > memory:
        raise InputError(
            f"A result of {size} voxels needs {gigabytes(needed)} and this process can have "
            f"{gigabytes(memory)}; choose a smaller scale or a region.",
            argument="roi",
        )


def _interpolation(method: Interpolation, progress: ProgressCallback | None) -> _Compute:
    clock = ProgressClock(progress, total=1.0)

    def advance(done: float) -> None:
        clock.advance("interpolating", done - clock.done)

    def compute(array: FloatArray, shape: SizeTriple, part: ArrayBox) -> _Computed:
        return _Computed(interpolate(array, shape, method, part, advance))

    return compute


def _network(
    request: Upsampling,
    model: Model | None,
    progress: ProgressCallback | None,
    padding: float | None,
    spacing: Triple,
) -> _Compute:
    from .engine import Engine

    assert request.model is not None
    loaded = _kept_model(request.model) if model is None else model

    def compute(array: FloatArray, shape: SizeTriple, part: ArrayBox) -> _Computed:
        split = split_outliers(array, padding)
        noise = _noise_where_needed(split.seen, loaded, request)
        engine = Engine(
            model=loaded if noise is None else _at_noise(noise, loaded, request),
            normalisation=_normalisation_for(request),
            device=request.device,
            passes=request.passes,
            precision=request.precision,
            spacing=spacing,
        )
        with cpu_threads(request.threads, request.device):
            errors = None
            if request.expected_error:
                result, errors = engine.upsample_with_error(split.seen, shape, part, progress)
            else:
                result = engine.upsample(split.seen, shape, part, progress)
        computed = _Computed(result, errors, noise if request.noise_level is None else None)
        _put_back(split, computed, shape, part)
        return computed

    return compute


def _kept_model(info: ModelInfo) -> Model:
    """A model with its weights; those of the last one are kept for the next volume of a batch."""
    return _read_once(info.path, info.name, info.sha256)


@lru_cache(maxsize=1)
def _read_once(path: Path, name: str, sha256: str) -> Model:
    from ..networks.model_file import read_model

    return read_model(path, name)


def _normalisation_for(request: Upsampling) -> Normalisation | None:
    if request.intensity_range is None:
        return None
    low, high = request.intensity_range
    return Normalisation(low, high - low)


def _noise_where_needed(array: FloatArray, model: Model, request: Upsampling) -> float | None:
    """The noise of a scan; None where neither the model nor the expected error takes it."""
    if not model.header.spec.encoder.noise_level and not request.expected_error:
        return None
    return _noise_of(array, request)


def _at_noise(noise: float, model: Model, request: Upsampling) -> Model:
    """The model for the noise of a scan."""
    from ..networks.expected_error import Levels
    from ..networks.noise_level import at_noise_level

    takes_level = model.header.spec.encoder.noise_level
    told = request.noise_reduction * noise if takes_level else 0.0
    network = at_noise_level(model.network, told)
    head = model.expected_error and model.expected_error.at_noise(Levels(told, noise))
    header = replace(model.header, spec=network.spec)
    return replace(model, network=network, header=header, expected_error=head)


def _noise_of(array: FloatArray, request: Upsampling) -> float:
    return estimate_noise(array) if request.noise_level is None else request.noise_level


def _part_of(
    request: Upsampling, array: FloatArray, shape: SizeTriple, part: ArrayBox
) -> _Computed:
    """The intensities themselves, of a target with the input's own voxels: noise is their error."""
    start, size = part
    values = array[tuple(slice(a, a + n) for a, n in zip(start, size, strict=True))]
    if not request.expected_error:
        return _Computed(values)
    error = error_of_noise(_noise_of(array, request))
    normalisation = _normalisation_for(request) or Normalisation.of(array)
    return _Computed(values, ErrorMap(np.full(size, error, dtype=np.float16), normalisation))


def _put_back(split: Split, computed: _Computed, shape: SizeTriple, part: ArrayBox) -> None:
    """Adds what the network did not see to its result, a few slices at a time."""
    result, errors = computed.intensities, computed.errors
    for note in split.notes:
        _log.warning(note)
    if split.rest is None:
        return
    (first, *start), (count, *size) = part
    for begin in range(0, count, _SLICES_PUT_BACK):
        depth = min(_SLICES_PUT_BACK, count - begin)
        box = ((first + begin, *start), (depth, *size))
        rest = interpolate(split.rest, shape, "linear", cast(ArrayBox, box))
        slices = slice(begin, begin + depth)
        split.put_back(result[slices], rest)
        if errors is not None:
            add_unseen(errors.shares[slices], rest, errors.normalisation.span)
            errors.shares[slices][split.is_padding(rest)] = 0


def _with_provenance(metadata: Mapping[str, str], made: str) -> dict[str, str]:
    from .. import __version__

    return {**metadata, PROVENANCE_KEY: f"{made}; ArSSRLib {__version__}; not for clinical use"}
