"""One view in two halves: another volume is drawn on the right of a line that follows the mouse."""

import slicer
import vtk


class Divider:
    """Draws ``volumeNode`` over the right part of one slice view.

    The part is drawn by a separate slice layer, resliced like the view itself, so that zoom,
    position, window and level are those of the view.
    """

    def __init__(self) -> None:
        self._view = None
        self._observed: list[tuple] = []
        self.fraction = 0.5
        self._moved = None

    @property
    def shown(self) -> bool:
        return self._view is not None

    @property
    def volumeNode(self):
        """The volume on the right, None while nothing is shown."""
        return self._layer.GetVolumeNode() if self.shown else None

    def show(self, sliceWidget, volumeNode, moved) -> None:
        """Draws ``volumeNode`` on the right; ``moved()`` is called after the line has moved."""
        if self.shown and self._layer.GetVolumeNode() is volumeNode:
            return
        self.clear()
        self._view, self._moved = sliceWidget.sliceView(), moved
        self._sliceNode = sliceWidget.mrmlSliceNode()
        self._layer = slicer.vtkMRMLSliceLayerLogic()
        self._layer.SetMRMLApplicationLogic(slicer.app.applicationLogic())
        self._layer.SetMRMLScene(slicer.mrmlScene)
        self._layer.SetSliceNode(self._sliceNode)
        self._layer.SetVolumeNode(volumeNode)
        self._addActors()
        self._observe(self._sliceNode, vtk.vtkCommand.ModifiedEvent, self._place)
        crosshair = slicer.mrmlScene.GetFirstNodeByClass("vtkMRMLCrosshairNode")
        if crosshair is not None:
            self._observe(crosshair, crosshair.CursorPositionModifiedEvent, self._followCursor)
        self.moveTo(0.5)

    def moveTo(self, fraction: float) -> None:
        """Moves the line; 0 is the left border of the view and 1 the right one."""
        self.fraction = min(max(fraction, 0.0), 1.0)
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
        renderer = self._renderer()
        for actor in (self._image, self._line):
            renderer.RemoveViewProp(actor)
        self._layer.SetVolumeNode(None)
        self._layer.SetSliceNode(None)
        self._layer.SetMRMLScene(None)
        self._view.scheduleRender()
        self._observed, self._view, self._layer = [], None, None

    def _observe(self, node, event, function) -> None:
        self._observed.append((node, node.AddObserver(event, function)))

    def _renderer(self):
        return self._view.renderWindow().GetRenderers().GetFirstRenderer()

    def _addActors(self) -> None:
        self._mapper = vtk.vtkImageMapper()
        self._mapper.SetColorWindow(255)
        self._mapper.SetColorLevel(127.5)
        self._mapper.SetUseCustomExtents(True)
        self._image = vtk.vtkActor2D()
        self._image.SetMapper(self._mapper)
        self._image.GetProperty().SetDisplayLocationToBackground()  # below crosshair and markups
        self._points = vtk.vtkLineSource()
        lineMapper = vtk.vtkPolyDataMapper2D()
        lineMapper.SetInputConnection(self._points.GetOutputPort())
        self._line = vtk.vtkActor2D()
        self._line.SetMapper(lineMapper)
        self._line.GetProperty().SetColor(1.0, 0.85, 0.2)
        self._line.GetProperty().SetLineWidth(2)
        for actor in (self._image, self._line):
            self._renderer().AddViewProp(actor)

    def _place(self, caller=None, event=None) -> None:
        width, height = self._sliceNode.GetDimensions()[:2]
        x = round(self.fraction * width)
        self._mapper.SetInputConnection(self._layer.GetImageDataConnection())
        self._mapper.SetCustomDisplayExtents([min(x, width - 1), width - 1, 0, height - 1])
        self._image.SetPosition(x, 0)
        self._image.SetVisibility(x < width)
        self._points.SetPoint1(x, 0, 0)
        self._points.SetPoint2(x, height, 0)
        self._line.SetVisibility(0 < x < width)
        self._view.scheduleRender()

    def _followCursor(self, caller, event) -> None:
        position = [0.0] * 3
        if caller.GetCursorPositionXYZ(position) is self._sliceNode:
            self.moveTo(position[0] / max(1, self._sliceNode.GetDimensions()[0]))
