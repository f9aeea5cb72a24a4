"""The region (a markups ROI) to which a run can be limited."""

from slicer.i18n import tr as _

SHARE_OF_SIDE = 0.5
"""Of each side of the input, for a region that was only just created."""


def isPlaced(roiNode) -> bool:
    """Whether the ROI is a box already; one that was added but never drawn is not."""
    return roiNode.GetNumberOfControlPoints() > 0 and min(roiNode.GetSize()) > 0


def checkPlaced(roiNode) -> None:
    """Raises ValueError with what to do when the ROI is not a box yet."""
    if not isPlaced(roiNode):
        raise ValueError(
            _(
                "The region “{name}” is empty; draw its box in a slice view, or choose "
                "“Whole volume”."
            ).format(name=roiNode.GetName())
        )


def placeInMiddle(roiNode, volumeNode) -> None:
    """Gives an empty ROI a box in the middle of the volume, for the user to move and resize.

    Nothing happens to a ROI that has a box, or without a volume.
    """
    if roiNode is None or volumeNode is None or isPlaced(roiNode):
        return
    bounds = [0.0] * 6
    volumeNode.GetRASBounds(bounds)
    lows, highs = bounds[0::2], bounds[1::2]
    size = [SHARE_OF_SIDE * (high - low) for low, high in zip(lows, highs, strict=True)]
    if min(size) <= 0:
        return
    roiNode.SetSize(size)
    roiNode.SetCenter([(low + high) / 2 for low, high in zip(lows, highs, strict=True)])
