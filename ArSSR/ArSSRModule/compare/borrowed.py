"""Settings of the scene that the comparison changes while it is shown, and then restores."""

import slicer

INTERPOLATE_BY_DEFAULT = True


class BorrowedSettings:
    """The input is drawn voxel by voxel, the region is hidden, and the crosshair is shown."""

    def __init__(self) -> None:
        self._restore: list = []

    def take(self, parameters, sceneWasLoaded: bool = False) -> None:
        """Changes the settings; does nothing when they are changed already.

        Args:
            sceneWasLoaded: the scene was saved while comparing, and what it holds of these
                settings are ours already.
        """
        if self._restore:
            return
        crosshair = crosshairNode()
        if crosshair is not None:
            self._change(crosshair, "CrosshairMode", slicer.vtkMRMLCrosshairNode.ShowSmallBasic)
        display = parameters.comparedInput.GetDisplayNode()
        if display is not None:
            if sceneWasLoaded:
                display.SetInterpolate(INTERPOLATE_BY_DEFAULT)
            self._change(display, "Interpolate", 0)
        for roi in slicer.util.getNodesByClass("vtkMRMLMarkupsROINode"):
            if roi.GetDisplayNode() is not None:
                self._change(roi.GetDisplayNode(), "Visibility2D", False)

    def giveBack(self) -> None:
        """Restores the settings of the nodes that are still in the scene."""
        for nodeID, name, value in self._restore:
            node = slicer.mrmlScene.GetNodeByID(nodeID)
            if node is not None:
                getattr(node, "Set" + name)(value)
        self._restore.clear()

    def _change(self, node, name: str, value) -> None:
        self._restore.append((node.GetID(), name, getattr(node, "Get" + name)()))
        getattr(node, "Set" + name)(value)


def crosshairNode():
    """The scene's crosshair, None where there is none."""
    return slicer.mrmlScene.GetFirstNodeByClass("vtkMRMLCrosshairNode")
