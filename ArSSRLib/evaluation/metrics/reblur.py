"""Re-blur error: does the result, downsampled again, equal the scan it was computed from?"""

from __future__ import annotations

import numpy as np

from ...resampling.blur import DEFAULT_BLUR, Blur
from ...resampling.degradation import corner_aligned, simulate_low_resolution
from .metric import Metric, check_volume, data_range, register


def reblur(image: np.ndarray, low: np.ndarray, blur: Blur | None = DEFAULT_BLUR) -> float:
    """RMS difference between the re-blurred result and the input, over the input's range.

    0: downsampling the result reproduces the scan exactly. A small value shows that
    the result contradicts nothing that was measured, not that added detail is true.

    Args:
        image: result, ``array[k, j, i]``.
        low: the low-resolution volume it was computed from, over the same field of view.
        blur: how to downsample; None for the paper's corner-aligned zoom.

    Raises:
        InputError: a volume is not 3-D or not finite, or ``low`` has no contrast or more voxels.
    """
    image, low = check_volume(image), check_volume(low, "the input")
    if blur is None:
        # The paper's simulation rounds the size of each axis separately: a scale derived from one
        # axis would give another shape along the others.
        again = corner_aligned(image, low.shape)
    else:
        again = simulate_low_resolution(image, low.shape, blur)
    return float(np.sqrt(np.mean(np.square(again - low)))) / data_range(low)


# How a real scan was blurred is not known, so there it is measured only on request.
register(
    Metric(
        "reblur",
        "Re-blur error",
        lambda inputs: reblur(inputs.result, inputs.scan, inputs.blur),
        help="result downsampled again against the input, RMS over the input's range",
        higher_is_better=False,
        needs="input",
        digits=5,
        position=80,
    )
)
