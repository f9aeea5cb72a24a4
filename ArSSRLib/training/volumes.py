"""The volumes of a training run: found, read, checked, kept in memory once."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy.typing as npt

from ..errors import InputError
from ..intensity import Normalisation
from ..volume import READABLE_SUFFIXES, as_pixel_type, read_volume
from .recipe import SourceRecipe

HCP_NAMES = ("T1w_acpc_dc_restore_brain.nii.gz", "T1w_acpc_dc_restore.nii.gz")


@dataclass(frozen=True)
class TrainingVolume:
    """One HR volume.

    Attributes:
        name: file name.
        array: intensities (k, j, i) in the file's own type, which keeps memory low.
        normalisation: takes intensities to about [0, 1].
        spacing: voxel size (i, j, k), in mm.
        weight: relative frequency of being drawn.
    """

    name: str
    array: npt.NDArray[Any]
    normalisation: Normalisation
    spacing: tuple[float, float, float]
    weight: float = 1.0


@dataclass
class VolumeReport:
    """What was read and what was left out, and why: one sentence a file."""

    used: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)


def find_volumes(paths: Iterable[str | Path]) -> list[Path]:
    """The volume files under folders, in text lists (one path a line), or named themselves.

    A folder in the HCP layout (``<subject>/T1w/T1w_acpc_dc_restore_brain.nii.gz``, one volume a
    subject) is recognised; otherwise all volume files in the folder count.

    Raises:
        InputError: a path that does not exist, or nothing found at all.
    """
    found: list[Path] = []
    for path in map(Path, paths):
        if path.is_dir():
            found += _in_folder(path)
        elif not path.is_file():
            raise InputError(f"There is no file or folder {str(path)!r} to train on; check it.")
        elif path.suffix == ".txt":
            lines = path.read_text(encoding="utf-8").splitlines()
            found += find_volumes(line.strip() for line in lines if line.strip())
        else:
            found.append(path)
    if not found:
        shown = ", ".join(str(path) for path in paths)
        raise InputError(
            f"No volume ({', '.join(READABLE_SUFFIXES)}) lies in {shown}; name another folder."
        )
    return found


def load_volumes(
    paths: Sequence[Path], smallest_side: int, sources: Sequence[SourceRecipe]
) -> tuple[list[TrainingVolume], VolumeReport]:
    """Reads volumes; one that cannot be used is reported and left out.

    Args:
        paths: files.
        smallest_side: voxels that every axis must have (the LR patch at the smallest scale).
        sources: weights by file name; a source's weight is shared by its volumes.

    Raises:
        InputError: not a single volume is usable.
    """
    report = VolumeReport()
    volumes: list[TrainingVolume] = []
    for path in paths:
        try:
            volumes.append(_read(path, smallest_side))
            report.used.append(str(path))
        except InputError as error:
            report.skipped.append(f"{path.name}: {error}")
    if not volumes:
        raise InputError(
            f"None of the {len(paths)} volumes can be used; the first: {report.skipped[0]}"
        )
    return _weighted(volumes, sources, report), report


def _read(path: Path, smallest_side: int) -> TrainingVolume:
    volume = read_volume(path)
    # The file's own type keeps a large data set in little memory.
    array = as_pixel_type(volume.array, volume.pixel_type)
    if min(array.shape) < smallest_side:
        raise InputError(
            f"its {'×'.join(map(str, volume.grid.size))} voxels are fewer than the {smallest_side} "
            "a patch needs along each axis; use a smaller patches.size."
        )
    if array.min() == array.max():
        raise InputError(f"all its voxels are {array.flat[0]}; there is nothing to learn from.")
    return TrainingVolume(path.name, array, Normalisation.of(array), volume.grid.spacing)


def _weighted(
    volumes: list[TrainingVolume], sources: Sequence[SourceRecipe], report: VolumeReport
) -> list[TrainingVolume]:
    groups: dict[int, list[TrainingVolume]] = {}
    for volume in volumes:
        for n, source in enumerate(sources):
            if fnmatch.fnmatch(volume.name, source.pattern):
                groups.setdefault(n, []).append(volume)
                break
        else:
            report.skipped.append(f"{volume.name}: no source pattern of the recipe matches it.")
    weighted = [
        TrainingVolume(v.name, v.array, v.normalisation, v.spacing, sources[n].weight / len(group))
        for n, group in groups.items()
        for v in group
    ]
    if not weighted:
        raise InputError("No volume matches a source pattern of the recipe; add one with '*'.")
    return weighted


def _in_folder(folder: Path) -> list[Path]:
    for name in HCP_NAMES:
        subjects = sorted(folder.glob(f"*/T1w/{name}"))
        if subjects:
            return subjects
    return sorted(
        path
        for path in folder.rglob("*")
        if path.is_file() and path.name.lower().endswith(READABLE_SUFFIXES)
    )
