"""One view in two halves: another volume is drawn on the right of a line that follows the mouse."""

import slicer
import vtk

from .slice_image import SliceImage


class Divider:
    """Draws ``volumeNode`` over the right part of one slice view."""

    def __init__(self) -> None:
        self._image: SliceImage | None = None
        self._observed: list[tuple] = []
        self.fraction = 0.5
        self._moved = None

    @property
    def shown(self) -> bool:
        return self._image is not None

    @property
    def volumeNode(self):
        """The volume on the right, None while nothing is shown."""
        return self._image.volumeNode if self.shown else None

    def show(self, sliceWidget, volumeNode, moved) -> None:
        """Draws ``volumeNode`` on the right; ``moved()`` is called after the line has moved."""
        if self.volumeNode is volumeNode:
            return
        self.clear()
        self._view, self._moved = sliceWidget.sliceView(), moved
        self._sliceNode = sliceWidget.mrmlSliceNode()
        self._image = SliceImage(sliceWidget, volumeNode)
        self._addLine()
        self._observe(self._sliceNode, vtk.vtkCommand.ModifiedEvent, self._place)
        crosshair = slicer.mrmlScene.GetFirstNodeByClass("vtkMRMLCrosshairNode")
        if crosshair is not None:
            self._observe(crosshair, crosshair.CursorPositionModifiedEvent, self._followCursor)
        self.moveTo(0.5)

    def moveTo(self, fraction: float) -> None:
        """Moves the line; 0 is the left border of the view and 1 the right one."""
        self.fraction = min(max(fraction, 0.0), 1.0)
        self._image.showFrom(self.fraction)
        self._place()
        self._moved()

    def swap(self) -> None:
        """Shows one volume in the whole view, and at the next call the other one."""
        self.moveTo(1.0 if self.fraction == 0.0 else 0.0)

    def clear(self) -> None:
        if not self.shown:
            return
        for node, tag in self._observed:
            node.RemoveObserver(tag)
        self._renderer.RemoveViewProp(self._line)
        self._image.remove()
        self._observed, self._image = [], None

    def _observe(self, node, event, function) -> None:
        self._observed.append((node, node.AddObserver(event, function)))

    def _addLine(self) -> None:
        self._points = vtk.vtkLineSource()
        mapper = vtk.vtkPolyDataMapper2D()
        mapper.SetInputConnection(self._points.GetOutputPort())
        self._line = vtk.vtkActor2D()
        self._line.SetMapper(mapper)
        self._line.GetProperty().SetColor(1.0, 0.85, 0.2)
        self._line.GetProperty().SetLineWidth(2)
        self._renderer = self._view.renderWindow().GetRenderers().GetFirstRenderer()
        self._renderer.AddViewProp(self._line)

    def _place(self, caller=None, event=None) -> None:
        width, height = self._sliceNode.GetDimensions()[:2]
        x = round(self.fraction * width)
        self._points.SetPoint1(x, 0, 0)
        self._points.SetPoint2(x, height, 0)
        self._line.SetVisibility(0 < x < width)
        self._view.scheduleRender()

    def _followCursor(self, caller, event) -> None:
        position = [0.0] * 3
        if caller.GetCursorPositionXYZ(position) is self._sliceNode:
            self.moveTo(position[0] / max(1, self._sliceNode.GetDimensions()[0]))
