"""The upsampling engine: tile after tile, pass after pass, into one result.

Memory is bounded by a tile's plane. Tiles leave no seam: each encodes its neighbourhood as far as
the encoder reaches, and positions are counted in the whole volume.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, cast

import numpy as np
import torch

from ..choices import Precision
from ..errors import InputError
from ..resampling.interpolation import ArrayBox
from ..volumes.array_types import Array, FloatArray
from ..volumes.intensity import Normalisation
from .device import choose_device, denormals_flushed, release_memory
from .fallback import FallbackComputer
from .passes import Pass
from .plan import Shape, Spans, geometry_of, tiles_for
from .precision import choose_precision
from .progress import ProgressCallback, ProgressClock

if TYPE_CHECKING:
    from ..networks.model_file import Model


def upsample_array(
    array: Array,
    target_shape: Shape,
    model: Model,
    *,
    device: str = "auto",
    box: ArrayBox | None = None,
    progress: ProgressCallback | None = None,
    plane_voxels: int | None = None,
    fast: bool = False,
    precision: Precision = "auto",
) -> FloatArray:
    """Upsamples intensities to ``target_shape`` over the same field of view (paper §III-B).

    Args:
        array: finite LR intensities, shape (k, j, i), any scale.
        target_shape: shape (k, j, i) of the whole upsampled volume.
        model: the network.
        device: ``auto``, ``cpu``, ``cuda`` or ``mps``.
        box: start and size, in target voxels (k, j, i), of the part to compute; None for all.
        progress: called at least once a tile; it cancels by raising ``Cancelled``.
        plane_voxels: LR voxels that a tile's plane may have; None for what memory allows.
        fast: one pass, also where the model asks for the mean with a mirrored one.
        precision: ``auto``, ``float32``, ``bfloat16`` or ``float16``, see
            :func:`ArSSRLib.upsampling.precision.choose_precision`.

    Returns:
        float32 intensities on the input's scale, of ``target_shape`` or of the box's size.

    Raises:
        InputError: not a 3-D array, a box outside the target, or a model whose values are not
            finite. Finite intensities are the caller's duty; reading a volume and the Python API
            check them.
        EnvironmentFault: not enough memory for even the smallest tile.
    """
    low_shape = _checked_shape(array)
    start, size = box or ((0, 0, 0), target_shape)
    if any(a < 0 or n < 1 or a + n > m for a, n, m in zip(start, size, target_shape, strict=True)):
        raise InputError(f"The box {box} is not inside the upsampled volume of {target_shape}.")
    spans = cast(Spans, tuple((a, a + n) for a, n in zip(start, size, strict=True)))
    normalisation = Normalisation.of(array)
    geometry = geometry_of(low_shape, target_shape, spans, model.header.spec.encoder)
    output = np.zeros(size, dtype=np.float32)
    passes = [Pass(array, spans, output)]
    if model.header.mirrored and not fast:
        passes.append(passes[0].mirrored(target_shape))
    clock = ProgressClock(progress, float(len(passes) * math.prod(size)))
    share = np.float32(1.0 / len(passes))
    chosen = choose_device(device)
    dtype = choose_precision(precision, chosen)
    computer = FallbackComputer(model, normalisation, geometry, chosen, dtype)
    with torch.inference_mode(), denormals_flushed():
        clock.advance("encoding", 0.0)
        for part in passes:
            for tile in tiles_for(model.header.spec, geometry, part.spans, plane_voxels):
                for place, values in computer.compute(part.array, tile, clock):
                    part.add(place, normalisation.restore(values) * share)
                release_memory(computer.device)
    return output


def _checked_shape(array: Array) -> Shape:
    if array.ndim != 3:
        raise InputError(f"The array has shape {array.shape}; give three axes (k, j, i).")
    return cast(Shape, array.shape)
