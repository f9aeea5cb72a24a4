"""A small part of the volume, computed with the chosen settings before anybody waits for a run."""

import itertools
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import SimpleITK as sitk
import slicer
import vtk

from ..scene import geometry
from ..scene.volume_files import LoadedImage
from ..signals import Signal
from . import failures
from .background_task import BackgroundTask
from .job_folder import JobFolder
from .request import requestsOf
from .start import Start
from .worker import Order, Worker

SIDES_MM = (40.0, 36.0, 32.0, 28.0, 24.0, 20.0)
"""Sides of the box; the largest that is computed in time is taken."""
MARGIN = 6
"""Input voxels around the box that the network sees too. In a run it sees further, which changed
real cortex by less than a thousandth of the intensity range."""
MOST_SECONDS = 2.2
"""Expected time of computing within which the box should stay."""
SOURCE_NAME, TARGET_NAME = "part.nrrd", "preview.nrrd"


@dataclass(frozen=True)
class PreviewPlan:
    """A part of the input and what is to be made of it.

    Attributes:
        request: the library's ``Upsampling`` of the part, in the part's own axes.
        voxels: of the part, [k, j, i].
        grid: of the part, in LPS mm.
        sides: of the box along the input's axes, in mm.
        seconds: the library's estimate for computing it.
        quicker: whether the pass through the mirrored volume is left out, though it was not asked.
    """

    request: object
    voxels: np.ndarray
    grid: object
    sides: tuple[float, float, float]
    seconds: float
    quicker: bool


def planPreview(parameters, point, start: Start, slowness: float) -> PreviewPlan:
    """The largest box around ``point`` that is computed in time, if need be in one pass only.

    Args:
        parameters: the user's choices; their region is not considered.
        point: in world RAS mm, inside the input.
        start: what a run begins with; its intensities are known.
        slowness: seconds of this computer for one second of the library's estimate.

    Raises:
        ValueError: the choices cannot be used.
    """
    from ArSSRLib.upsampling.estimate import estimate_cost

    grid = start.grid
    network = requestsOf(parameters)[-1]
    factors = grid.factors_to(network.resolution.target_grid(geometry.localGrid(grid)))
    centre = _indexOf(point, parameters.inputVolume, grid.size)
    ways = (network.fast,) if network.passes == 1 else (False, True)
    for side, fast in itertools.product(SIDES_MM, ways):
        box = _boxAround(centre, side, grid)
        part = _grown(box, grid)
        chosen = replace(network, fast=fast)
        request = _requestFor(chosen, factors, start.intensities, (box, part), grid.spacing)
        own = geometry.localGrid(grid.cropped(part[0], part[1] - part[0]))
        cost = estimate_cost(request, own, request.resolution.target_grid(own))
        if cost.computing_seconds * slowness <= MOST_SECONDS:
            break
    low, high = part
    return PreviewPlan(
        request,
        start.array[low[2] : high[2], low[1] : high[1], low[0] : high[0]].copy(),
        grid.cropped(tuple(map(int, low)), tuple(map(int, high - low))),
        tuple((box[1] - box[0]) * grid.spacing),
        cost.computing_seconds,
        request.passes < network.passes,
    )


class PreviewJob:
    """Computes a preview with the worker; nothing here waits.

    Signals:
        succeeded(LoadedImage)
        failed(text)
    """

    def __init__(self, plan: PreviewPlan, worker: Worker) -> None:
        self.succeeded, self.failed = Signal(), Signal()
        self._plan, self._worker = plan, worker
        self._folder: JobFolder | None = None
        self._active: Order | BackgroundTask | None = None

    def start(self) -> None:
        """
        Raises:
            OSError, RuntimeError: the files cannot be written, or the worker cannot be started.
        """
        self._folder = JobFolder(self._plan.voxels.nbytes)
        try:
            self._write()
            self._active = self._worker.order(
                {
                    "source": str(self._folder.forChild / SOURCE_NAME),
                    "output": str(self._folder.forChild / TARGET_NAME),
                    "request": self._plan.request.arguments(),
                }
            )
        except Exception:
            self._folder.remove()
            raise
        self._active.succeeded.connect(self._load)
        self._active.failed.connect(self._fail)

    def giveUp(self) -> None:
        """Nothing is emitted any more; the worker stays for the next order."""
        if isinstance(self._active, Order):
            self._active.withdraw()
        elif self._active is not None:
            self._active.stopNow()
        self._end()

    def _write(self) -> None:
        image = sitk.GetImageFromArray(self._plan.voxels)
        geometry.localGrid(self._plan.grid).apply_to(image)
        sitk.WriteImage(image, str(self._folder.path / SOURCE_NAME), useCompression=False)

    def _load(self) -> None:
        path = self._folder.path / TARGET_NAME
        self._active = BackgroundTask(partial(LoadedImage.read, path, self._plan.grid))
        self._active.succeeded.connect(self._succeed)
        self._active.failed.connect(lambda error: self._fail(failures.explain(error)))
        self._active.start()

    def _succeed(self, loaded: LoadedImage) -> None:
        self._end()
        self.succeeded.emit(loaded)

    def _fail(self, reason: str) -> None:
        self._end()
        self.failed.emit(reason)

    def _end(self) -> None:
        self._active = None
        self._folder.remove()


def _indexOf(point, volumeNode, size) -> np.ndarray:
    """Voxel index (i, j, k) of a point in world RAS mm, not rounded.

    Args:
        size: of the grid in voxels (i, j, k), over the field of view of ``volumeNode``.
    """
    worldToVolume = vtk.vtkGeneralTransform()
    slicer.vtkMRMLTransformNode.GetTransformBetweenNodes(
        None, volumeNode.GetParentTransformNode(), worldToVolume
    )
    rasToIjk = vtk.vtkMatrix4x4()
    volumeNode.GetRASToIJKMatrix(rasToIjk)
    ras = worldToVolume.TransformPoint(*point)
    stored = np.array(rasToIjk.MultiplyPoint((*ras, 1.0))[:3])
    return (stored + 0.5) * np.divide(size, volumeNode.GetImageData().GetDimensions()) - 0.5


def _boxAround(centre: np.ndarray, side: float, grid) -> tuple[np.ndarray, np.ndarray]:
    """First and one-past-last voxel (i, j, k) of a box inside the volume."""
    size, half = np.array(grid.size), side / 2 / np.array(grid.spacing)
    low = np.clip(np.rint(centre - half), 0, size - 2).astype(int)
    high = np.clip(np.rint(centre + half), low + 2, size).astype(int)
    return low, high


def _grown(box, grid) -> tuple[np.ndarray, np.ndarray]:
    low, high = box
    return np.maximum(low - MARGIN, 0), np.minimum(high + MARGIN, grid.size)


def _requestFor(network, factors, intensities, boxes, spacing):
    """The network's request for ``boxes``: the box to show, and the part that it is cut from."""
    (low, high), (first, _) = boxes
    corners = [(low - first - 0.5) * spacing, (high - first - 0.5) * spacing]
    takesNoise = network.model.header.spec.encoder.noise_level
    return replace(
        network,
        scale=tuple(factors),
        spacing=None,
        isotropic=False,
        from_measured=False,
        expected_error=False,
        roi=tuple(float(x) for x in np.concatenate(corners)),
        noise_level=intensities.noise if takesNoise else None,
        intensity_range=intensities.span,
    )
