"""Measures the expected error of one result against the sharp volume."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from scipy.stats import spearmanr

from ...networks.model_file import Model
from ...upsampling.expected_error import TISSUE
from ...upsampling.request import Upsampling
from ...upsampling.run import upsample_with_error
from ...volumes.array_types import FloatArray
from ...volumes.intensity import Normalisation
from ...volumes.volume import Volume
from .indicators import EXPECTED, competing
from .reliability import Reliability, reliability
from .sparsification import Sparsification, sparsification

_MOST_VOXELS = 300_000
"""A regular subset of this many tissue voxels is as good as all of them."""
_FEWEST_VOXELS = 100


@dataclass(frozen=True)
class ErrorCase:
    """What was measured on one result.

    Attributes:
        reliability: of the expected error.
        ranks: Spearman's correlation of each indicator with the true absolute error.
        curves: the sparsification of each indicator.
        expected, found: mean expected and mean true absolute error, as shares of the range.
    """

    reliability: Reliability
    ranks: Mapping[str, float]
    curves: Mapping[str, Sparsification]
    expected: float
    found: float

    def to_dict(self) -> dict[str, Any]:
        """Plain nested dictionary, ready for JSON."""
        return asdict(self)

    @staticmethod
    def from_dict(values: Mapping[str, Any]) -> ErrorCase:
        """Reads what :meth:`to_dict` gave, also from JSON.

        Raises:
            KeyError, TypeError: it is something else.
        """
        return ErrorCase(
            Reliability(**values["reliability"]),
            values["ranks"],
            {name: Sparsification(**curve) for name, curve in values["curves"].items()},
            values["expected"],
            values["found"],
        )


def error_case(
    low: Volume, sharp: Volume, request: Upsampling, model: Model, compare: bool = True
) -> ErrorCase | None:
    """Upsamples a volume and measures its expected error; None where there is too little tissue.

    Args:
        low: the low-resolution volume.
        sharp: the truth, on the grid of the result.
        request: how, with the expected error.
        model: the request's, loaded.
        compare: whether the other indicators are measured too.
    """
    made = upsample_with_error(low, request, target=sharp.grid, model=model)
    error_volume = made.error_volume()
    assert error_volume is not None
    line = Normalisation.of(sharp.array)
    if request.intensity_range is not None:
        low_end, high_end = request.intensity_range
        line = Normalisation(low_end, high_end - low_end)
    tissue = np.flatnonzero(line.apply(sharp.array) > TISSUE)
    tissue = tissue[:: max(1, tissue.size // _MOST_VOXELS)]
    if tissue.size < _FEWEST_VOXELS:
        return None

    def of_tissue(array: FloatArray) -> FloatArray:
        return array.ravel()[tissue] / np.float32(line.span)

    expected = of_tissue(error_volume.array)
    true = of_tissue(np.abs(made.volume.array - sharp.array))
    indicators = {EXPECTED: expected}
    if compare:
        for name, values in competing(low, made.volume, request, model).items():
            indicators[name] = of_tissue(values)
    assert model.header.expected_error is not None
    return ErrorCase(
        reliability(expected, true, model.header.expected_error),
        {name: float(spearmanr(values, true).statistic) for name, values in indicators.items()},
        {name: sparsification(values, true) for name, values in indicators.items()},
        float(expected.mean()),
        float(true.mean()),
    )
