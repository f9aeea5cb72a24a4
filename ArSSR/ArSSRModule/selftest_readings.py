"""What the self-tests read from the scene and from the slice views."""

import numpy as np
import qt
import slicer
import vtk

from .compare.layout import View


def plain(toolTip):
    """A tooltip without the tags that Slicer adds to it."""
    document = qt.QTextDocument()
    document.setHtml(toolTip)
    return document.toPlainText()


def volumes():
    return slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode")


def nodeIDs():
    scene = slicer.mrmlScene
    return {scene.GetNthNode(i).GetID() for i in range(scene.GetNumberOfNodes())}


def boundsOf(volumeNode):
    bounds = [0.0] * 6
    volumeNode.GetRASBounds(bounds)
    return bounds


def ijkToRasOf(volumeNode):
    matrix = vtk.vtkMatrix4x4()
    volumeNode.GetIJKToRASMatrix(matrix)
    return slicer.util.arrayFromVTKMatrix(matrix)


def overlay():
    """The volume of the preview, None where there is none."""
    return next((node for node in volumes() if node.GetHideFromEditors()), None)


def roughness(volumeNode):
    return np.abs(np.diff(slicer.util.arrayFromVolume(volumeNode).astype(float), axis=0)).mean()


def sliceWidget(orientation, column):
    return slicer.app.layoutManager().sliceWidget(View(orientation, column).name)


def compositeOf(orientation, column):
    return sliceWidget(orientation, column).mrmlSliceCompositeNode()


def shownName(orientation, column):
    """Name of the one volume that is seen in a view, None where two are blended."""
    composite = compositeOf(orientation, column)
    foreground = composite.GetForegroundVolumeID()
    if not foreground or composite.GetForegroundOpacity() == 0.0:
        return volumeName(composite.GetBackgroundVolumeID())
    return volumeName(foreground) if composite.GetForegroundOpacity() == 1.0 else None


def volumeName(nodeID):
    node = slicer.mrmlScene.GetNodeByID(nodeID) if nodeID else None
    return node.GetName() if node else ""
