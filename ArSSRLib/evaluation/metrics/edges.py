"""Edge strength: how steep the edges between tissues are, against cubic interpolation."""

from __future__ import annotations

import math

import numpy as np

from .metric import Metric, register
from .tissue import Floats, Tissue, gradient_of, ratio_to_cubic

STEEP_SHARE = 0.05


def edge_strength(image: np.ndarray, cubic: np.ndarray, scan: np.ndarray) -> float:
    """Mean slope across the strongest edges, divided by that of cubic interpolation.

    1: as steep as cubic interpolation; above 1: sharper. The slope is taken across the edge, in
    the direction of the gradient of the smoothed cubic interpolation, so that noise does not
    count: it raises and lowers slopes alike. The edges are the twentieth of the inner tissue with
    the steepest gradient.

    Args:
        image: result, ``array[k, j, i]``.
        cubic: cubic interpolation of the scan, same shape.
        scan: the scan that was upsampled, over the same field of view.

    Returns:
        the ratio; NaN where the scan shows no tissue or no edges.

    Raises:
        InputError: shapes differ, or a volume is not 3-D or not finite.
    """
    return ratio_to_cubic(image, cubic, scan, _slope)


def _slope(volume: Floats, tissue: Tissue) -> float:
    steep = tissue.steepest(STEEP_SHARE)
    length = tissue.steepness[steep]
    if not length.all():
        return math.nan
    across = tissue.gradient[:, steep] / length
    return float((gradient_of(volume, tissue.sigma)[:, steep] * across).sum(axis=0).mean())


register(
    Metric(
        "edges",
        "Edges / cubic",
        lambda inputs: edge_strength(inputs.result, inputs.cubic, inputs.scan),
        help="slope of tissue edges over that of cubic interpolation, without a reference",
        higher_is_better=True,
        needs="input",
        measured_on=("real",),
        digits=3,
        position=100,
    )
)
