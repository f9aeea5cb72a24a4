"""What must stay the same however a volume is stored, cut, placed or given, on random grids.

``python -m Testing.hostile.invariants COUNT [FIRST]`` checks all invariants on ``COUNT`` grids and
prints how many held.
"""

from __future__ import annotations

import math
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from stored_otherwise import cut_out, in_another_order, roi_between

from ArSSRLib.running.batch.worker_pool import WorkerPool
from ArSSRLib.upsampling.engine import Engine
from ArSSRLib.volumes.array_types import FloatArray

from .random_case import ROUNDING, Case, Tools, difference, model_in, same_place, turned
from .ways_to_ask import WAYS_TO_ASK


def field_of_view(case: Case) -> str:
    """The result covers the field of view exactly, in a whole number of voxels."""
    wanted = [
        math.floor(n * s + 0.5) for n, s in zip(case.volume.grid.size, case.scale, strict=True)
    ]
    if list(case.result.grid.size) != wanted:
        return f"size {case.result.grid.size} instead of {wanted}"
    return same_place(case.result.grid, case.volume.grid)


def _stored_as(case: Case, order: tuple[int, ...], flips: tuple[bool, ...]) -> str:
    stored = in_another_order(case.volume, order, flips)
    result = case.run(stored, scale=tuple(case.scale[a] for a in order))
    expected = in_another_order(case.result, order, flips)
    return difference(result.array, expected.array) or same_place(result.grid, expected.grid)


def order_of_axes(case: Case) -> str:
    """Axes stored in another order give the same result in that order."""
    return _stored_as(case, tuple(case.rng("order").permutation(3).tolist()), (False,) * 3)


def flips(case: Case) -> str:
    """Axes stored in the other direction give the same result in that direction."""
    return _stored_as(case, (0, 1, 2), tuple(case.rng("flips").choice([False, True], 3).tolist()))


def _placed(case: Case, **changes: Any) -> str:
    """The same voxels on a grid with these changes."""
    grid = replace(case.volume.grid, **changes)
    return difference(case.run(replace(case.volume, grid=grid)).array, case.result.array)


def place(case: Case) -> str:
    """Where the volume lies does not change its voxels."""
    return _placed(case, origin=(1234.5, -0.25, 1e4))


def turn(case: Case) -> str:
    """A head that lies a little more obliquely has the same voxels."""
    axes = turned(case.rng("turn"), 5.0) @ np.reshape(case.volume.grid.direction, (3, 3))
    return _placed(case, direction=tuple(axes.ravel()))


def unit_of_length(case: Case) -> str:
    """Larger voxels at the same factors have the same intensities."""
    return _placed(case, spacing=tuple(1.7 * mm for mm in case.volume.grid.spacing))


def region(case: Case) -> str:
    """A region is the crop of the whole result."""
    grid = case.volume.grid
    ends = case.rng("region").uniform(-0.5, np.asarray(grid.size) - 0.5, (2, 3))
    roi = roi_between(grid, ends)
    part, expected = case.run(case.volume, roi=roi), cut_out(case.result, roi)
    wrong = difference(part.array, expected.array, case.rounding)
    return wrong or same_place(part.grid, expected.grid)


def tiles(case: Case) -> str:
    """Small tiles give the values of one large tile."""
    shape = case.result.grid.size[::-1]

    def in_tiles(voxels: int | None) -> FloatArray:
        engine = Engine(
            model=case.tools.model, device="cpu", precision="float32", plane_voxels=voxels
        )
        return engine.upsample(case.volume.array, shape)

    return difference(in_tiles(30), in_tiles(None), case.rounding)


def intensity_scale(case: Case) -> str:
    """Twice the intensities give twice the result, to the bit."""
    doubled = replace(case.volume, array=case.volume.array * np.float32(2))
    return difference(case.run(doubled).array, case.result.array * np.float32(2))


def identity(case: Case) -> str:
    """Scale 1 without noise reduction gives the input."""
    still = {"noise_reduction": 0.0} if case.method == "arssr" else {}
    result = case.run(case.volume, scale=1.0, **still)
    most = 0.0 if case.method == "arssr" else case.rounding
    return difference(result.array, case.volume.array, most)


def constant(case: Case) -> str:
    """A constant volume keeps its value."""
    value = np.float32(case.rng("constant").uniform(-500, 500))
    flat = replace(case.volume, array=np.full_like(case.volume.array, value))
    result = case.run(flat).array
    return difference(result, np.full_like(result, value), ROUNDING * abs(float(value)))


def point_reflection(case: Case) -> str:
    """A head reflected at the centre gives the reflected result, in two passes too."""
    if case.method == "nearest":
        # Of two voxels at the same distance it takes one.
        return ""
    reflected = replace(case.volume, array=np.flip(case.volume.array))
    return difference(case.run(reflected).array, np.flip(case.result.array), case.rounding)


INVARIANTS: tuple[Callable[[Case], str], ...] = (
    field_of_view, order_of_axes, flips, place, turn, unit_of_length, region, tiles,
    *WAYS_TO_ASK, intensity_scale, identity, constant, point_reflection,
)  # fmt: skip
_OF_THE_NETWORK = (tiles,)
_INTERPOLATIONS = ("cubic", "linear", "nearest")


@dataclass
class Tally:
    """What was found.

    Attributes:
        held: checks that held, by invariant.
        wrong: a sentence for each that did not.
    """

    held: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)


def check(seeds: range) -> Tally:
    """Checks all invariants on a grid for each seed, with a small network and an interpolation."""
    tally = Tally()
    workers = WorkerPool()
    with tempfile.TemporaryDirectory(prefix="invariants-") as name:
        tools = Tools(model_in(Path(name)), workers, Path(name))
        try:
            for seed in seeds:
                for method in ("arssr", _INTERPOLATIONS[seed % len(_INTERPOLATIONS)]):
                    _check_case(Case(seed, method, tools), tally)
        finally:
            workers.stop()
    return tally


def _check_case(case: Case, tally: Tally) -> None:
    for invariant in INVARIANTS:
        if case.method != "arssr" and invariant in _OF_THE_NETWORK:
            continue
        wrong = invariant(case)
        if wrong:
            tally.wrong.append(f"grid {case.seed}, {case.method}, {invariant.__name__}: {wrong}")
        else:
            tally.held[invariant.__name__] += 1


def main() -> int:
    """Returns 0 where every invariant held on every grid."""
    import logging

    logging.disable(logging.WARNING)
    count, first = int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0
    tally = check(range(first, first + count))
    for name, held in tally.held.items():
        print(f"{name}: held {held} times")
    for sentence in tally.wrong:
        print(f"WRONG: {sentence}")
    print(
        f"{count} grids, {len(INVARIANTS)} invariants: {sum(tally.held.values())} checks held, "
        f"{len(tally.wrong)} did not."
    )
    return int(bool(tally.wrong))


if __name__ == "__main__":
    sys.exit(main())
