"""What the report shows of a case, in a small file: three slices and an intensity profile."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ...errors import InputError
from ...networks.npz import DAMAGED_ARCHIVE
from ...pictures.slices import PLANES, Plane, Slicer, View, display_window
from ...running.output_files import make_folder, replacing
from ...volumes.grid import Grid
from ...volumes.orientation import to_canonical
from ...volumes.volume import Volume
from .intensity_profile import Profile, profile_between_points

Line = tuple[float, ...]

_LINE_ENDS = (0.92, 0.08)
"""The default profile crosses this share of the field of view from the patient's right to left,
which is from left to right in a picture."""


@dataclass(frozen=True)
class Aim:
    """Which slices of a volume are shown, in which window, and along which line its profile runs.

    Attributes:
        positions: of each plane, 0 to 1 of the field of view.
        window: intensities shown as black and as white.
        line: ends x0, y0, z0, x1, y1, z1 of the profile, LPS mm.
        row: see :class:`CaseViews`.
    """

    positions: Mapping[Plane, float]
    window: tuple[float, float]
    line: Line
    row: float | None


@dataclass(frozen=True)
class CaseViews:
    """What is shown of one result.

    Attributes:
        slices: one view per plane; intensities as shares of the aim's window.
        profile: along the aim's line; None where the line leaves the volume.
        row: where the line crosses the axial slice, 0 at the top to 1; None for a line of the
            user's, which may cross it in any way.
    """

    slices: Mapping[Plane, View]
    profile: Profile | None
    row: float | None = None


def aim_at(volume: Volume, line: Line | None = None) -> Aim:
    """Aims at the slices of a volume with the most tissue.

    Args:
        volume: the truth, or the input where there is none.
        line: of the profile; by default the row through the chosen slices from left to right.
    """
    window = display_window(volume)
    slicer = Slicer(volume)
    positions = {plane: slicer.richest_position(plane, window) for plane in PLANES}
    if line is not None:
        return Aim(positions, window, line, None)
    row = 1.0 - positions["coronal"]
    return Aim(positions, window, _middle_row(volume.grid, positions), row)


def views_of(volume: Volume, aim: Aim) -> CaseViews:
    """The views of a result of any voxel size over the field of view that was aimed at."""
    slicer = Slicer(volume)
    low, high = aim.window
    slices = {}
    for plane in PLANES:
        view = slicer.view(plane, aim.positions[plane])
        shares = ((view.pixels - low) / (high - low)).astype(np.float32)
        slices[plane] = View(shares, view.width, view.height, view.letters)
    try:
        profile = profile_between_points(volume.array, volume.grid, aim.line[:3], aim.line[3:])
    except InputError:
        profile = None
    return CaseViews(slices, profile, aim.row)


def save_views(views: CaseViews, path: Path) -> None:
    """Writes views to an ``.npz``; half precision is more than an eye or a curve needs.

    Raises:
        EnvironmentFault: the disk is full or refuses the file.
    """
    arrays: dict[str, npt.NDArray[np.generic]] = {}
    for plane, view in views.slices.items():
        arrays[f"{plane}.pixels"] = view.pixels.astype(np.float16)
        arrays[f"{plane}.extent"] = np.array([view.width, view.height])
        arrays[f"{plane}.letters"] = np.array(view.letters)
    if views.profile is not None:
        arrays["profile"] = np.stack([views.profile.distance, views.profile.intensity])
    if views.row is not None:
        arrays["row"] = np.array(views.row)
    make_folder(path.parent)
    with replacing(path, overwrite=True, suffix=".npz") as temporary:
        np.savez_compressed(temporary, **arrays)  # type: ignore[arg-type]


def load_views(path: Path) -> CaseViews | None:
    """The views in a file; None if there is none or it cannot be read."""
    try:
        with np.load(path, allow_pickle=False) as stored:
            slices = {plane: _view(stored, plane) for plane in PLANES}
            profile = Profile(*stored["profile"]) if "profile" in stored else None
            row = float(stored["row"]) if "row" in stored else None
    except (KeyError, AttributeError, MemoryError, *DAMAGED_ARCHIVE):
        return None
    return CaseViews(slices, profile, row)


def _view(stored: Mapping[str, npt.NDArray[np.generic]], plane: Plane) -> View:
    width, height = (float(x) for x in stored[f"{plane}.extent"])
    pixels = stored[f"{plane}.pixels"].astype(np.float32)
    return View(pixels, width, height, str(stored[f"{plane}.letters"]))


def _middle_row(grid: Grid, positions: Mapping[Plane, float]) -> Line:
    turn = to_canonical(grid.direction)
    ends: list[float] = []
    for share in _LINE_ENDS:
        place = (share, positions["coronal"], positions["axial"])
        index = np.zeros(3)
        for part, stored, flip in zip(place, turn.order, turn.flips, strict=True):
            size = grid.size[stored]
            index[stored] = (1.0 - part if flip else part) * size - 0.5
        ends += [float(x) for x in grid.index_to_world(index)]
    return tuple(ends)
