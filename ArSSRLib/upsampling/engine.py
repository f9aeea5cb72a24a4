"""The upsampling engine: tile after tile, pass after pass, into one result.

Memory is bounded by a tile's plane. Tiles leave no seam: each encodes its neighbourhood as far as
the encoder reaches, and positions are counted in the whole volume.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, cast

import numpy as np
import torch

from ..choices import Precision
from ..errors import InputError
from ..resampling.interpolation import ArrayBox
from ..volumes.array_types import Array, FloatArray
from ..volumes.intensity import Normalisation
from .expected_error import ErrorMap
from .hardware.device import choose_device, denormals_flushed, release_memory
from .hardware.precision import choose_precision
from .plan import Shape, Spans, geometry_of, tiles_for
from .progress import ProgressCallback, ProgressClock
from .refined_error import refined, widened
from .scales import Scales
from .streaming.fallback import FallbackComputer
from .streaming.passes import Pass
from .streaming.tiles import TileComputer, View

if TYPE_CHECKING:
    from ..networks.expected_error import ExpectedErrorHead
    from ..networks.model_file import Model


_SMALLEST_RANGE, _LARGEST_RANGE = 1e-30, 1e37


@dataclass(frozen=True, kw_only=True)
class Engine:
    """A network on a device.

    Attributes:
        model: the network with its weights.
        device: ``auto``, ``cpu``, ``cuda`` or ``mps``.
        passes: 1, or 2 for the mean with a pass through the mirrored volume; None for what the
            model asks for.
        precision: ``auto``, ``float32``, ``bfloat16`` or ``float16``, see
            :func:`ArSSRLib.upsampling.hardware.precision.choose_precision`.
        plane_voxels: LR voxels that a tile's plane may have; None for what memory allows.
        normalisation: of the intensities; None for what suits the array.
        spacing: voxel size of the result along (k, j, i), in mm; only the expected error depends
            on it.
    """

    model: Model
    device: str = "auto"
    passes: int | None = None
    precision: Precision = "auto"
    plane_voxels: int | None = None
    normalisation: Normalisation | None = None
    spacing: tuple[float, float, float] = (1.0, 1.0, 1.0)

    def upsample(
        self,
        array: Array,
        target_shape: Shape,
        box: ArrayBox | None = None,
        progress: ProgressCallback | None = None,
    ) -> FloatArray:
        """Upsamples intensities to ``target_shape`` over the same field of view (paper §III-B).

        See :meth:`upsample_with_error`, which gives the same intensities.
        """
        return self._upsample(array, (target_shape, box), progress, None)[0]

    def upsample_with_error(
        self,
        array: Array,
        target_shape: Shape,
        box: ArrayBox | None = None,
        progress: ProgressCallback | None = None,
    ) -> tuple[FloatArray, ErrorMap]:
        """Upsamples intensities, and gives the error that is to be expected of each.

        Args:
            array: finite LR intensities, shape (k, j, i), any scale.
            target_shape: shape (k, j, i) of the whole upsampled volume.
            box: start and size, in target voxels (k, j, i), of the part to compute; None for all.
            progress: called at least once a tile; it cancels by raising ``Cancelled``.

        Returns:
            float32 intensities on the input's scale, of ``target_shape`` or of the box's size; and
            the expected errors, of the same shape.

        Raises:
            InputError: not a 3-D array, intensities of a range beyond float32, a box outside the
                target, a model without a head for the expected error, or one whose values are not
                finite. That intensities are finite is up
                to the caller; reading a volume and the Python API check it.
            NotEnoughMemory: even the smallest tile does not fit.
        """
        head = self.model.expected_error
        if head is None:
            raise InputError(
                f"The model {self.model.name} gives no expected error; use one that was trained "
                "for it.",
                argument="expected_error",
            )
        spec = self.model.header.expected_error
        assert spec is not None
        box = box or ((0, 0, 0), target_shape)
        _spans(*box, target_shape)  # refuses a box outside the target before it is widened
        outer = widened(box, target_shape) if spec.smoothing else box
        intensities, errors = self._upsample(array, (target_shape, outer), progress, head)
        assert errors is not None
        factors = [m / n for m, n in zip(target_shape, array.shape, strict=True)]
        span = errors.normalisation.span
        shares = refined(errors.shares, intensities, span, Scales(factors, self.spacing), spec)
        inner = tuple(slice(a - b, a - b + n) for a, n, b in zip(*box, outer[0], strict=True))
        return np.ascontiguousarray(intensities[inner]), replace(errors, shares=shares[inner])

    def _upsample(
        self,
        array: Array,
        target: tuple[Shape, ArrayBox | None],
        progress: ProgressCallback | None,
        head: ExpectedErrorHead | None,
    ) -> tuple[FloatArray, ErrorMap | None]:
        low_shape = _checked_shape(array)
        target_shape, box = target
        start, size = box or ((0, 0, 0), target_shape)
        spans = _spans(start, size, target_shape)
        normalisation = self.normalisation or Normalisation.of(array)
        _check_range(normalisation.span)
        spec = self.model.header.spec
        geometry = geometry_of(low_shape, target_shape, spans, spec.encoder)
        output = np.zeros(size, dtype=np.float32)
        shares = None if head is None else np.zeros(size, dtype=np.float16)
        passes = [Pass(array, spans, output, shares)]
        if (self.passes or self.model.header.passes()) == 2:
            passes.append(passes[0].mirrored(target_shape))
        clock = ProgressClock(progress, float(len(passes) * math.prod(size)))
        share = np.float32(1.0 / len(passes))
        device = choose_device(self.device)
        dtype = choose_precision(self.precision, device)
        computer = FallbackComputer(
            partial(TileComputer, View(self.model, normalisation, head), geometry),
            geometry,
            device,
            dtype,
        )
        with torch.inference_mode(), denormals_flushed():
            clock.advance("encoding", 0.0)
            for part in passes:
                for tile in tiles_for(spec, geometry, part.spans, self.plane_voxels):
                    for place, values in computer.compute(part.array, tile, clock):
                        intensities, *errors = values
                        part.add(
                            place,
                            normalisation.restore(intensities) * share,
                            *(error * share for error in errors),
                        )
                    release_memory(computer.device)
        return output, None if shares is None else ErrorMap(shares, normalisation)


def _spans(start: Shape, size: Shape, target_shape: Shape) -> Spans:
    if any(a < 0 or n < 1 or a + n > m for a, n, m in zip(start, size, target_shape, strict=True)):
        raise InputError(
            f"The box of {size} voxels from {start} is not inside the upsampled volume of "
            f"{target_shape}; choose one inside it."
        )
    return cast(Spans, tuple((a, a + n) for a, n in zip(start, size, strict=True)))


def _check_range(span: float) -> None:
    """Refuses intensities that differ by so little or so much that float32 cannot compute."""
    if not _SMALLEST_RANGE <= span <= _LARGEST_RANGE:
        raise InputError(
            f"The intensities have a range of {span:.3g}, with which float32 cannot compute; "
            f"scale them to a range between {_SMALLEST_RANGE:g} and {_LARGEST_RANGE:g}."
        )


def _checked_shape(array: Array) -> Shape:
    if array.ndim != 3:
        raise InputError(f"The array has shape {array.shape}; give three axes (k, j, i).")
    return cast(Shape, array.shape)
