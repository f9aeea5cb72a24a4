"""A volume drawn over a slice view, without the view's own layers."""

import slicer
import vtk


class SliceImage:
    """Draws a volume by a separate slice layer, resliced like the view itself.

    Zoom, position, window and level are those of the view and the volume. Nothing of it is in the
    view's composite node, which is saved with the scene.
    """

    def __init__(self, sliceWidget, volumeNode) -> None:
        self.volumeNode = volumeNode
        self._view, self._sliceNode = sliceWidget.sliceView(), sliceWidget.mrmlSliceNode()
        self._first = 0.0
        self._layer = slicer.vtkMRMLSliceLayerLogic()
        self._layer.SetMRMLApplicationLogic(slicer.app.applicationLogic())
        self._layer.SetMRMLScene(slicer.mrmlScene)
        self._layer.SetSliceNode(self._sliceNode)
        self._layer.SetVolumeNode(volumeNode)
        self._mapper = vtk.vtkImageMapper()
        self._mapper.SetColorWindow(255)
        self._mapper.SetColorLevel(127.5)
        self._mapper.SetUseCustomExtents(True)
        self._actor = vtk.vtkActor2D()
        self._actor.SetMapper(self._mapper)
        self._actor.GetProperty().SetDisplayLocationToBackground()  # below crosshair and markups
        self._renderer = self._view.renderWindow().GetRenderers().GetFirstRenderer()
        self._renderer.AddViewProp(self._actor)
        self._tag = self._sliceNode.AddObserver(vtk.vtkCommand.ModifiedEvent, self._place)
        self._place()

    def showFrom(self, fraction: float) -> None:
        """Draws only what lies to the right of this share of the view's width."""
        self._first = fraction
        self._place()

    def remove(self) -> None:
        self._sliceNode.RemoveObserver(self._tag)
        self._renderer.RemoveViewProp(self._actor)
        self._layer.SetVolumeNode(None)
        self._layer.SetSliceNode(None)
        self._layer.SetMRMLScene(None)
        self._view.scheduleRender()

    def _place(self, caller=None, event=None) -> None:
        width, height = self._sliceNode.GetDimensions()[:2]
        x = round(self._first * width)
        self._mapper.SetInputConnection(self._layer.GetImageDataConnection())
        self._mapper.SetCustomDisplayExtents([min(x, width - 1), width - 1, 0, height - 1])
        self._actor.SetPosition(x, 0)
        self._actor.SetVisibility(x < width)
        self._view.scheduleRender()
