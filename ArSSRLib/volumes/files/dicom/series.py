"""The DICOM series in a folder and its sub-folders: found, listed, chosen, read."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ....errors import InputError, errors_naming
from ...grid import Grid
from ...volume import Volume, check_finite
from .contrast import contrast_of
from .pixels import check_pixels, intensities
from .slice_header import (
    DIFFERENCES,
    DamagedDicom,
    NotDicom,
    SliceHeader,
    read_slice_header,
)
from .stack import grid_of, in_order

_log = logging.getLogger(__name__)
_AGREEMENT = 1e-3
"""How far direction cosines, and as a share pixel sizes, of slices of one volume may differ."""

_ROUNDING = 2e-3
"""Products of direction cosines of three decimals are off by less."""


@dataclass(frozen=True)
class Series:
    """One volume of a folder; a series that holds several is listed once for each.

    Attributes:
        number: SeriesNumber, with ``.1``, ``.2`` … where the series holds several volumes.
        description: of the series, with what tells its volumes apart.
        contrast: a guess, such as ``T1``; may be empty.
        slices: its files, in order.
        grid: where its voxels lie; None where the slices are not one even stack.
        problem: why they are not.
    """

    number: str
    description: str
    contrast: str
    slices: tuple[SliceHeader, ...]
    grid: Grid | None
    problem: str = ""

    @property
    def line(self) -> str:
        """Number, description, contrast, size and voxel size, for a list."""
        parts = [f"{self.number} “{self.description}”", self.contrast]
        if self.grid is None:
            parts.append(f"{len(self.slices)} slices that are not one volume")
        else:
            parts.append("×".join(map(str, self.grid.size)))
            parts.append(" × ".join(f"{s:.3g}" for s in self.grid.spacing) + " mm")
        return ", ".join(filter(None, parts))


def list_series(folder: str | os.PathLike[str]) -> list[Series]:
    """The DICOM volumes in a folder and its sub-folders, by their number.

    Reports, presentation states and other files are passed over.

    Raises:
        InputError: there is none, or the folder cannot be read.
    """
    source = Path(folder)
    return _listed(source, *_search(source))


def read_series(folder: Path, wanted: str | None = None) -> Volume:
    """Reads one volume of a folder.

    Args:
        folder: searched with its sub-folders.
        wanted: number or description of a series; needed where there are several.

    Raises:
        InputError: no such series, several, slices that are not one even stack, or a file that
            cannot be read.
    """
    slices, damaged = _search(folder)
    series = _chosen(_listed(folder, slices, damaged), folder, wanted)
    _refuse_damaged(series, damaged)
    if series.grid is None:
        raise InputError(series.problem)
    try:
        array, pixel_type, rounding = intensities(series.slices)
    except OSError as error:
        raise InputError(
            f"The DICOM series in {str(folder)!r} cannot be read ({error.strerror or error}); "
            "check its permissions and its disk."
        ) from error
    check_finite(array, f"The DICOM series in {str(folder)!r}")
    _warn_of_rounding(series.slices[0], folder)
    if rounding:
        _log.warning(f"In the DICOM series in {str(folder)!r}, {rounding}.")
    entries = dict(series.slices[0].entries)
    padding = _padding(series.slices)
    return Volume(array, series.grid, pixel_type, entries, rounding=rounding, padding=padding)


def _warn_of_rounding(first: SliceHeader, folder: Path) -> None:
    """Warns of direction cosines that keep about two decimals."""
    axes = first.orientation.reshape(2, 3)
    if np.abs(axes @ axes.T - np.eye(2)).max() > _ROUNDING:
        _log.warning(
            f"In the DICOM series in {str(folder)!r} the direction cosines are rounded, by up to "
            "0.3°; the nearest rotation was taken."
        )


def _padding(slices: Sequence[SliceHeader]) -> float | None:
    """The padding intensity that all slices name; None for none, and where they differ."""
    named = {each.padding * each.scaling[0] + each.scaling[1] for each in slices}
    return named.pop() if len(named) == 1 and np.isfinite(list(named)).all() else None


def chosen_series(folder: Path, wanted: str | None = None) -> Series:
    """The series that :func:`read_series` reads, without its pixels.

    Raises:
        InputError: no such series, or several.
    """
    return _chosen(_listed(folder, *_search(folder)), folder, wanted)


def _search(folder: Path) -> tuple[list[SliceHeader], list[Path]]:
    """The headers of the images, and the files that begin like DICOM and are damaged."""
    slices: list[SliceHeader] = []
    damaged: list[Path] = []
    for path in _files(folder):
        try:
            header = read_slice_header(path)
        except (NotDicom, OSError):
            continue
        except DamagedDicom:
            damaged.append(path)
            continue
        if header is not None:
            slices.append(header)
    return _without_copies(slices), damaged


def _files(folder: Path) -> list[Path]:
    return sorted(
        path
        for path in folder.rglob("*")
        if path.is_file()
        and path.name.upper() != "DICOMDIR"
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )


def _without_copies(slices: Sequence[SliceHeader]) -> list[SliceHeader]:
    """Each slice once; a copy has the same SOPInstanceUID and the same place."""
    kept: dict[tuple[str, str, bytes], SliceHeader] = {}
    copies = []
    for each in slices:
        key = (each.series, each.instance or str(each.path), each.position.tobytes())
        if kept.setdefault(key, each) is not each:
            copies.append(each)
    if copies:
        _log.warning(
            f"{len(copies)} DICOM file(s) are copies of others and were left out, such as "
            f"{str(copies[0].path)!r}."
        )
    return list(kept.values())


def _listed(folder: Path, found: Sequence[SliceHeader], damaged: Sequence[Path]) -> list[Series]:
    by_series: dict[str, list[SliceHeader]] = {}
    for each in found:
        by_series.setdefault(each.series, []).append(each)
    listed = [series for slices in by_series.values() for series in _volumes_of(slices, folder)]
    if listed:
        return sorted(listed, key=lambda series: _natural(series.number))
    if damaged:
        raise InputError(
            f"The DICOM file {str(damaged[0])!r} is damaged, and the folder {str(folder)!r} "
            "holds no other slice; export the series again."
        )
    raise InputError(
        f"The folder {str(folder)!r} holds no DICOM series; give the folder of one, or a NIfTI, "
        "NRRD or MetaImage file."
    )


def _natural(number: str) -> tuple[tuple[int, str], ...]:
    return tuple((int(p) if p.isdigit() else 1 << 30, p) for p in number.split("."))


def _volumes_of(slices: Sequence[SliceHeader], folder: Path) -> list[Series]:
    """The volumes of one series: its slices by direction and size, then by what else differs."""
    groups = [
        (" ".join(filter(None, [shape, what])), part)
        for shape, group in _by_shape(slices)
        for what, part in _by_difference(group)
    ]
    number = slices[0].number or "0"
    return [
        _series(
            f"{number}.{n}" if len(groups) > 1 else number,
            ", ".join(filter(None, [slices[0].description, what])),
            part,
            folder,
        )
        for n, (what, part) in enumerate(groups, 1)
    ]


def _by_shape(slices: Sequence[SliceHeader]) -> list[tuple[str, list[SliceHeader]]]:
    """Slices that have the same direction, pixel size and number of pixels."""
    groups: list[list[SliceHeader]] = []
    for each in slices:
        group = next((group for group in groups if _same_shape(group[0], each)), None)
        if group is None:
            groups.append([each])
        else:
            group.append(each)
    names = [f"part {n}" if len(groups) > 1 else "" for n in range(1, len(groups) + 1)]
    return list(zip(names, groups, strict=True))


def _same_shape(first: SliceHeader, second: SliceHeader) -> bool:
    if (first.rows, first.columns) != (second.rows, second.columns):
        return False
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        turned = np.abs(first.orientation - second.orientation).max()
        scaled = np.abs(first.pixel / second.pixel - 1).max()
    return not (turned > _AGREEMENT or scaled > _AGREEMENT)


def _by_difference(slices: Sequence[SliceHeader]) -> list[tuple[str, Sequence[SliceHeader]]]:
    """The volumes in slices of which several lie at one place, by the entry that differs."""
    if not _overlap(slices):
        return [("", slices)]
    for name in DIFFERENCES:
        groups: dict[str, list[SliceHeader]] = {}
        for each in slices:
            groups.setdefault(each.differences.get(name, ""), []).append(each)
        if len(groups) > 1 and not any(map(_overlap, groups.values())):
            return [(f"{name} {value}", group) for value, group in sorted(groups.items())]
    return [("", slices)]


def _overlap(slices: Sequence[SliceHeader]) -> bool:
    """Whether two slices lie at the same place."""
    places = {tuple(np.round(each.position, 2).tolist()) for each in slices if each.has_place}
    return len(places) < sum(each.has_place for each in slices)


def _series(number: str, description: str, slices: Sequence[SliceHeader], folder: Path) -> Series:
    grid, problem = None, ""
    ordered: Sequence[SliceHeader] = slices
    try:
        for each in slices:
            check_pixels(each)
            if not each.has_place:
                raise InputError(
                    f"The DICOM file {str(each.path)!r} has missing or invalid position tags "
                    "(ImagePositionPatient, ImageOrientationPatient, PixelSpacing); export the "
                    "series again."
                )
        ordered = in_order(slices)
        with errors_naming(str(folder)):
            grid = grid_of(ordered, repr(str(folder)))
    except InputError as error:
        problem = str(error)
    return Series(number, description, contrast_of(slices[0]), tuple(ordered), grid, problem)


def _chosen(listed: Sequence[Series], folder: Path, wanted: str | None) -> Series:
    if wanted is None:
        matching = list(listed)
        what = f"The folder {str(folder)!r} holds {len(listed)} DICOM series"
    else:
        matching = _matching(listed, wanted)
        what = f"The series {wanted!r} stands for {len(matching)} of those in {str(folder)!r}"
        if not matching:
            raise InputError(
                f"The folder {str(folder)!r} has no DICOM series {wanted!r}; it has "
                f"{_shown(listed)}.",
                argument="series",
            )
    if len(matching) == 1:
        return matching[0]
    raise InputError(
        f"{what}; choose one by its number or description: {_shown(matching)}.",
        argument="series",
    )


def _matching(listed: Sequence[Series], wanted: str) -> list[Series]:
    """The series of this number or description; a part of a description where none is exact."""
    name = wanted.strip().lower()
    for same in (
        lambda s: s.number == name,
        lambda s: s.number.partition(".")[0] == name,
        lambda s: s.description.lower() == name,
        lambda s: name in s.description.lower(),
    ):
        matching = [series for series in listed if same(series)]
        if matching:
            return matching
    return []


def _shown(listed: Iterable[Series]) -> str:
    return "; ".join(series.line for series in listed)


def _refuse_damaged(series: Series, damaged: Sequence[Path]) -> None:
    """A damaged file beside the slices may be one of them, which would be missing."""
    folders = {each.path.parent for each in series.slices}
    for path in damaged:
        if path.parent in folders:
            raise InputError(
                f"The DICOM file {str(path)!r} is damaged and may be a slice of the series; export "
                "the series again or move that file away."
            )
