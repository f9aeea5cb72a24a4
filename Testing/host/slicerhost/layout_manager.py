"""``slicer.app.layoutManager()``: MRML's real layout logic, a slice widget per view it asks for."""

from __future__ import annotations

from typing import Any

import slicer
from PySide6 import QtCore

from .pythonqt import PythonQtMixin
from .views import SliceWidget

DEFAULT_VIEW_SIZE = (300, 300)


class LayoutManager(PythonQtMixin, QtCore.QObject):
    """Slice views by name, made as layouts come to need them and kept from then on.

    Only slice views are drawn; 3-D, table and plot views of a layout stay nodes.
    """

    layoutChanged = QtCore.Signal(int)
    _pure_wrapper = True
    _cpp_signals = {"layoutChanged(int)": "layoutChanged"}
    threeDViewCount = tableViewCount = plotViewCount = 0

    def __init__(self, scene: Any, application_logic: Any) -> None:
        super().__init__()
        self._scene, self._application_logic = scene, application_logic
        self._widgets: dict[str, SliceWidget] = {}
        self._view_size = DEFAULT_VIEW_SIZE
        self._logic = slicer.vtkMRMLLayoutLogic()
        self._logic.SetMRMLApplicationLogic(application_logic)
        self._logic.SetMRMLScene(scene)
        self._shown: tuple[int, str] | None = None
        scene.AddObserver(scene.EndCloseEvent, lambda caller, event: self._scene_closed())
        self._observe()
        self.setLayout(slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpView)  # as Slicer starts

    def _observe(self) -> None:
        node = self._logic.GetLayoutNode()
        node.AddObserver("ModifiedEvent", lambda caller, event: self._update())
        self._update()

    def _scene_closed(self) -> None:
        self._widgets.clear()
        self._application_logic.GetSliceLogics().RemoveAllItems()
        self._shown = None
        self._update()

    def _update(self) -> None:
        node = self._logic.GetLayoutNode()
        arrangement = node.GetViewArrangement()
        layout = (arrangement, node.GetCurrentLayoutDescription() or "")
        if layout == self._shown or self._scene.IsClosing():
            return
        self._shown = layout
        for node in self.shown_slice_nodes():
            if node.GetLayoutName() not in self._widgets:
                widget = SliceWidget(node, self._application_logic, self._view_size)
                self._widgets[node.GetLayoutName()] = widget
        self._signal("layoutChanged").emit(arrangement)

    def shown_slice_nodes(self) -> list[Any]:
        """The slice nodes of the current layout."""
        nodes = self._logic.GetViewNodes()
        found = [nodes.GetItemAsObject(i) for i in range(nodes.GetNumberOfItems())]
        return [n for n in found if n.IsA("vtkMRMLSliceNode")]

    def set_view_size(self, width: int, height: int) -> None:
        """The size in pixels of slice views, those already made included."""
        self._view_size = (width, height)
        for widget in self._widgets.values():
            widget.sliceLogic().ResizeSliceNode(width, height)
            widget.sliceView().renderWindow().SetSize(width, height)

    layout = QtCore.Property(
        int,
        lambda self: self._logic.GetLayoutNode().GetViewArrangement(),
        lambda self, number: self.setLayout(number),
    )

    def setLayout(self, number: int) -> None:
        node = self._logic.GetLayoutNode()
        if node.GetViewArrangement() == number:  # as the real one: not even to parse it again
            return
        known = node.IsLayoutDescription(number)
        node.SetViewArrangement(
            number if known else slicer.vtkMRMLLayoutNode.SlicerLayoutConventionalView
        )

    def layoutLogic(self) -> Any:
        return self._logic

    def sliceViewNames(self) -> tuple[str, ...]:
        return tuple(n.GetLayoutName() for n in self.shown_slice_nodes())

    def sliceWidget(self, name: str) -> SliceWidget | None:
        return self._widgets.get(name)

    def mrmlSliceLogics(self) -> Any:
        return self._application_logic.GetSliceLogics()
