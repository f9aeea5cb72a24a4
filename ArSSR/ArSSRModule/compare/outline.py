"""The outline of a volume in slice views."""

import slicer
import vtk

COLOUR = (1.0, 0.85, 0.2)


class Outline:
    """Draws where the box of a volume meets each slice."""

    def __init__(self) -> None:
        self._drawn: list[_ViewOutline] = []

    def show(self, sliceWidgets, volumeNode) -> None:
        """Draws the box of ``volumeNode`` instead of the one before."""
        self.clear()
        self._drawn = [_ViewOutline(widget, volumeNode) for widget in sliceWidgets]

    def clear(self) -> None:
        for outline in self._drawn:
            outline.remove()
        self._drawn = []


class _ViewOutline:
    """In one view; it follows the view's position and zoom."""

    def __init__(self, sliceWidget, volumeNode) -> None:
        self._view, self._sliceNode = sliceWidget.sliceView(), sliceWidget.mrmlSliceNode()
        self._volumeToWorld = _ijkToWorld(volumeNode)
        self._toView = vtk.vtkTransform()
        self._actor = vtk.vtkActor2D()
        self._actor.SetMapper(self._cutBox(volumeNode))
        self._actor.GetProperty().SetColor(*COLOUR)
        self._renderer = self._view.renderWindow().GetRenderers().GetFirstRenderer()
        self._renderer.AddViewProp(self._actor)
        self._tag = self._sliceNode.AddObserver(vtk.vtkCommand.ModifiedEvent, self._place)
        self._place()

    def remove(self) -> None:
        self._sliceNode.RemoveObserver(self._tag)
        self._renderer.RemoveViewProp(self._actor)
        self._view.scheduleRender()

    def _cutBox(self, volumeNode):
        """The box in voxel indices, taken to pixels of the view, cut by the slice."""
        box = vtk.vtkCubeSource()
        size = volumeNode.GetImageData().GetDimensions()
        box.SetBounds(*(edge for n in size for edge in (-0.5, n - 0.5)))
        inView = vtk.vtkTransformPolyDataFilter()
        inView.SetTransform(self._toView)
        inView.SetInputConnection(box.GetOutputPort())
        slicePlane = vtk.vtkPlane()
        slicePlane.SetNormal(0, 0, 1)
        cut = vtk.vtkCutter()
        cut.SetCutFunction(slicePlane)
        cut.SetInputConnection(inView.GetOutputPort())
        mapper = vtk.vtkPolyDataMapper2D()
        mapper.SetInputConnection(cut.GetOutputPort())
        return mapper

    def _place(self, caller=None, event=None) -> None:
        worldToView = vtk.vtkMatrix4x4()
        vtk.vtkMatrix4x4.Invert(self._sliceNode.GetXYToRAS(), worldToView)
        matrix = vtk.vtkMatrix4x4()
        vtk.vtkMatrix4x4.Multiply4x4(worldToView, self._volumeToWorld, matrix)
        self._toView.SetMatrix(matrix)
        self._view.scheduleRender()


def _ijkToWorld(volumeNode):
    """Matrix to world RAS mm; parent transforms that are not linear are left out."""
    ijkToRas, toWorld, both = (vtk.vtkMatrix4x4() for _ in range(3))
    volumeNode.GetIJKToRASMatrix(ijkToRas)
    parent = volumeNode.GetParentTransformNode()
    if parent is not None and parent.IsTransformToWorldLinear():
        slicer.vtkMRMLTransformNode.GetMatrixTransformBetweenNodes(parent, None, toWorld)
    vtk.vtkMatrix4x4.Multiply4x4(toWorld, ijkToRas, both)
    return both
