"""Upsamples a volume: the same network view however it is stored, any method, any region."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, cast

import numpy as np

from ..choices import METHODS, Method
from ..errors import InputError
from ..resampling.interpolation import ArrayBox, Interpolation, interpolate
from ..running.machine import total_memory, usable_cpus
from ..volumes.array_types import FloatArray
from ..volumes.grid import Grid, SizeTriple
from ..volumes.orientation import to_canonical
from ..volumes.outliers import Split, split_outliers
from ..volumes.volume import Volume
from .progress import ProgressCallback, ProgressClock
from .request import Roi, box_of_roi

if TYPE_CHECKING:
    from ..networks.model_file import Model

_log = logging.getLogger(__name__)
_SLICES_PUT_BACK = 16
PROVENANCE_KEY = "ArSSR"
"""Header entry of a result that says how it was made (kept by NRRD and MHA)."""


def upsample_volume(
    volume: Volume,
    target: Grid,
    method: Method = "arssr",
    model: Model | None = None,
    device: str = "auto",
    roi: Roi | None = None,
    progress: ProgressCallback | None = None,
    threads: int | None = None,
    fast: bool = False,
) -> Volume:
    """Upsamples ``volume`` to ``target``, or to the part of it that covers a region.

    Args:
        volume: the input.
        target: grid over the same field of view, see :func:`ArSSRLib.upsampling.request`.
        method: ``arssr`` (the network), or ``cubic``, ``linear``, ``nearest`` interpolation.
        model: the network with its weights; the bundled default when left out.
        device: ``auto``, ``cpu``, ``cuda`` or ``mps``; only the network uses it.
        roi: two opposite corners in LPS mm; values equal those of the whole result there.
        progress: receives reports; raising from it cancels.
        threads: CPU threads of the network; by default all that this process may use.
        fast: leave out the mirrored pass of models that have one: half the time.

    Returns:
        the result with the input's pixel type and header entries.

    Raises:
        InputError: an unknown method, a region outside the volume, a device that is not there.
        Cancelled: the callback cancelled.
    """
    if method not in METHODS:
        raise InputError(f"The method {method!r} is unknown; choose one of {', '.join(METHODS)}.")
    box = box_of_roi(target, roi) if roi is not None else ((0, 0, 0), target.size)
    _check_room(box[1])
    turn = to_canonical(volume.grid.direction)
    canonical = turn.apply(volume.array)
    start, size = turn.box(*box, target.size)
    shape = turn.size(target.size)[::-1]
    part: ArrayBox = (start[::-1], size[::-1])
    if method == "arssr":
        made, result = _with_network(canonical, shape, part, model, device, progress, threads, fast)
    else:
        made, result = method, _interpolated(canonical, shape, method, part, progress)
    factors = ",".join(f"{f:.4g}" for f in volume.grid.factors_to(target))
    return Volume(
        turn.undo(result),
        target.cropped(*box),
        volume.pixel_type,
        _with_provenance(volume.metadata, f"{made}, {factors} times the voxels along i,j,k"),
    )


def _check_room(size: SizeTriple) -> None:
    """Refuses a result that the memory can never hold, before any work is done."""
    memory = total_memory()
    needed = math.prod(size) * np.dtype(np.float32).itemsize
    if needed > memory:
        raise InputError(
            f"A result of {size} voxels needs {needed / 1e9:.0f} GB and this process can have "
            f"{memory / 1e9:.0f} GB; choose a smaller scale or a region.",
            argument="roi",
        )


def _interpolated(
    canonical: FloatArray,
    shape: SizeTriple,
    method: Interpolation,
    part: ArrayBox,
    progress: ProgressCallback | None,
) -> FloatArray:
    clock = ProgressClock(progress, total=1.0)

    def advance(done: float) -> None:
        clock.advance("interpolating", done - clock.done)

    return interpolate(canonical, shape, method, part, advance)


def _with_network(
    canonical: FloatArray,
    shape: SizeTriple,
    part: ArrayBox,
    model: Model | None,
    device: str,
    progress: ProgressCallback | None,
    threads: int | None,
    fast: bool,
) -> tuple[str, FloatArray]:
    from ..networks.catalogue import load_model
    from .engine import upsample_array

    model = model if model is not None else load_model("default")
    split = split_outliers(canonical)
    with _cpu_threads(threads):
        result = upsample_array(
            split.seen, shape, model, device=device, box=part, progress=progress, fast=fast
        )
    _put_back(split, result, shape, part)
    once = " in one pass" if fast and model.header.mirrored else ""
    return f"ArSSR model {model.name} {model.header.version}{once}", result


def _put_back(split: Split, result: FloatArray, shape: SizeTriple, part: ArrayBox) -> None:
    """Adds what the network did not see to its result, a few slices at a time."""
    for note in split.notes:
        _log.warning(note)
    if split.rest is None:
        return
    (first, *start), (count, *size) = part
    for begin in range(0, count, _SLICES_PUT_BACK):
        depth = min(_SLICES_PUT_BACK, count - begin)
        box = ((first + begin, *start), (depth, *size))
        rest = interpolate(split.rest, shape, "linear", cast(ArrayBox, box))
        split.put_back(result[begin : begin + depth], rest)


@contextmanager
def _cpu_threads(count: int | None) -> Iterator[None]:
    import torch

    before = torch.get_num_threads()
    # A container's share of the CPUs is unknown to torch.
    torch.set_num_threads(count or min(before, usable_cpus()))
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _with_provenance(metadata: Mapping[str, str], made: str) -> dict[str, str]:
    from .. import __version__

    return {**metadata, PROVENANCE_KEY: f"{made}; ArSSRLib {__version__}; not for clinical use"}
