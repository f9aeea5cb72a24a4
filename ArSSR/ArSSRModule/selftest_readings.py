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


def titlesOf(orientation, column):
    """The titles in the upper corners of a view, which alone are on a dark ground."""
    renderers = sliceWidget(orientation, column).sliceView().renderWindow().GetRenderers()
    props = renderers.GetFirstRenderer().GetViewProps()
    texts = [props.GetItemAsObject(i) for i in range(props.GetNumberOfItems())]
    shown = [t for t in texts if t.IsA("vtkTextActor") and t.GetVisibility()]
    return [t.GetInput() for t in shown if t.GetTextProperty().GetBackgroundOpacity() > 0.0]


def fieldOfView(orientation):
    """Width and height, in mm, that the first view of a row shows."""
    return sliceWidget(orientation, 0).mrmlSliceNode().GetFieldOfView()[:2]


def pixelsOfAVoxel(orientation, volumeNode):
    """Screen pixels of the shortest side of a voxel in the first view of a row."""
    width = sliceWidget(orientation, 0).mrmlSliceNode().GetDimensions()[0]
    return min(volumeNode.GetSpacing()) * width / fieldOfView(orientation)[0]


def volumeName(nodeID):
    node = slicer.mrmlScene.GetNodeByID(nodeID) if nodeID else None
    return node.GetName() if node else ""
