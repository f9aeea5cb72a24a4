"""Segmentation-based evaluation (paper, section IV-A.4 and Table IV).

The ground truth and each result are segmented in exactly the same way, and the Dice overlap of
the two segmentations measures how much of the anatomy a method kept. ANTs does the segmentation,
through the optional package ``antspyx``; nothing in it is tuned to a method.

All arrays are ``[k, j, i]``.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ...errors import EnvironmentFault, InputError
from ...volumes.bounding_box import bounding_box
from ...volumes.grid import Grid

Labels = NDArray[np.uint8]
"""The label of each voxel, ``array[k, j, i]``; 0 where there is none."""
Box = tuple[slice, slice, slice]

TISSUES = {"CSF": 1, "GM": 2, "WM": 3}
PAPER_REGIONS = {"CSF": 1, "GM": 2, "WM": 3, "DGM": 4, "Brain Stem": 5, "Cerebellum": 6}

_CONSTANT_BORDER = 0.9
_ATLAS_TEMPLATE, _ATLAS_LABELS = "template.nii.gz", "labels.nii.gz"


class TissueSegmenter:
    """Three tissue classes by intensity: cerebrospinal fluid, grey and white matter.

    ANTs Atropos with three k-means classes, a Markov random field of weight 0.2 over the nearest
    neighbours and 5 iterations: the settings of ANTs' own T1 example. In a T1-weighted brain the
    classes come out ordered by brightness.

    Attributes:
        regions: each region's name and label.
    """

    regions: ClassVar[Mapping[str, int]] = TISSUES

    def segment(self, array: np.ndarray, grid: Grid, mask: NDArray[np.bool_]) -> Labels:
        """Labels the voxels inside a mask.

        Args:
            array: intensities ``array[k, j, i]``.
            grid: where its voxels lie.
            mask: the voxels to label, of the same shape.

        Returns:
            labels of the same shape, 0 outside the mask.

        Raises:
            InputError: the mask is empty.
            EnvironmentFault: ``antspyx`` is not installed.
        """
        box = _box_around(mask)
        return _atropos(array, grid, mask, box, i="kmeans[3]", m="[0.2,1x1x1]", c="[5,0]")


@dataclass(frozen=True)
class AtlasSegmenter:
    """The paper's six regions, from an atlas.

    The atlas's template is registered to each volume (ANTs SyN, its quick preset), its labels are
    carried over as prior probabilities, and Atropos segments with them (prior weight 0.25).

    Attributes:
        regions: each region's name and label.
        folder: holds ``template.nii.gz`` (T1-weighted, skull-stripped) and ``labels.nii.gz`` on
            the same grid, with labels 1 to 6 for CSF, GM, WM, deep GM, brain stem, cerebellum.

    Raises:
        InputError: the folder lacks one of the two files.
    """

    regions: ClassVar[Mapping[str, int]] = PAPER_REGIONS
    folder: Path

    def __post_init__(self) -> None:
        for path in atlas_files(self.folder):
            if not path.is_file():
                raise InputError(
                    f"The atlas folder {self.folder} has no {path.name}; it needs "
                    f"{_ATLAS_TEMPLATE} and {_ATLAS_LABELS}."
                )

    def segment(self, array: np.ndarray, grid: Grid, mask: NDArray[np.bool_]) -> Labels:
        """See :meth:`TissueSegmenter.segment`."""
        box = _box_around(mask)
        with _own_temporary_folder():
            priors = self._priors(array * mask, grid, box)
        return _atropos(
            array, grid, mask, box, i=priors, m="[0.1,1x1x1]", c="[5,0]", priorweight=0.25
        )

    def _priors(self, brain: np.ndarray, grid: Grid, box: Box) -> list[np.ndarray]:
        """One smooth probability array per region, warped from the atlas onto the brain."""
        ants = load_ants()
        fixed = _to_ants(brain[box], grid)
        fixed.set_direction(np.asarray(grid.direction, dtype=np.float64).reshape(3, 3))
        start = [side.start for side in reversed(box)]
        fixed.set_origin([float(x) for x in grid.index_to_world(start)])
        moved = ants.registration(
            fixed=fixed,
            moving=ants.image_read(str(self.folder / _ATLAS_TEMPLATE)),
            type_of_transform="antsRegistrationSyNQuickRepro[s]",
            random_seed=1,
        )
        labels = ants.apply_transforms(
            fixed=fixed,
            moving=ants.image_read(str(self.folder / _ATLAS_LABELS)),
            transformlist=moved["fwdtransforms"],
            interpolator="nearestNeighbor",
        )
        ordered = sorted(self.regions.values())
        smooth = [ants.smooth_image((labels == label) * 1.0, 1.0) for label in ordered]
        return [image.numpy().transpose(2, 1, 0) for image in smooth]


Segmenter = TissueSegmenter | AtlasSegmenter


def atlas_files(folder: Path) -> tuple[Path, Path]:
    """The files of the template and the labels in an atlas's folder, there or not."""
    return folder / _ATLAS_TEMPLATE, folder / _ATLAS_LABELS


def dice(first: Labels, second: Labels, regions: Mapping[str, int]) -> dict[str, float]:
    """Dice overlap ``2 |A and B| / (|A| + |B|)`` of each region; 1 is full agreement.

    Args:
        first, second: two segmentations ``array[k, j, i]`` of one shape, in either order.
        regions: each region's name and label.

    Returns:
        the overlap by region, from 0 to 1; NaN for a region that is in neither segmentation.
    """
    scores = {}
    for name, label in regions.items():
        a, b = first == label, second == label
        total = np.count_nonzero(a) + np.count_nonzero(b)
        scores[name] = float(2.0 * np.count_nonzero(a & b) / total) if total else float("nan")
    return scores


def brain_mask(reference: np.ndarray) -> NDArray[np.bool_]:
    """Brain of a skull-stripped volume: everything above its constant background.

    Args:
        reference: intensities ``array[k, j, i]``, of which the smallest is the background.

    Returns:
        whether each voxel is brain, of the same shape.

    Raises:
        InputError: the background is not constant, so the volume is not skull-stripped.
    """
    background = reference.min()
    faces = [np.take(reference, (0, -1), axis=axis).ravel() for axis in range(3)]
    if np.mean(np.concatenate(faces) == background) < _CONSTANT_BORDER:
        raise InputError(
            "The volume is not skull-stripped (its border is not one constant intensity); "
            "give a brain mask, because tissue classes outside the brain mean nothing."
        )
    return np.asarray(reference > background)


def load_ants() -> Any:
    """The module ``ants``.

    Raises:
        EnvironmentFault: the optional package ``antspyx`` is not installed.
    """
    try:
        import ants
    except ImportError as error:
        raise EnvironmentFault(
            f"Segmentation needs the optional package antspyx ({error}); install it with "
            "pip install 'arssr[segmentation]'."
        ) from error
    return ants


@contextmanager
def _own_temporary_folder() -> Iterator[None]:
    """Removes what ANTs leaves in the temporary folder: probability images and transforms."""
    before = tempfile.tempdir
    with tempfile.TemporaryDirectory() as folder:
        tempfile.tempdir = folder
        try:
            yield
        finally:
            tempfile.tempdir = before


def _box_around(mask: NDArray[np.bool_]) -> Box:
    """The smallest box around the mask with a margin of one voxel, slices along k, j and i."""
    if not mask.any():
        raise InputError("The brain mask is empty; give a mask with the brain inside.")
    k, j, i = (slice(max(0, first - 1), end + 1) for first, end in bounding_box(mask))
    return k, j, i


def _atropos(
    array: np.ndarray,
    grid: Grid,
    mask: NDArray[np.bool_],
    box: Box,
    i: str | list[np.ndarray],
    **settings: Any,
) -> Labels:
    """Runs ANTs Atropos on a box of a volume; ``i`` is its initialisation, text or priors."""
    ants = load_ants()
    start = i if isinstance(i, str) else [_to_ants(prior, grid) for prior in i]
    with _own_temporary_folder():
        found = ants.atropos(
            a=_to_ants(array[box], grid), x=_to_ants(mask[box], grid), i=start, r=0, **settings
        )
    labels = np.zeros(array.shape, dtype=np.uint8)
    labels[box] = np.rint(found["segmentation"].numpy().transpose(2, 1, 0)).astype(np.uint8)
    return labels


def _to_ants(part: np.ndarray, grid: Grid) -> Any:
    """An ANTs image at the origin, with the spacing a NIfTI file can hold (float32).

    Atropos passes images through files and refuses them when their places then differ by
    rounding; its result does not depend on where the patient lies.
    """
    return load_ants().from_numpy(
        np.ascontiguousarray(part.transpose(2, 1, 0), dtype=np.float32),
        spacing=[float(np.float32(s)) for s in grid.spacing],
    )
