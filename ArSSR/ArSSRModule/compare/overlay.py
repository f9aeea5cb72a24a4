"""A volume over the slice views that leaves nothing in the scene."""

from contextlib import contextmanager

import slicer

from ..scene.results import fillLike
from .outline import Outline
from .slice_image import SliceImage
from .view_titles import ViewTitles
from .window_level_link import WindowLevelLink


class Overlay:
    """Shows a volume over the slice views, in which the volume it was made from is shown.

    Its node is not offered by selectors and not saved, and no view names it: MRML has no event
    before a scene is saved, so what a saved view shows must be in the scene at any time.

    Attributes:
        node: the volume, None while nothing is shown.
    """

    def __init__(self) -> None:
        self.node = None
        self._before: dict = {}
        self._images: list[SliceImage] = []
        self._titles, self._outline = ViewTitles(), Outline()
        self._windowLevels = WindowLevelLink()

    @property
    def shown(self) -> bool:
        return self.node is not None

    def show(self, loaded, inputNode, title: str) -> None:
        """Shows an image, instead of the one before.

        Args:
            loaded: a :class:`volume_files.LoadedImage`.
            inputNode: the volume to show it over.
            title: of the views.
        """
        if self.node is None:
            self.node = _hiddenVolume()
        self.node.SetName(title)
        fillLike(self.node, loaded, inputNode)
        self.node.GetDisplayNode().SetSaveWithScene(False)
        self._windowLevels.connect([inputNode, self.node])
        self._layOn(inputNode, title)

    def remove(self) -> None:
        """Restores the views and removes the volume."""
        if self.node is None:
            return
        self._windowLevels.disconnect()
        self._takeOff()
        node, self.node = self.node, None
        for each in (node, node.GetDisplayNode()):
            if each is not None and each.GetScene() is not None:
                slicer.mrmlScene.RemoveNode(each)

    def _layOn(self, inputNode, title: str) -> None:
        self._removeImages()
        with _unlinked() as widgets:
            for name, widget in widgets.items():
                self._showInput(widget.mrmlSliceCompositeNode(), inputNode)
                self._images.append(SliceImage(widget, self.node))
                self._titles.show(name, widget, title)
            self._outline.show(widgets.values(), self.node)

    def _showInput(self, composite, inputNode) -> None:
        """A view that shows another volume gets the input, until the preview ends."""
        inputID = inputNode.GetID()
        if inputID in (composite.GetBackgroundVolumeID(), composite.GetForegroundVolumeID()):
            return
        layers = (composite.GetBackgroundVolumeID(), composite.GetForegroundVolumeID())
        self._before[composite.GetID()] = (inputID, *layers)
        composite.SetBackgroundVolumeID(inputID)
        composite.SetForegroundVolumeID(None)

    def _takeOff(self) -> None:
        """Views in which other volumes were chosen since then keep those."""
        self._removeImages()
        with _unlinked():
            for compositeID, (inputID, background, foreground) in self._before.items():
                composite = slicer.mrmlScene.GetNodeByID(compositeID)
                if composite is not None and composite.GetBackgroundVolumeID() == inputID:
                    composite.SetBackgroundVolumeID(background)
                    composite.SetForegroundVolumeID(foreground)
        self._before.clear()
        self._titles.clear()
        self._outline.clear()

    def _removeImages(self) -> None:
        for image in self._images:
            image.remove()
        self._images.clear()


@contextmanager
def _unlinked():
    """The slice widgets of the layout by name, not linked with each other for a moment.

    Slicer's controllers pass on the layers of linked views; the views may differ.
    """
    manager = slicer.app.layoutManager()
    widgets = {n: manager.sliceWidget(n) for n in (manager.sliceViewNames() if manager else ())}
    composites = [widget.mrmlSliceCompositeNode() for widget in widgets.values()]
    linked = [composite.GetLinkedControl() for composite in composites]
    for composite in composites:
        composite.SetLinkedControl(False)
    try:
        yield widgets
    finally:
        for composite, wasLinked in zip(composites, linked, strict=True):
            composite.SetLinkedControl(wasLinked)


def _hiddenVolume():
    node = slicer.mrmlScene.CreateNodeByClass("vtkMRMLScalarVolumeNode")
    node.UnRegister(None)
    node.SetHideFromEditors(True)
    node.SetSaveWithScene(False)
    excluded = slicer.vtkMRMLSubjectHierarchyConstants
    node.SetAttribute(excluded.GetSubjectHierarchyExcludeFromTreeAttributeName(), "1")
    return slicer.mrmlScene.AddNode(node)
