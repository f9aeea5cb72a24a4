"""What a run with the present choices would make, what it costs, and what to beware of."""

from dataclasses import dataclass

import vtk
from slicer.i18n import tr as _

from ..scene import geometry
from ..scene.inputs import checkNotOverwritten
from . import measured_speed
from .machine import physicalMemory
from .request import requestsOf
from .start import Start

HEAD_EXTENT_MM = (80.0, 400.0)
"""Field of view, per axis, within which a volume can be that of a head."""
ERROR_BYTES = 4
"""Of a voxel of the expected error."""
CT_LIKE_MINIMUM = -500.0
"""Values below this are Hounsfield units rather than MR intensities."""


@dataclass(frozen=True)
class Plan:
    """A run that is possible.

    Attributes:
        requests: what to compute, in this order (see :func:`request.requestsOf`).
        target: grid of the result.
        peakBytes: memory that the run needs at its peak, of Slicer and the child process together,
            besides what is in the scene already.
        resultBytes: memory of the results in the scene.
        fileBytes: size of the run's temporary files.
        device: cpu, cuda or mps.
        computingSeconds: the library's estimate of computing on such a device.
        seconds: expected time of the run on this computer.
        measured: whether an earlier run on the device was measured.
        warnings: sentences for the user; the run is possible all the same.
    """

    requests: tuple
    target: object
    peakBytes: int
    resultBytes: int
    fileBytes: int
    device: str
    computingSeconds: float
    seconds: float
    measured: bool
    warnings: tuple[str, ...]


def planRun(parameters, device: str, start: Start) -> Plan:
    """Plans a run.

    Args:
        parameters: the user's choices; their input is usable.
        device: what the choice of device comes down to on this machine: cpu, cuda or mps.
        start: what the run begins with.

    Raises:
        ValueError: the run is not possible; the message says why and what to do.
    """
    volumeNode = parameters.inputVolume
    checkNotOverwritten(volumeNode, parameters.outputVolume)
    from ArSSRLib.upsampling.estimate import estimate_cost

    stored = geometry.localGrid(geometry.gridOfVolume(volumeNode))
    grid = stored.resized(start.grid.size)
    roi = None if parameters.roi is None else geometry.boxOfRegion(parameters.roi, volumeNode)
    requests = requestsOf(parameters, roi)
    network = requestsOf(parameters, roi, device)[-1]
    whole = network.resolution.target_grid(grid)
    computed, target = _inside(roi, parameters.roi, (grid, whole))
    cost = estimate_cost(network, computed, target)
    inputBytes = stored.voxels * volumeNode.GetImageData().GetScalarSize()
    resultBytes = target.voxels * _bytesPerVoxel(volumeNode)
    allBytes = resultBytes * len(requests)
    if network.expected_error:
        allBytes += target.voxels * ERROR_BYTES
    peakBytes = _peakBytes(int(cost.peak_bytes), inputBytes, resultBytes, allBytes)
    return Plan(
        requests,
        target,
        peakBytes,
        allBytes,
        inputBytes + allBytes,
        device,
        cost.computing_seconds,
        measured_speed.expectedSeconds(device, cost.computing_seconds),
        measured_speed.slowness(device) is not None,
        (*_warnings(volumeNode, grid, whole, network.model), *_memoryWarnings(peakBytes)),
    )


def _inside(roi, roiNode, grids) -> list:
    """The parts of ``grids`` in the box ``roi`` of ``roiNode``; all of them without a box.

    Raises:
        ValueError: nothing of the volume lies in it.
    """
    from ArSSRLib.volumes.region import box_of_roi

    if roi is None:
        return list(grids)
    try:
        return [grid.cropped(*box_of_roi(grid, roi)) for grid in grids]
    except ValueError as error:
        raise ValueError(
            _(
                "The region “{name}” does not overlap the input volume; move it or choose "
                "“Whole volume”."
            ).format(name=roiNode.GetName())
        ) from error


def _peakBytes(childBytes: int, inputBytes: int, resultBytes: int, allBytes: int) -> int:
    """Slicer holds the copy of the input and the results that are there, and while it loads one
    also SimpleITK's image of it."""
    whileComputing = childBytes + allBytes - resultBytes
    whileLoading = allBytes + resultBytes
    return inputBytes + max(whileComputing, whileLoading)


def _bytesPerVoxel(volumeNode) -> int:
    """Of the result: integer types are kept, floating types become 32-bit."""
    image = volumeNode.GetImageData()
    isFloating = image.GetScalarType() in (vtk.VTK_FLOAT, vtk.VTK_DOUBLE)
    return 4 if isFloating else image.GetScalarSize()


def _warnings(volumeNode, grid, whole, model):
    factors, spacings = model.outside_training(grid, whole)
    if factors:
        low, high = model.scale_range
        yield _(
            "{factor:.3g}× is outside the {low:.2g}–{high:.2g}× that the model was trained for."
        ).format(factor=factors[0], low=low, high=high)
    if spacings:
        finest, coarsest = model.spacing_range_mm
        yield _(
            "Voxels of {spacing:.2f} mm are outside the {finest:.2g}–{coarsest:.2g} mm that the "
            "model was trained for."
        ).format(spacing=spacings[0], finest=finest, coarsest=coarsest)
    if not all(HEAD_EXTENT_MM[0] <= side <= HEAD_EXTENT_MM[1] for side in grid.field_of_view):
        yield _(
            "This does not look like a brain: the field of view is {x:.0f} × {y:.0f} × {z:.0f} mm."
        ).format(**dict(zip("xyz", grid.field_of_view, strict=True)))
    if volumeNode.GetImageData().GetScalarRange()[0] < CT_LIKE_MINIMUM:
        yield _("This does not look like an MR volume: values reach {low:g}, as in CT.").format(
            low=volumeNode.GetImageData().GetScalarRange()[0]
        )


def _memoryWarnings(peakBytes: int):
    memory = physicalMemory()
    if peakBytes > memory:
        yield _(
            "The run needs about {needed:.1f} GB of memory and this computer has {memory:.1f} GB; "
            "choose a region (ROI) or a smaller scale."
        ).format(needed=peakBytes / 1e9, memory=memory / 1e9)
