"""A volume over the slice views that leaves nothing in the scene."""

import slicer

from ..scene.results import fillLike
from .contents import ALPHA_BLENDING
from .outline import Outline
from .view_titles import ViewTitles
from .window_level_link import WindowLevelLink


class Overlay:
    """Shows a volume as the foreground of the slice views, over the volume it was made from.

    Its node is not offered by selectors and not saved.
    """

    def __init__(self) -> None:
        self._node = self._underneath = None
        self._before: dict = {}
        self._title = ""
        self._titles, self._outline = ViewTitles(), Outline()
        self._windowLevels = WindowLevelLink()

    @property
    def shown(self) -> bool:
        return self._node is not None

    def show(self, loaded, inputNode, title: str) -> None:
        """Shows an image, instead of the one before.

        Args:
            loaded: a :class:`volume_files.LoadedImage`.
            inputNode: the volume to show it over.
            title: of the views.
        """
        if self._node is None:
            self._node = _hiddenVolume()
        self._underneath, self._title = inputNode, title
        self._node.SetName(title)
        fillLike(self._node, loaded, inputNode)
        self._node.GetDisplayNode().SetSaveWithScene(False)
        self._windowLevels.connect([inputNode, self._node])
        self._layOn()

    def remove(self) -> None:
        """Restores the views and removes the volume."""
        if self._node is None:
            return
        self._windowLevels.disconnect()
        self._takeOff()
        node, self._node, self._underneath = self._node, None, None
        display = node.GetDisplayNode()
        for each in (node, display):
            if each is not None and each.GetScene() is not None:
                slicer.mrmlScene.RemoveNode(each)

    def _layOn(self) -> None:
        with _Unlinked() as widgets:
            for name, widget in widgets.items():
                composite = widget.mrmlSliceCompositeNode()
                if composite.GetForegroundVolumeID() != self._node.GetID():
                    self._before[composite.GetID()] = _stateOf(composite)
                composite.SetCompositing(ALPHA_BLENDING)
                composite.SetBackgroundVolumeID(self._underneath.GetID())
                composite.SetForegroundVolumeID(self._node.GetID())
                composite.SetForegroundOpacity(1.0)
                self._titles.show(name, widget, self._title)
            self._outline.show(widgets.values(), self._node)

    def _takeOff(self) -> None:
        """Views in which other volumes were chosen since then keep those."""
        with _Unlinked():
            for compositeID, state in self._before.items():
                composite = slicer.mrmlScene.GetNodeByID(compositeID)
                if composite and composite.GetForegroundVolumeID() == self._node.GetID():
                    _restore(composite, state)
        self._before.clear()
        self._titles.clear()
        self._outline.clear()


class _Unlinked:
    """The slice widgets of the layout by name, not linked with each other for a moment.

    Slicer's controllers pass on the opacity of linked views; the views may differ.
    """

    def __enter__(self) -> dict:
        manager = slicer.app.layoutManager()
        names = manager.sliceViewNames() if manager else ()
        widgets = {name: manager.sliceWidget(name) for name in names}
        self._linked = []
        for widget in widgets.values():
            composite = widget.mrmlSliceCompositeNode()
            self._linked.append((composite, composite.GetLinkedControl()))
            composite.SetLinkedControl(False)
        return widgets

    def __exit__(self, *error) -> None:
        for composite, linked in self._linked:
            composite.SetLinkedControl(linked)


def _hiddenVolume():
    node = slicer.mrmlScene.CreateNodeByClass("vtkMRMLScalarVolumeNode")
    node.UnRegister(None)
    # In a scene that is saved now the views name a node that is missing: by this tag, no node
    # of a loaded scene can have its identifier.
    node.SetSingletonTag("ArSSRPreview")
    node.SetHideFromEditors(True)
    node.SetSaveWithScene(False)
    excluded = slicer.vtkMRMLSubjectHierarchyConstants
    node.SetAttribute(excluded.GetSubjectHierarchyExcludeFromTreeAttributeName(), "1")
    return slicer.mrmlScene.AddNode(node)


def _stateOf(composite) -> tuple:
    return (
        composite.GetBackgroundVolumeID(),
        composite.GetForegroundVolumeID(),
        composite.GetForegroundOpacity(),
        composite.GetCompositing(),
    )


def _restore(composite, state: tuple) -> None:
    background, foreground, opacity, compositing = state
    composite.SetBackgroundVolumeID(background)
    composite.SetForegroundVolumeID(foreground)
    composite.SetForegroundOpacity(opacity)
    composite.SetCompositing(compositing)
