"""Slice views that really draw: MRML's slice logics and displayable managers, off screen.

Nothing here stands in for drawing. Each view is a VTK render window with the slice image of a
real ``vtkMRMLSliceLogic`` behind everything the real displayable managers draw on top.
"""

from __future__ import annotations

import weakref
from typing import Any

import slicer
import vtk

MANAGERS = (
    "vtkMRMLVolumeGlyphSliceDisplayableManager",
    "vtkMRMLModelSliceDisplayableManager",
    "vtkMRMLCrosshairDisplayableManager",
    "vtkMRMLOrientationMarkerDisplayableManager",
    "vtkMRMLRulerDisplayableManager",
)


class SliceView:
    """``qMRMLSliceView``: the drawing part of a slice widget."""

    def __init__(self, logic: Any, application_logic: Any, size: tuple[int, int]) -> None:
        self._logic = logic
        self._renderer = vtk.vtkRenderer()
        self._window = vtk.vtkRenderWindow()
        self._window.SetOffScreenRendering(True)
        self._window.SetSize(*size)
        self._window.AddRenderer(self._renderer)
        self._interactor = vtk.vtkGenericRenderWindowInteractor()  # displayable managers need one
        self._interactor.SetRenderWindow(self._window)
        self._renderer.AddViewProp(self._slice_image())
        self._managers = _displayable_managers(
            application_logic, self._renderer, logic.GetSliceNode()
        )

    def _slice_image(self) -> Any:
        self._mapper = vtk.vtkImageMapper()
        self._mapper.SetColorWindow(255)
        self._mapper.SetColorLevel(127.5)
        actor = vtk.vtkActor2D()
        actor.SetMapper(self._mapper)
        actor.GetProperty().SetDisplayLocationToBackground()
        return actor

    def renderWindow(self) -> Any:
        return self._window

    def interactor(self) -> Any:
        return self._interactor

    def scheduleRender(self) -> None:
        """Drawing waits until a picture is asked for: there is no screen to keep fresh."""

    def forceRender(self) -> None:
        connection = self._logic.GetImageDataConnection()
        if connection is not None:
            self._mapper.SetInputConnection(connection)
        self._window.Render()

    def picture(self) -> Any:
        """The view as a ``vtkImageData`` of RGB bytes, first row at the bottom."""
        self.forceRender()
        grabber = vtk.vtkWindowToImageFilter()
        grabber.SetInput(self._window)
        grabber.ReadFrontBufferOff()
        grabber.Update()
        return grabber.GetOutput()


def _displayable_managers(application_logic: Any, renderer: Any, slice_node: Any) -> Any:
    factory = slicer.vtkMRMLSliceViewDisplayableManagerFactory.GetInstance()
    factory.SetMRMLApplicationLogic(application_logic)
    for name in MANAGERS:
        if not factory.IsDisplayableManagerRegistered(name):
            factory.RegisterDisplayableManager(name)
    group = slicer.vtkMRMLDisplayableManagerGroup()
    group.SetRenderer(renderer)
    group.Initialize(factory, renderer)
    group.SetMRMLDisplayableNode(slice_node)
    return group


class SliceController:
    """``qMRMLSliceControllerWidget``: its two opacity sliders, which follow the composite node.

    The sliders take over a new opacity without blocking their signals. Their slot starts an
    interaction, and so MRML's link logic copies the opacity to every linked view of the group.
    """

    def __init__(self, logic: Any) -> None:
        self._logic = logic
        self._composite = logic.GetSliceCompositeNode()
        flags = slicer.vtkMRMLSliceCompositeNode
        names = ("ForegroundOpacity", "LabelOpacity")
        self._sliders = {n: (getattr(flags, f"{n}Flag"), self._opacity(n)) for n in names}
        itself = weakref.ref(self)  # the node must not keep the views of a closed scene
        self._tag = self._composite.AddObserver(
            "ModifiedEvent", lambda caller, event: itself()._follow()
        )

    def __del__(self) -> None:
        self._composite.RemoveObserver(self._tag)

    def set_opacity(self, name: str, value: float) -> None:
        """What a user does with a slider."""
        flag, shown = self._sliders[name]
        if value == shown:
            return
        self._sliders[name] = (flag, value)
        self._logic.StartSliceCompositeNodeInteraction(flag)
        getattr(self._composite, "Set" + name)(value)
        self._logic.EndSliceCompositeNodeInteraction()

    def _opacity(self, name: str) -> float:
        return getattr(self._composite, "Get" + name)()

    def _follow(self) -> None:
        scene = self._composite.GetScene()
        if scene is None or scene.IsBatchProcessing():
            return
        for name in self._sliders:
            self.set_opacity(name, self._opacity(name))


class SliceWidget:
    """``qMRMLSliceWidget``: a slice node with its logic, its controller and its view."""

    def __init__(self, node: Any, application_logic: Any, size: tuple[int, int]) -> None:
        self._node = node
        self._logic = slicer.vtkMRMLSliceLogic()
        self._logic.SetMRMLApplicationLogic(application_logic)
        self._logic.SetMRMLScene(node.GetScene())
        self._logic.SetSliceNode(node)
        self._logic.ResizeSliceNode(*size)
        application_logic.GetSliceLogics().AddItem(self._logic)
        self._view = SliceView(self._logic, application_logic, size)
        self._controller = SliceController(self._logic)

    def sliceView(self) -> SliceView:
        return self._view

    def sliceController(self) -> SliceController:
        return self._controller

    def sliceLogic(self) -> Any:
        return self._logic

    def mrmlSliceNode(self) -> Any:
        return self._node

    def mrmlSliceCompositeNode(self) -> Any:
        return self._logic.GetSliceCompositeNode()
