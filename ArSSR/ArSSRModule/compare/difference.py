"""The difference ArSSR − cubic as a volume."""

import numpy as np
import slicer
from slicer.i18n import tr as _

from ..scene.hierarchy import placeBeside
from ..scene.made_volumes import givenOrNew, volumeOf
from ..scene.results import DIFFERENCE_OF
from ..scene.volume_files import imageDataOver

SHOWN_QUANTILE = 99.5
"""Percentile of the absolute difference shown as white or black; mid-grey means no difference."""


class Difference:
    """Makes the volume result − cubic, and makes it again only when one of the two has changed."""

    def __init__(self) -> None:
        self._madeOf: tuple = ()

    def volume(self, resultNode, cubicNode):
        """The volume result − cubic.

        Raises:
            ValueError: the two volumes do not have the same voxels.
            MemoryError: there is no room for the difference; the scene is as it was.
        """
        node = volumeOf(resultNode, DIFFERENCE_OF)
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
    difference = _voxels(resultNode, cubicNode)
    with givenOrNew(node, _("{name} − cubic").format(name=resultNode.GetName())) as node:
        node.SetNodeReferenceID(DIFFERENCE_OF, resultNode.GetID())
        _show(node, difference)
        node.SetAndObserveImageData(imageDataOver(difference))
        placeBeside(resultNode, node)
    return node


def _voxels(resultNode, cubicNode) -> np.ndarray:
    """Result − cubic as float32; no other array of that size is made on the way."""
    result = slicer.util.arrayFromVolume(resultNode)
    cubic = slicer.util.arrayFromVolume(cubicNode)
    if result.shape != cubic.shape:
        raise ValueError(
            _("“{result}” and “{cubic}” have different sizes; press Apply again.").format(
                result=resultNode.GetName(), cubic=cubicNode.GetName()
            )
        )
    return np.subtract(result, cubic, dtype=np.float32)


def _show(node, difference: np.ndarray) -> None:
    node.CreateDefaultDisplayNodes()
    display = node.GetDisplayNode()
    step = max(1, difference.size // 1_000_000)
    limit = float(np.percentile(np.abs(difference.ravel()[::step]), SHOWN_QUANTILE)) or 1.0
    display.SetAutoWindowLevel(False)
    display.SetWindowLevel(2 * limit, 0.0)
