"""What must stay the same however a volume is stored, cut, placed or given, on random grids.

``python -m Testing.hostile.invariants COUNT [FIRST]`` checks all invariants on ``COUNT`` grids and
prints how many held.
"""

from __future__ import annotations

import itertools
import math
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np
import numpy.typing as npt
import SimpleITK as sitk

from ArSSRLib import upsample
from ArSSRLib.networks.catalogue import load_model
from ArSSRLib.networks.model_file import Model
from ArSSRLib.running.batch.worker_pool import WorkerPool
from ArSSRLib.upsampling.engine import Engine
from ArSSRLib.upsampling.file_job import FileJob
from ArSSRLib.upsampling.request import Upsampling
from ArSSRLib.upsampling.run import upsample_volume
from ArSSRLib.volumes.array_types import Array, FloatArray
from ArSSRLib.volumes.files.reading import read_volume
from ArSSRLib.volumes.files.writing import write_volume
from ArSSRLib.volumes.grid import Grid
from ArSSRLib.volumes.pixel_types import as_pixel_type
from ArSSRLib.volumes.region import box_of_roi
from ArSSRLib.volumes.volume import Volume, image_of_volume

_SAME_MM = 1e-9
"""Corners of the field of view may differ by so much of their distance from the origin."""
_REGION_SHARE = 1e-5
"""Of the range of intensities: a region's convolutions add up their products in another order."""
_CONSTANT_SHARE = 1e-5


def model_for_invariants(folder: Path) -> Path:
    """A small network that takes the noise level and is run in two passes, in a model file."""
    import torch

    from ArSSRLib.networks.arssr import ArSSR
    from ArSSRLib.networks.model_file import ModelHeader, save_model
    from ArSSRLib.networks.spec import DecoderSpec, EncoderSpec, NetworkSpec

    spec = NetworkSpec(
        EncoderSpec("SRResNet", 8, 1, 2, 8, 8, noise_level=True), DecoderSpec(16, 4, False, False),
        "local", "trilinear",
    )  # fmt: skip
    torch.manual_seed(7)
    network = ArSSR(spec)
    for parameter in network.decoder.second[-1].parameters():
        torch.nn.init.normal_(parameter, std=0.05)
    save_model(network, ModelHeader(spec, mirrored=True), folder / "model.npz")
    return folder / "model.npz"


@dataclass(frozen=True)
class Tools:
    """What all cases share.

    Attributes:
        model: the network.
        workers: the worker programs of a batch.
        folder: for files.
    """

    model: Model
    workers: WorkerPool
    folder: Path


@dataclass(frozen=True)
class Case:
    """A random volume with its result.

    Attributes:
        seed: of everything random.
        method: how it is upsampled.
        tools: shared.
    """

    seed: int
    method: str
    tools: Tools

    def rng(self, what: str) -> np.random.Generator:
        """Random numbers for one purpose."""
        return np.random.default_rng([self.seed, *what.encode()])

    @cached_property
    def volume(self) -> Volume:
        """Any size, voxel size, direction, place and pixel type; a head-like blob and noise."""
        rng = self.rng("volume")
        size = tuple(int(n) for n in rng.integers(3, 15, 3))
        spacing = tuple(float(mm) for mm in rng.uniform(0.4, 6.0, 3))
        origin = tuple(float(mm) for mm in rng.uniform(-200, 200, 3))
        axes = _turned(rng, 30.0)[:, rng.permutation(3)] * rng.choice([-1.0, 1.0], 3)
        places = np.meshgrid(*(np.linspace(-1, 1, n) for n in size[::-1]), indexing="ij")
        bright = 200.0 * np.exp(-sum(x * x for x in places))
        values = np.rint(bright + rng.normal(0, 6, size[::-1])).clip(0, 255).astype(np.float32)
        kind = str(rng.choice(["uint8", "int16", "float32"]))
        return Volume(values, Grid(size, spacing, origin, tuple(axes.ravel())), kind)  # type: ignore[arg-type]

    @cached_property
    def scale(self) -> tuple[float, float, float]:
        """Of the axes i, j, k; one of them may stay as it is."""
        rng = self.rng("scale")
        factors = rng.uniform(1.0, 3.3, 3)
        factors[rng.integers(0, 3)] = rng.choice([1.0, 2.0, factors[0]])
        return tuple(float(x) for x in factors)  # type: ignore[return-value]

    @cached_property
    def choices(self) -> dict[str, Any]:
        """The options of the run."""
        if self.method != "arssr":
            return {"method": self.method, "scale": self.scale}
        reduction = float(self.rng("noise").choice([0.0, 1.0]))
        return {
            "scale": self.scale, "model": self.tools.model, "noise_reduction": reduction,
            "device": "cpu", "precision": "float32",
        }  # fmt: skip

    def run(self, volume: Volume, **choices: Any) -> Volume:
        """The result for another volume, or with other options."""
        request = Upsampling.of(**{**self.choices, **choices})
        model = self.tools.model if self.method == "arssr" else None
        return upsample_volume(volume, request, model=model)

    @cached_property
    def result(self) -> Volume:
        """The volume's result."""
        return self.run(self.volume)

    @cached_property
    def voxels(self) -> Array:
        """The result as a file holds it."""
        return as_pixel_type(self.result.array, self.result.pixel_type)

    @cached_property
    def folder(self) -> Path:
        """For this case's files."""
        folder = self.tools.folder / f"{self.seed}-{self.method}"
        folder.mkdir()
        return folder

    def stored(self, ending: str) -> Path:
        """The volume in a file."""
        path = self.folder / f"volume{ending}"
        if not path.exists():
            write_volume(self.volume, path)
        return path

    def job(self, source: Path, output: Path) -> FileJob:
        """From file to file."""
        return FileJob(
            source=str(source), output=str(output), request=Upsampling.of(**self.choices)
        )


def _turned(rng: np.random.Generator, degrees: float) -> npt.NDArray[np.float64]:
    """A rotation about a random axis."""
    axis = rng.normal(size=3)
    x, y, z = axis / np.linalg.norm(axis)
    angle = math.radians(rng.uniform(0, degrees))
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.eye(3) + math.sin(angle) * cross + (1 - math.cos(angle)) * cross @ cross


def _difference(found: Array, expected: Array, most: float = 0.0) -> str:
    """What is wrong with an array; empty where it is as expected."""
    if found.shape != expected.shape:
        return f"shape {found.shape} instead of {expected.shape}"
    if found.dtype != expected.dtype:
        return f"type {found.dtype} instead of {expected.dtype}"
    largest = float(np.abs(found.astype(np.float64) - expected.astype(np.float64)).max())
    return "" if largest <= most else f"differs by {largest:.3g}"


def _corners(grid: Grid) -> npt.NDArray[np.float64]:
    faces = itertools.product(*((-0.5, n - 0.5) for n in grid.size))
    return grid.index_to_world(np.array(list(faces)))


def _same_place(found: Grid, expected: Grid) -> str:
    first, second = _corners(found), _corners(expected)
    off = np.abs(first - second).max()
    return "" if off <= _SAME_MM * np.abs(second).max() else f"lies {off:.3g} mm off"


def field_of_view(case: Case) -> str:
    """The result covers the field of view exactly, in a whole number of voxels."""
    wanted = [
        math.floor(n * s + 0.5) for n, s in zip(case.volume.grid.size, case.scale, strict=True)
    ]
    if list(case.result.grid.size) != wanted:
        return f"size {case.result.grid.size} instead of {wanted}"
    return _same_place(case.result.grid, case.volume.grid)


def _in_another_order(volume: Volume, order: tuple[int, ...], flips: tuple[bool, ...]) -> Volume:
    """The same volume with its axes (i, j, k) stored in another order and direction."""
    axes = [2 - order[2 - n] for n in range(3)]
    steps = tuple(slice(None, None, -1 if flip else 1) for flip in flips[::-1])
    corner = [0, 0, 0]
    for axis, flip in zip(order, flips, strict=True):
        corner[axis] = volume.grid.size[axis] - 1 if flip else 0
    columns = np.reshape(volume.grid.direction, (3, 3))[:, order] * np.where(flips, -1.0, 1.0)
    grid = Grid(
        tuple(volume.grid.size[a] for a in order),  # type: ignore[arg-type]
        tuple(volume.grid.spacing[a] for a in order),  # type: ignore[arg-type]
        tuple(float(x) for x in volume.grid.index_to_world(corner)),  # type: ignore[arg-type]
        tuple(columns.ravel()),
    )
    array = np.ascontiguousarray(volume.array.transpose(axes)[steps])
    return replace(volume, array=array, grid=grid)


def _stored_as(case: Case, order: tuple[int, ...], flips: tuple[bool, ...]) -> str:
    stored = _in_another_order(case.volume, order, flips)
    result = case.run(stored, scale=tuple(case.scale[a] for a in order))
    expected = _in_another_order(case.result, order, flips)
    return _difference(result.array, expected.array) or _same_place(result.grid, expected.grid)


def order_of_axes(case: Case) -> str:
    """Axes stored in another order give the same result in that order."""
    return _stored_as(case, tuple(case.rng("order").permutation(3).tolist()), (False,) * 3)


def flips(case: Case) -> str:
    """Axes stored in the other direction give the same result in that direction."""
    return _stored_as(case, (0, 1, 2), tuple(case.rng("flips").choice([False, True], 3).tolist()))


def place(case: Case) -> str:
    """Where the volume lies does not change its voxels."""
    moved = replace(case.volume.grid, origin=(1234.5, -0.25, 1e4))
    return _difference(case.run(replace(case.volume, grid=moved)).array, case.result.array)


def turn(case: Case) -> str:
    """A head that lies a little more obliquely has the same voxels."""
    grid = case.volume.grid
    axes = _turned(case.rng("turn"), 5.0) @ np.reshape(grid.direction, (3, 3))
    turned = replace(grid, direction=tuple(axes.ravel()))
    return _difference(case.run(replace(case.volume, grid=turned)).array, case.result.array)


def unit_of_length(case: Case) -> str:
    """Larger voxels at the same factors have the same intensities."""
    i, j, k = case.volume.grid.spacing
    larger = replace(case.volume.grid, spacing=(1.7 * i, 1.7 * j, 1.7 * k))
    return _difference(case.run(replace(case.volume, grid=larger)).array, case.result.array)


def region(case: Case) -> str:
    """A region is the crop of the whole result."""
    grid = case.volume.grid
    ends = case.rng("region").uniform(-0.5, np.asarray(grid.size) - 0.5, (2, 3))
    roi = tuple(float(x) for x in grid.index_to_world(ends).ravel())
    part = case.run(case.volume, roi=roi)
    (i, j, k), (columns, rows, slices) = box = box_of_roi(case.result.grid, roi)  # type: ignore[arg-type]
    expected = case.result.array[k : k + slices, j : j + rows, i : i + columns]
    most = _REGION_SHARE * float(np.ptp(case.volume.array))
    wrong = _difference(part.array, expected, most)
    return wrong or _same_place(part.grid, case.result.grid.cropped(*box))


def tiles(case: Case) -> str:
    """Small tiles give the values of one large tile."""
    shape = case.result.grid.size[::-1]

    def in_tiles(voxels: int | None) -> FloatArray:
        engine = Engine(
            model=case.tools.model, device="cpu", precision="float32", plane_voxels=voxels
        )
        return engine.upsample(case.volume.array, shape)

    most = _REGION_SHARE * float(np.ptp(case.volume.array))
    return _difference(in_tiles(30), in_tiles(None), most)


def repetition(case: Case) -> str:
    """The same run gives the same bits."""
    return _difference(case.run(case.volume).array, case.result.array)


def memory_layout(case: Case) -> str:
    """Where an array's elements lie in memory does not matter."""
    padded = np.zeros(tuple(2 * n for n in case.volume.array.shape), np.float32, order="F")
    padded[::2, ::2, ::2] = case.volume.array
    result = case.run(replace(case.volume, array=padded[::2, ::2, ::2]))
    return _difference(result.array, case.result.array)


def image_and_array(case: Case) -> str:
    """The API gives the same for a SimpleITK image and an array."""
    image = image_of_volume(case.volume)
    by_image = upsample(image, **case.choices)
    by_array, grid = upsample(sitk.GetArrayFromImage(image), grid=case.volume.grid, **case.choices)
    wrong = _difference(sitk.GetArrayFromImage(by_image), case.voxels)
    wrong = wrong or _same_place(Grid.of_image(by_image), case.result.grid)
    return wrong or _difference(by_array, case.voxels) or _same_place(grid, case.result.grid)


def command_line(case: Case) -> str:
    """``arssr upsample`` writes the voxels that the API gives."""
    from ArSSRLib.cli.main import main

    output = case.folder / "command.mha"
    job = case.job(case.stored(".mha"), output)
    code = main(["upsample", job.source, "-o", job.output, *job.request.arguments(),
                 "--progress", "none"])  # fmt: skip
    if code:
        return f"exit code {code}"
    found = sitk.ReadImage(str(output))
    wrong = _difference(sitk.GetArrayFromImage(found), case.voxels)
    return wrong or _same_place(Grid.of_image(found), case.result.grid)


def batch(case: Case) -> str:
    """A worker of a batch writes the voxels that the API gives."""
    job = case.job(case.stored(".mha"), case.folder / "batch.mha")
    outcome = case.tools.workers.run(job.to_dict(), lambda message: None, lambda needed: _Room())
    if outcome.exit_code:
        return outcome.reason
    return _difference(sitk.GetArrayFromImage(sitk.ReadImage(job.output)), case.voxels)


class _Room:
    """Memory that is always free."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, *error: object) -> None:
        return None


def file_format(case: Case) -> str:
    """The format of the file changes no voxel."""
    for ending in (".nii.gz", ".nrrd"):
        result = case.run(read_volume(case.stored(ending)))
        wrong = _difference(as_pixel_type(result.array, result.pixel_type), case.voxels)
        if wrong:
            return f"{ending} {wrong}"
    return ""


def intensity_scale(case: Case) -> str:
    """Twice the intensities give twice the result, to the bit."""
    doubled = replace(case.volume, array=case.volume.array * np.float32(2))
    return _difference(case.run(doubled).array, case.result.array * np.float32(2))


def identity(case: Case) -> str:
    """Scale 1 without noise reduction gives the input."""
    still = {"noise_reduction": 0.0} if case.method == "arssr" else {}
    result = case.run(case.volume, scale=1.0, **still)
    most = 0.0 if case.method == "arssr" else _CONSTANT_SHARE * float(np.ptp(case.volume.array))
    return _difference(result.array, case.volume.array, most)


def constant(case: Case) -> str:
    """A constant volume keeps its value."""
    value = np.float32(case.rng("constant").uniform(-500, 500))
    flat = replace(case.volume, array=np.full_like(case.volume.array, value))
    result = case.run(flat).array
    return _difference(result, np.full_like(result, value), _CONSTANT_SHARE * abs(float(value)))


def point_reflection(case: Case) -> str:
    """A head reflected at the centre gives the reflected result, in two passes too."""
    if case.method == "nearest":
        # Of two voxels at the same distance it takes one.
        return ""
    reflected = replace(case.volume, array=np.flip(case.volume.array))
    most = _REGION_SHARE * float(np.ptp(case.volume.array))
    return _difference(case.run(reflected).array, np.flip(case.result.array), most)


INVARIANTS: tuple[Callable[[Case], str], ...] = (
    field_of_view, order_of_axes, flips, place, turn, unit_of_length, region, tiles, repetition,
    memory_layout, image_and_array, command_line, batch, file_format, intensity_scale, identity,
    constant, point_reflection,
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


def check(seeds: range, tools: Tools) -> Tally:
    """Checks all invariants on one grid for each seed, with the network and an interpolation."""
    tally = Tally()
    for seed in seeds:
        for method in ("arssr", _INTERPOLATIONS[seed % len(_INTERPOLATIONS)]):
            case = Case(seed, method, tools)
            for invariant in INVARIANTS:
                if method != "arssr" and invariant in _OF_THE_NETWORK:
                    continue
                wrong = invariant(case)
                if wrong:
                    tally.wrong.append(f"grid {seed}, {method}, {invariant.__name__}: {wrong}")
                else:
                    tally.held[invariant.__name__] += 1
    return tally


def check_with_tools(seeds: range) -> Tally:
    """The same with a small network and a worker for these grids."""
    with tempfile.TemporaryDirectory(prefix="invariants-") as name:
        workers = WorkerPool()
        try:
            path = model_for_invariants(Path(name))
            return check(seeds, Tools(load_model(path), workers, Path(name)))
        finally:
            workers.stop()


def main() -> int:
    """Returns 0 where every invariant held on every grid."""
    import logging

    logging.disable(logging.WARNING)
    count, first = int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0
    tally = check_with_tools(range(first, first + count))
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
