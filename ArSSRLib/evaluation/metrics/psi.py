"""Perceptual sharpness index: how narrow the sharpest edges of a picture are."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from .metric import Metric, Window, check_volume, register
from .slices import mean_over_slices, to_8_bit_range

BLOCK_PIXELS = 32
LEAST_SIDE_PIXELS = 3 * BLOCK_PIXELS
SHARPEST_FRACTION = 0.22
ANGLE_TOLERANCE_DEGREES = 8.0
JUST_NOTICEABLE_WIDTH_PIXELS = 3.0
LEAST_WIDTH_IN_BLOCK_PIXELS = 2.0
SOBEL = np.array([[1, 2, 1], [0, 0, 0], [-1, -2, -1]]) / 8.0


def psi(image: np.ndarray, window: Window | None = None) -> float:
    """Perceptual sharpness index (Feichtenhofer 2013); higher is sharper, about 0 to 1.

    Args:
        image: ``array[k, j, i]``.
        window: the intensities mapped to 0 and 255 before measuring; default the volume's own
            minimum and maximum. Give the same window for every method that is compared.

    The mean over the slices of three orientations (paper, section IV-A.2). Slices of one single
    intensity are left out, and slices with a side under 96 pixels too: the index measures blocks
    of 32 pixels that do not touch the border. NaN if no slice is left.

    Raises:
        InputError: the image is not a finite 3-D volume.
    """
    return mean_over_slices(to_8_bit_range(check_volume(image), window), psi_of_slice)


def psi_of_slice(picture: NDArray[np.float64]) -> float:
    """Perceptual sharpness index of one picture (rows, columns) on a 0..255 scale.

    Agrees with the authors' release run in GNU Octave 7.3 to a relative 1e-12 on real 8-bit
    slices. The release warns that its values depend on the edge detector of the program that runs
    it; MATLAB thins edges in another way than Octave, so its values differ slightly.

    Returns NaN for a picture with fewer than 3 blocks of 32 pixels along a side, 0 for one
    without a measurable edge.
    """
    if min(picture.shape) < LEAST_SIDE_PIXELS:
        return math.nan
    blocks = _mean_width_of_blocks(_edge_widths(picture))
    used = math.ceil(blocks.size * SHARPEST_FRACTION)
    if used == 0:
        return 0.0
    sharpest = np.sort(blocks)[:used]
    return float(used / sharpest.sum())


def _edge_widths(picture: NDArray[np.float64]) -> NDArray[np.float64]:
    """Perceived width in pixels of each near-horizontal edge, 0 where there is none.

    The width is the vertical distance between the extrema on both sides, corrected for the
    edge's tilt; wide edges count as sharper in proportion to their slope.
    """
    scaled = picture / 255.0
    angle = np.degrees(np.arctan2(np.gradient(scaled, axis=0), np.gradient(scaled, axis=1)))
    edges = _sobel_edges(scaled)
    widths = np.zeros_like(scaled)
    for direction in (1.0, -1.0):
        # Brightness grows downwards for +1 (gradient at 90 degrees) and upwards for -1.
        tilt = angle - 90.0 * direction
        rows, columns = np.nonzero(edges & (np.abs(tilt) < ANGLE_TOLERANCE_DEGREES))
        up, up_inside = _run_lengths(direction * scaled)
        down, down_inside = _run_lengths(-direction * scaled[::-1])
        down, down_inside = down[::-1], down_inside[::-1]
        whole = up_inside[rows, columns] & down_inside[rows, columns]
        rows, columns = rows[whole], columns[whole]
        up_rows, down_rows = up[rows, columns], down[rows, columns]
        width = (up_rows + down_rows) / np.cos(np.radians(tilt[rows, columns]))
        rise = np.abs(scaled[rows + down_rows, columns] - scaled[rows - up_rows, columns])
        wide = width >= JUST_NOTICEABLE_WIDTH_PIXELS
        width[wide] -= rise[wide] / width[wide]
        widths[rows, columns] = width
    return widths


def _run_lengths(values: NDArray[np.float64]) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """Steps upwards (towards row 0) over which values keep falling, and whether they stop
    before the border of the picture does it for them."""
    steps = np.zeros(values.shape, dtype=np.intp)
    for row in range(1, len(values)):
        steps[row] = np.where(values[row - 1] < values[row], steps[row - 1] + 1, 0)
    return steps, steps < np.arange(len(values))[:, None]


def _sobel_edges(scaled: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Pixels where the squared Sobel gradient is over four times its mean and a local maximum
    along its row or its column."""
    strength = np.square(_correlate(scaled, SOBEL)) + np.square(_correlate(scaled, SOBEL.T))
    strength[strength <= 4.0 * strength.mean()] = 0.0
    padded = np.pad(strength, 1)
    in_column = (strength > padded[:-2, 1:-1]) & (strength > padded[2:, 1:-1])
    in_row = (strength > padded[1:-1, :-2]) & (strength > padded[1:-1, 2:])
    return in_column | in_row


def _correlate(scaled: NDArray[np.float64], kernel: NDArray[np.float64]) -> NDArray[np.float64]:
    """Correlates with a 3x3 kernel, the border repeated.

    The terms are added in one fixed order (the last column first): equal neighbours are not a local
    maximum, and in 8-bit pictures the order decides whether two pixels with the same sum come out
    equal.
    """
    rows, columns = scaled.shape
    padded = np.pad(scaled, 1, mode="edge")
    total = np.zeros_like(scaled)
    for column in (2, 1, 0):
        for row in (2, 1, 0):
            if kernel[row, column] != 0:
                part = padded[row : row + rows, column : column + columns]
                total += kernel[row, column] * part
    return total


def _mean_width_of_blocks(widths: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean edge width of each block of 32x32 pixels off the border that holds enough edges."""
    rows, columns = (side // BLOCK_PIXELS for side in widths.shape)
    whole = widths[: rows * BLOCK_PIXELS, : columns * BLOCK_PIXELS]
    blocks = whole.reshape(rows, BLOCK_PIXELS, columns, BLOCK_PIXELS)[1:-1, :, 1:-1]
    total = blocks.sum(axis=(1, 3))
    count = np.count_nonzero(blocks, axis=(1, 3))
    enough = total >= LEAST_WIDTH_IN_BLOCK_PIXELS
    return total[enough] / count[enough]


register(
    Metric(
        "psi",
        "PSI",
        lambda inputs: psi(inputs.result, inputs.window),
        help="width and contrast of edges, without a reference (Feichtenhofer 2013)",
        higher_is_better=True,
        needs="result",
        measured_on=("simulated", "real"),
        least_side=LEAST_SIDE_PIXELS,
        position=40,
    )
)
