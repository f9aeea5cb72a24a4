"""What each view of the comparison shows, and the title that is true of it.

A title is made from what the view's composite node holds at that moment, not from what was put
there: linked views, keys and other modules change composite nodes too.
"""

from dataclasses import dataclass

import slicer
from slicer.i18n import tr as _

from ..scene.expected_error import ERROR_OF
from ..scene.results import DIFFERENCE_OF
from .difference import Difference
from .layout import DIVIDED

ALPHA_BLENDING = 0  # vtkMRMLSliceCompositeNode.Alpha


@dataclass(frozen=True)
class Content:
    """What one view shows.

    Attributes:
        background, foreground: volume nodes or None.
        note: why there is nothing to show, empty where there is.
    """

    background: object
    foreground: object = None
    note: str = ""


def hasImage(node) -> bool:
    """Whether ``node`` is a volume of the scene with voxels."""
    return (
        node is not None
        and slicer.mrmlScene.GetNodeByID(node.GetID() or "") is not None
        and node.GetImageData() is not None
    )


def hasCubic(parameters) -> bool:
    """Whether the last run also made a cubic interpolation that is still in the scene."""
    return hasImage(parameters.comparedCubic)


def hasError(parameters) -> bool:
    """Whether the last run also made expected errors that are still in the scene."""
    return hasImage(parameters.comparedError)


def showsError(parameters) -> bool:
    """Whether they are to be shown over ArSSR."""
    return parameters.showError and hasError(parameters)


def opacityOf(parameters) -> float:
    """Of every foreground, 0 to 1: the expected error's, or that of the fade."""
    return (parameters.errorOpacity if showsError(parameters) else parameters.fade) / 100.0


def contentsOfColumns(parameters, difference: Difference) -> dict[int, Content]:
    """What each column shows; a foreground is shown with :func:`opacityOf`.

    Of a divided view it is what the left part shows; the right one shows ArSSR.
    """
    inputNode, result = parameters.comparedInput, parameters.comparedResult
    error = parameters.comparedError if showsError(parameters) else None
    if not hasCubic(parameters):
        missing = Content(None, note=_("Cubic was not computed"))
        left = Content(inputNode) if error is None else Content(result, error)
        return {0: Content(inputNode), 1: missing, 2: Content(result, error), DIVIDED: left}
    cubic = parameters.comparedCubic
    sharper = Content(cubic, result) if error is None else Content(result, error)
    divided = {DIVIDED: Content(cubic) if error is None else sharper}
    if not parameters.showDifference:
        return {0: Content(inputNode), 1: Content(cubic), 2: sharper, **divided}
    return {0: Content(cubic), 1: sharper, 2: _difference(result, cubic, difference), **divided}


def _difference(result, cubic, difference: Difference) -> Content:
    try:
        return Content(difference.volume(result, cubic))
    except ValueError as error:
        return Content(None, note=str(error))
    except MemoryError:
        return Content(None, note=_("Not enough memory for ArSSR − cubic; close other volumes"))


def titleOf(composite, parameters, note: str) -> str:
    """The title of a view.

    Args:
        composite: its slice composite node.
        note: the title where it shows nothing.
    """
    background = _named(composite.GetBackgroundVolumeID(), parameters)
    foreground = _named(composite.GetForegroundVolumeID(), parameters)
    opacity = composite.GetForegroundOpacity() if foreground else 0.0
    if opacity == 0.0 or not background:
        return background or foreground or note
    if composite.GetCompositing() != ALPHA_BLENDING:
        return _("{foreground} and {background}").format(
            foreground=foreground, background=background
        )
    if opacity == 1.0 and not _hidesVoxels(composite.GetForegroundVolumeID()):
        return foreground
    title = _("{foreground} {percent:.0f} % over {background}").format(
        foreground=foreground, percent=100 * opacity, background=background
    )
    return "\n".join(filter(None, [title, _legendOf(composite.GetForegroundVolumeID())]))


def _legendOf(volumeID: str) -> str:
    """What the brightest colour of an expected error means; empty for another volume."""
    node = slicer.mrmlScene.GetNodeByID(volumeID)
    if not node.GetNodeReferenceID(ERROR_OF) or node.GetDisplayNode() is None:
        return ""
    largest = node.GetDisplayNode().GetWindowLevelMax()
    shown = f"{largest:.3g}" if largest < 1000 else f"{largest:.0f}"
    return _("white: {largest} or more").format(largest=shown)


def _hidesVoxels(volumeID: str) -> bool:
    display = slicer.mrmlScene.GetNodeByID(volumeID).GetDisplayNode()
    return display is not None and bool(display.GetApplyThreshold())


def nameOf(volumeNode, parameters) -> str:
    """The name of a volume in titles: its part in the comparison, else that of the node."""
    if volumeNode is parameters.comparedInput:
        return _("Input")
    if volumeNode is parameters.comparedCubic:
        return _("Cubic")
    if volumeNode is parameters.comparedResult:
        return _("ArSSR")
    if volumeNode.GetNodeReference(ERROR_OF) is parameters.comparedResult:
        return _("Expected error")
    if volumeNode.GetNodeReference(DIFFERENCE_OF) is parameters.comparedResult:
        return _("ArSSR − cubic")
    return volumeNode.GetName()


def _named(volumeID, parameters) -> str:
    node = slicer.mrmlScene.GetNodeByID(volumeID or "")
    return nameOf(node, parameters) if node is not None else ""
