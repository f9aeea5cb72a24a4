"""The volumes of a training run: found, read, checked, kept in memory once."""

from __future__ import annotations

import fnmatch
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
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
        name: see :class:`VolumeFile`.
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


@dataclass(frozen=True)
class VolumeFile:
    """A file that was found.

    Attributes:
        path: where it is.
        name: its path within the data folder that was named, with slashes; for files that were
            named themselves or in a list, within the folder that all of these share.
    """

    path: Path
    name: str


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
        """Names and sentences, ready for JSON."""
        return {"volumes": [v.name for v in self.volumes], "left_out": list(self.left_out)}


def find_volumes(paths: Iterable[str | Path]) -> list[Path]:
    """The volume files under folders, in text lists (one path a line), or named themselves.

    A folder in the HCP layout (``<subject>/T1w/T1w_acpc_dc_restore_brain.nii.gz``, one volume a
    subject) is recognised; otherwise all volume files in the folder count.

    Raises:
        InputError: a path that does not exist, or nothing found at all.
    """
    return [file.path for file in find_files(paths)]


def find_files(paths: Iterable[str | Path]) -> list[VolumeFile]:
    """The same as :func:`find_volumes`, with names that tell files of one name apart.

    Raises:
        InputError: a path that does not exist, or nothing found at all.
    """
    paths = list(paths)
    found = list(_found(paths))
    if not found:
        shown = ", ".join(str(path) for path in paths)
        raise InputError(
            f"No volume ({', '.join(READABLE_SUFFIXES)}) lies in {shown}; name another folder."
        )
    shared = _shared_folder([path for path, folder in found if folder is None])
    return [VolumeFile(path, _name_within(folder or shared, path)) for path, folder in found]


def _shared_folder(paths: Sequence[Path]) -> Path:
    try:
        return Path(os.path.commonpath([path.absolute().parent for path in paths]))
    except ValueError:
        # None at all, or files on several drives of Windows, which share nothing.
        return Path()


def _name_within(folder: Path, path: Path) -> str:
    whole, start = path.absolute(), folder.absolute()
    return (whole.relative_to(start) if whole.is_relative_to(start) else whole).as_posix()


def _found(paths: Iterable[str | Path]) -> Iterator[tuple[Path, Path | None]]:
    """Each file in the order of ``paths``, with the data folder it was found in if any."""
    for path in map(Path, paths):
        refuse_pipe(path)
        if path.is_dir():
            yield from ((file, path) for file in _in_folder(path))
        elif not path.is_file():
            raise InputError(f"There is no file or folder {str(path)!r} to train on; check it.")
        elif path.suffix == ".txt":
            yield from _found(_lines(path))
        else:
            yield path, None


def refuse_pipe(path: Path) -> None:
    """Refuses what is there but can be read only once, if it ever ends.

    Raises:
        InputError: a pipe, a device or the like.
    """
    if path.exists() and not path.is_file() and not path.is_dir():
        raise InputError(
            f"{str(path)!r} is neither a file nor a folder but a pipe or a device; save what comes "
            "out of it in a file and name that."
        )


def _lines(path: Path) -> list[str]:
    """The lines of a list that are not empty, also where Windows' editor marked it as UTF-8."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(
            f"The list {str(path)!r} is not text in UTF-8 (byte {error.start}); save it as UTF-8, "
            "one path a line."
        ) from error
    return [line.strip() for line in text.splitlines() if line.strip()]


def load_volumes(
    files: Sequence[VolumeFile], smallest_side: int, sources: Sequence[SourceRecipe]
) -> VolumeSet:
    """Reads volumes; one that cannot be used is reported and left out.

    Args:
        files: see :func:`find_files`.
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
