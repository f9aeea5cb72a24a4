"""A random volume with its result, for :mod:`hostile.invariants`, and how results are compared."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from small_models import small_network

from ArSSRLib.networks.catalogue import load_model
from ArSSRLib.networks.model_file import Model, ModelHeader, save_model
from ArSSRLib.running.batch.worker_pool import WorkerPool
from ArSSRLib.upsampling.file_job import FileJob
from ArSSRLib.upsampling.request import Upsampling
from ArSSRLib.upsampling.run import upsample_volume
from ArSSRLib.volumes.array_types import Array
from ArSSRLib.volumes.files.writing import write_volume
from ArSSRLib.volumes.grid import Grid
from ArSSRLib.volumes.pixel_types import as_pixel_type
from ArSSRLib.volumes.volume import Volume

_SAME_MM = 1e-9
"""Corners of the field of view may differ by so much of their distance from the origin."""
ROUNDING = 1e-5
"""Share of the largest values: a region's convolutions add up their products in another order."""


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


def model_in(folder: Path) -> Model:
    """A small network that takes the noise level and is run in two passes."""
    from torch.nn.init import normal_

    network = small_network(noise_level=True)
    for parameter in network.decoder.second[-1].parameters():
        normal_(parameter, std=0.05)
    save_model(network, ModelHeader(network.spec, mirrored=True), folder / "model.npz")
    return load_model(folder / "model.npz")


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
        axes = turned(rng, 30.0)[:, rng.permutation(3)] * rng.choice([-1.0, 1.0], 3)
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

    @cached_property
    def rounding(self) -> float:
        """How far a result may be off where sums are made in another order."""
        return ROUNDING * float(np.ptp(self.volume.array))

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


def turned(rng: np.random.Generator, degrees: float) -> npt.NDArray[np.float64]:
    """A rotation about a random axis."""
    axis = rng.normal(size=3)
    x, y, z = axis / np.linalg.norm(axis)
    angle = math.radians(rng.uniform(0, degrees))
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.eye(3) + math.sin(angle) * cross + (1 - math.cos(angle)) * cross @ cross


def difference(found: Array, expected: Array, most: float = 0.0) -> str:
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


def same_place(found: Grid, expected: Grid) -> str:
    """What is wrong with where a grid lies; empty where it covers what the other one covers."""
    first, second = _corners(found), _corners(expected)
    off = np.abs(first - second).max()
    return "" if off <= _SAME_MM * np.abs(second).max() else f"lies {off:.3g} mm off"
