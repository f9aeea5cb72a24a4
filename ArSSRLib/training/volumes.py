"""The volumes of a training run: read, checked, kept in memory once."""

from __future__ import annotations

import fnmatch
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Any

import numpy.typing as npt

from ..errors import InputError
from ..volumes.files.reading import read_volume
from ..volumes.files.search import VolumeFile
from ..volumes.intensity import Normalisation
from ..volumes.labels import refuse_labels
from ..volumes.pixel_types import as_pixel_type
from .recipe import SourceRecipe


@dataclass(frozen=True)
class TrainingVolume:
    """One HR volume.

    Attributes:
        name: see :class:`ArSSRLib.volumes.files.search.VolumeFile`.
        array: intensities (k, j, i) in the file's own type, which keeps memory low.
        normalisation: takes intensities to about [0, 1].
        spacing: voxel size (i, j, k), in mm.
        weight: relative frequency of being drawn.
        axes: array axes that may become coarser.
        zeros: largest share of a patch's voxels that may be exactly 0.
    """

    name: str
    array: npt.NDArray[Any]
    normalisation: Normalisation
    spacing: tuple[float, float, float]
    weight: float = 1.0
    axes: tuple[int, ...] = (0, 1, 2)
    zeros: float = 1.0


@dataclass(frozen=True)
class VolumeSet:
    """What was read.

    Attributes:
        volumes: those that are used.
        left_out: one sentence for each that is not.
    """

    volumes: Sequence[TrainingVolume] = ()
    left_out: Sequence[str] = ()

    def to_dict(self) -> dict[str, list[str]]:
        """Names of the volumes used and reasons for those left out, ready for JSON."""
        return {"volumes": [v.name for v in self.volumes], "left_out": list(self.left_out)}

    def split(self, share: float) -> tuple[VolumeSet, VolumeSet]:
        """The volumes to train on and those that are held out to validate on.

        Which are held out depends on their names alone, so that a run that is resumed, and each
        process of a team, holds out the same.

        Args:
            share: of the volumes to hold out, at least one of them; 0, or a single volume, holds
                out none.
        """
        if share <= 0.0 or len(self.volumes) < 2:
            return self, VolumeSet()
        count = min(len(self.volumes) - 1, max(1, round(share * len(self.volumes))))
        by_digest = sorted(self.volumes, key=lambda v: hashlib.sha256(v.name.encode()).hexdigest())
        held_out = {volume.name for volume in by_digest[:count]}
        kept = [volume for volume in self.volumes if volume.name not in held_out]
        return VolumeSet(kept, self.left_out), VolumeSet(by_digest[:count])


def load_volumes(
    files: Sequence[VolumeFile], smallest_side: int, sources: Sequence[SourceRecipe]
) -> VolumeSet:
    """Reads volumes; one that cannot be used is reported and left out.

    Args:
        files: see :func:`ArSSRLib.volumes.files.search.find_files`.
        smallest_side: voxels that every axis must have (the LR patch at the smallest scale).
        sources: weights by file name; a source's weight is shared by its volumes.

    Raises:
        InputError: not a single volume is usable.
    """
    left_out: list[str] = []
    volumes: list[TrainingVolume] = []
    for file in files:
        try:
            volumes.append(_read(file, smallest_side))
        except InputError as error:
            left_out.append(f"{file.name}: {error}")
    if not volumes:
        raise InputError(f"None of the {len(files)} volumes can be used; the first: {left_out[0]}")
    return VolumeSet(_weighted(volumes, sources, left_out), left_out)


def _read(file: VolumeFile, smallest_side: int) -> TrainingVolume:
    volume = read_volume(file.path)
    refuse_labels(volume, file.path)
    # The file's own type keeps a large data set in little memory.
    array = as_pixel_type(volume.array, volume.pixel_type)
    if min(array.shape) < smallest_side:
        raise InputError(
            f"its {'×'.join(map(str, volume.grid.size))} voxels are fewer than the {smallest_side} "
            "a patch needs along each axis; use a smaller patches.size."
        )
    if array.min() == array.max():
        raise InputError(f"all its voxels are {array.flat[0]}; there is nothing to learn from.")
    return TrainingVolume(file.name, array, Normalisation.of(array), volume.grid.spacing)


def _weighted(
    volumes: list[TrainingVolume], sources: Sequence[SourceRecipe], left_out: list[str]
) -> list[TrainingVolume]:
    groups: dict[int, list[TrainingVolume]] = {}
    for volume in volumes:
        for n, source in enumerate(sources):
            if fnmatch.fnmatch(PurePosixPath(volume.name).name, source.pattern):
                groups.setdefault(n, []).append(volume)
                break
        else:
            left_out.append(f"{volume.name}: no source pattern of the recipe matches it.")
    weighted = [
        replace(
            volume,
            weight=sources[n].weight / len(group),
            axes=tuple(sorted("kji".index(letter) for letter in set(sources[n].axes))),
            zeros=sources[n].zeros,
        )
        for n, group in groups.items()
        for volume in group
    ]
    if not weighted:
        raise InputError("No volume matches a source pattern of the recipe; add one with '*'.")
    return weighted
