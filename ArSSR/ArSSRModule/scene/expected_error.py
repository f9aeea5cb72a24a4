"""The volume of a result's expected errors: read, put into the scene, and shown over the result."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import slicer
from slicer.i18n import tr as _
from vtk.util import numpy_support

from .hierarchy import describeSeries, placeBeside
from .made_volumes import givenOrNew, volumeOf
from .results import ATTRIBUTE_PREFIX, fillLike
from .volume_files import LoadedImage, Snapshot

ERROR_OF = "ArSSR.ExpectedErrorOf"
"""Node reference of a volume of expected errors: the result that it belongs to."""
RANGE = ATTRIBUTE_PREFIX + "IntensityRange"
"""Attribute: width of the input's intensity range, of which the threshold is a share."""
COLOURS = "vtkMRMLColorTableNodeIron"
"""From black by red and yellow to white: it differs from any grey of the image below."""
LARGEST_SHOWN = 99.5
"""Percentile of the expected errors that is shown white."""


@dataclass(frozen=True)
class LoadedError:
    """
    Attributes:
        image: the expected absolute errors, in the units of the input.
        largestShown: the error that is shown white.
        intensityRange: width of the input's intensity range.
    """

    image: LoadedImage
    largestShown: float
    intensityRange: float

    @staticmethod
    def read(path: Path, snapshot: Snapshot) -> "LoadedError":
        """From a file; safe outside the main thread."""
        return LoadedError.of(LoadedImage.read(path, snapshot.grid), snapshot.array)

    @staticmethod
    def of(image: LoadedImage, inputArray: np.ndarray) -> "LoadedError":
        """Safe outside the main thread.

        Args:
            image: the errors.
            inputArray: voxels of the input.
        """
        from ArSSRLib.volumes.intensity import Normalisation
        from ArSSRLib.volumes.outliers import split_outliers

        errors = numpy_support.vtk_to_numpy(image.imageData.GetPointData().GetScalars())
        some = errors[:: max(1, errors.size // 1_000_000)]
        seen = split_outliers(inputArray.astype(np.float32)).seen
        return LoadedError(
            image,
            float(np.percentile(some, LARGEST_SHOWN)) or 1.0,
            float(Normalisation.of(seen).span),
        )


def renewError(loaded: LoadedError | None, resultNode, inputNode, made: str):
    """Puts the errors beside their result; those of a result that was overwritten go.

    Args:
        loaded: the errors, None where none were computed.
        resultNode: the result.
        inputNode: the volume that it was made from.
        made: how the result was made, such as ``ArSSR 2.5x``.

    Returns:
        the volume node, None where there are no errors.
    """
    existing = volumeOf(resultNode, ERROR_OF)
    if loaded is None:
        if existing is not None:
            slicer.mrmlScene.RemoveNode(existing)
        return None
    name = _("{name} expected error ({unit})").format(
        name=resultNode.GetName(), unit=unitOf(inputNode)
    )
    with givenOrNew(existing, name) as node:
        with slicer.util.NodeModify(node):
            fillLike(node, loaded.image, inputNode)
            node.SetName(name)
            node.SetAttribute(RANGE, repr(loaded.intensityRange))
            node.SetNodeReferenceID(ERROR_OF, resultNode.GetID())
        _show(node.GetDisplayNode(), loaded.largestShown)
        placeBeside(resultNode, node)
        describeSeries(inputNode, node, f"{made} expected error")
    return node


def showAbove(errorNode, percent: float) -> None:
    """Hides expected errors below so many percent of the input's intensity range."""
    display = errorNode.GetDisplayNode()
    lowest = percent / 100.0 * float(errorNode.GetAttribute(RANGE) or 0.0)
    if display is None or display.GetLowerThreshold() == lowest:
        return
    with slicer.util.NodeModify(display):
        display.SetApplyThreshold(True)
        display.SetThreshold(lowest, float(np.finfo(np.float32).max))


def unitOf(volumeNode) -> str:
    """The unit of a volume's intensities; those of MR have none."""
    units = volumeNode.GetVoxelValueUnits()
    meaning = (units.GetCodeMeaning() or units.GetCodeValue()) if units is not None else ""
    return meaning or _("intensity units")


def _show(display, largest: float) -> None:
    with slicer.util.NodeModify(display):
        display.SetAutoWindowLevel(False)
        display.SetWindowLevelMinMax(0.0, largest)
        display.SetInterpolate(True)
        display.SetAndObserveColorNodeID(COLOURS)
