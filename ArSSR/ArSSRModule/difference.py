"""The difference ArSSR − cubic as a volume of its own."""

import numpy as np
import slicer
from slicer.i18n import tr as _

from .results import placeBeside

DIFFERENCE_OF = "ArSSR.DifferenceOf"
SHOWN_QUANTILE = 99.5
"""Percentile of the absolute difference that reaches white or black; mid-grey is no difference."""


class Difference:
    """Makes the volume result − cubic, and makes it again only when one of the two has changed."""

    def __init__(self) -> None:
        self._madeOf: tuple = ()

    def volume(self, resultNode, cubicNode):
        """The volume result − cubic.

        Raises:
            ValueError: the two volumes do not have the same voxels.
        """
        node = existingDifference(resultNode)
        madeOf = (_version(resultNode), _version(cubicNode), _version(node))
        if node is None or madeOf != self._madeOf:
            node = _make(resultNode, cubicNode, node)
            self._madeOf = (_version(resultNode), _version(cubicNode), _version(node))
        node.CopyOrientation(resultNode)
        node.SetAndObserveTransformNodeID(resultNode.GetTransformNodeID())
        return node


def _version(volumeNode) -> tuple:
    """Changes with the voxels of a volume."""
    if volumeNode is None or volumeNode.GetImageData() is None:
        return ()
    return volumeNode.GetID(), volumeNode.GetImageData().GetMTime()


def _make(resultNode, cubicNode, node):
    """Fills ``node``, or a new volume where it is None."""
    result = slicer.util.arrayFromVolume(resultNode).astype(np.float32)
    cubic = slicer.util.arrayFromVolume(cubicNode).astype(np.float32)
    if result.shape != cubic.shape:
        raise ValueError(
            _("“{result}” and “{cubic}” have different sizes; press Apply again.").format(
                result=resultNode.GetName(), cubic=cubicNode.GetName()
            )
        )
    difference = result - cubic
    if node is None:
        node = slicer.mrmlScene.AddNewNodeByClass(
            "vtkMRMLScalarVolumeNode",
            slicer.mrmlScene.GenerateUniqueName(
                _("{name} − cubic").format(name=resultNode.GetName())
            ),
        )
        node.SetNodeReferenceID(DIFFERENCE_OF, resultNode.GetID())
    slicer.util.updateVolumeFromArray(node, difference)
    _show(node, difference)
    placeBeside(resultNode, node)
    return node


def existingDifference(resultNode):
    """The difference volume made for ``resultNode``, or None."""
    for node in slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode"):
        if node.GetNodeReferenceID(DIFFERENCE_OF) == resultNode.GetID():
            return node
    return None


def _show(node, difference: np.ndarray) -> None:
    node.CreateDefaultDisplayNodes()
    display = node.GetDisplayNode()
    step = max(1, difference.size // 1_000_000)
    limit = float(np.percentile(np.abs(difference.ravel()[::step]), SHOWN_QUANTILE)) or 1.0
    display.SetAutoWindowLevel(False)
    display.SetWindowLevel(2 * limit, 0.0)
