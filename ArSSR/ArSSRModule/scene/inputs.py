"""Which volumes of a scene can be upsampled, and a plain-text reason for those that cannot."""

import slicer
from slicer.i18n import tr as _

from . import geometry
from .expected_error import ERROR_OF
from .made_volumes import SCALAR_VOLUME
from .results import DIFFERENCE_OF


def reasonNotUsable(volumeNode) -> str:
    """Why ``volumeNode`` cannot be upsampled, as a sentence for the user; empty when it can."""
    if volumeNode is None:
        return _("Choose an input volume.")
    if slicer.mrmlScene.GetNodeByID(volumeNode.GetID() or "") is None:
        return _("The input volume is no longer in the scene; choose another.")
    name = volumeNode.GetName()
    if volumeNode.IsA("vtkMRMLLabelMapVolumeNode"):
        return _(
            "“{name}” is a label map; labels cannot be upsampled, choose the MR volume itself."
        ).format(name=name)
    image = volumeNode.GetImageData()
    if image is None or image.GetNumberOfPoints() == 0:
        return _("“{name}” has no voxels; load its image first.").format(name=name)
    if volumeNode.IsA("vtkMRMLTensorVolumeNode") or image.GetNumberOfScalarComponents() != 1:
        return _(
            "“{name}” has several values per voxel; convert it with the module Vector to Scalar "
            "Volume first."
        ).format(name=name)
    if min(image.GetDimensions()) < 2:
        return _("“{name}” is a single slice; choose a 3-D volume.").format(name=name)
    try:
        geometry.gridOfVolume(volumeNode)
    except ValueError as error:
        return _("“{name}” cannot be used: {reason}").format(name=name, reason=error)
    return ""


def firstInput():
    """The volume to begin with: the scene's first image, but no difference and no expected error.

    Label maps and colour volumes are scalar volumes too where MRML is asked by class.
    """
    for node in slicer.util.getNodesByClass(SCALAR_VOLUME):
        if node.GetClassName() != SCALAR_VOLUME or node.GetHideFromEditors():
            continue
        if not (node.GetNodeReferenceID(DIFFERENCE_OF) or node.GetNodeReferenceID(ERROR_OF)):
            return node
    return None


def checkNotOverwritten(volumeNode, outputNode) -> None:
    """Raises ValueError when the output is the input."""
    if outputNode is not None and outputNode is volumeNode:
        raise ValueError(_("The output would overwrite the input; choose another output volume."))


def checkUsable(volumeNode) -> None:
    """Raises ValueError with the reason when ``volumeNode`` cannot be upsampled."""
    reason = reasonNotUsable(volumeNode)
    if reason:
        raise ValueError(reason)
