"""High-frequency error norm."""

from __future__ import annotations

import numpy as np

from .metric import Metric, check_mask, check_pair, data_range, register

SIGMA_VOXELS = 1.5
KERNEL_RADIUS_VOXELS = 7


def hfen(image: np.ndarray, reference: np.ndarray, mask: np.ndarray | None = None) -> float:
    """Error of the edges: ``|LoG(x) - LoG(r)| / |LoG(r)|``; 0 is perfect.

    LoG is a Laplacian of Gaussian of 15x15x15 voxels and standard deviation 1.5 voxels
    (Ravishankar and Bresler 2011, section IV-A, here in 3-D and normalised by the reference, as
    is now usual). At the border the volume is mirrored.

    Args:
        image: result, ``array[k, j, i]``.
        reference: ground truth, same shape.
        mask: voxels to compare after filtering, same shape; default all.

    Raises:
        InputError: shapes differ, values are not finite, or the reference has no contrast.
    """
    from scipy.ndimage import gaussian_laplace

    image, reference = check_pair(image, reference)
    data_range(reference)
    inside = check_mask(mask, image.shape)
    truncate = KERNEL_RADIUS_VOXELS / SIGMA_VOXELS
    edges = gaussian_laplace(reference, SIGMA_VOXELS, truncate=truncate)
    # The filter is linear, so filtering the difference saves one pass over the volume.
    error = gaussian_laplace(image - reference, SIGMA_VOXELS, truncate=truncate)
    if inside is not None:
        edges, error = edges[inside], error[inside]
    return float(np.linalg.norm(error.ravel()) / np.linalg.norm(edges.ravel()))


register(
    Metric(
        "hfen",
        "HFEN",
        lambda inputs: hfen(inputs.result, inputs.truth, inputs.mask),
        help="error of the edges, Laplacian of Gaussian of 1.5 voxels (Ravishankar 2011)",
        higher_is_better=False,
        takes_mask=True,
        position=70,
    )
)
