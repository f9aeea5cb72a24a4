"""Keeps the window and level of several volumes the same while they are compared."""

import slicer
import vtk
from slicer.util import VTKObservationMixin


class WindowLevelLink(VTKObservationMixin):
    """A change of one volume's window or level goes to the others."""

    def __init__(self) -> None:
        VTKObservationMixin.__init__(self)
        self._displays: list = []
        self._copying = False

    def connect(self, volumeNodes) -> None:
        """Links ``volumeNodes``; the first one's window and level go to the others now."""
        displays = [node.GetDisplayNode() for node in volumeNodes if node.GetDisplayNode()]
        if displays == self._displays:
            return
        self.disconnect()
        self._displays = displays
        for display in displays:
            self.addObserver(display, vtk.vtkCommand.ModifiedEvent, self._onModified)
        if displays:
            self._onModified(displays[0], None)

    def links(self, node) -> bool:
        """Whether ``node`` is one of the linked volumes, or the display node of one."""
        display = node.GetDisplayNode() if node.IsA("vtkMRMLVolumeNode") else node
        return display in self._displays

    def disconnect(self) -> None:
        self.removeObservers()
        self._displays = []

    def _onModified(self, changed, event) -> None:
        if self._copying:
            return
        self._copying = True
        try:
            for display in self._displays:
                if display is not changed:
                    with slicer.util.NodeModify(display):
                        display.SetAutoWindowLevel(False)
                        display.SetWindowLevel(changed.GetWindow(), changed.GetLevel())
        finally:
            self._copying = False
