"""What a saved scene keeps of the comparison's layout.

MRML saves only the number of the layout, and without ArSSR a scene with our number opens without
any view. MRML has no event before a scene is saved. So while our layout is shown, the layout node
is not saved, and the scene opens in the layout of the user who opens it. The parameter node names
our layout, and where ArSSR is installed that one opens.
"""

from contextlib import contextmanager

import slicer
import vtk
from slicer.util import VTKObservationMixin

from .layout import LAYOUTS, registerLayouts, shownLayout

SHOWN = "ArSSR.ComparisonShown"
NUMBERS = {layout.name: layout.number for layout in LAYOUTS}


class SavedLayout(VTKObservationMixin):
    """Observes the scene and its layout, whether the panel is open or not."""

    def start(self, layoutNode) -> None:
        """Also opens the layout of a scene that was loaded before; the second time does nothing."""
        if self.Observations:
            return
        self._layoutNode = layoutNode
        self._onImported()
        scene = slicer.mrmlScene
        self.addObserver(scene, scene.EndImportEvent, self._onImported)
        self.addObserver(layoutNode, vtk.vtkCommand.ModifiedEvent, self._onLayoutModified)

    def stop(self) -> None:
        self.removeObservers()

    def _onImported(self, caller=None, event=None) -> None:
        node = _parameterNode()
        remembered = node.GetAttribute(SHOWN) if node else None
        registerLayouts(self._layoutNode)
        if remembered in NUMBERS:
            self._layoutNode.SetViewArrangement(NUMBERS[remembered])
        self._onLayoutModified()

    def _onLayoutModified(self, caller=None, event=None) -> None:
        if slicer.mrmlScene.IsImporting():
            return  # what is remembered is just being read
        shown = shownLayout(self._layoutNode)
        with _silently(self._layoutNode):  # or the layout manager would make its views twice
            self._layoutNode.SetSaveWithScene(shown is None)
        _remember(None if shown is None else shown.name)


def _remember(shown) -> None:
    """Without an event: the panel would fill the views, which are only being made."""
    node = _parameterNode()
    if node is not None:
        with _silently(node):
            node.SetAttribute(SHOWN, shown)


@contextmanager
def _silently(node):
    """Changes of ``node`` cause no events."""
    earlier = node.GetDisableModifiedEvent()
    node.DisableModifiedEventOn()
    try:
        yield
    finally:
        node.SetDisableModifiedEvent(earlier)


def _parameterNode():
    """The one of the panel, None before there is one."""
    return slicer.mrmlScene.GetSingletonNode("ArSSR", "vtkMRMLScriptedModuleNode")


savedLayout = SavedLayout()
