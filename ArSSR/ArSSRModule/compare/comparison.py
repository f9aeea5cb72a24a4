"""Shows input, cubic and ArSSR side by side, and goes back to the layout from before."""

import qt
import slicer
import vtk
from slicer.i18n import tr as _
from slicer.util import VTKObservationMixin

from ..signals import Signal
from .difference import Difference
from .layout import LAYOUT_IDS, VIEW_GROUP, registerLayouts, viewNames
from .saved_layout import savedLayout
from .view_titles import CornerNames
from .window_level_link import WindowLevelLink


class Comparison(VTKObservationMixin):
    """The comparison is shown exactly while the layout is one of ours.

    Signals:
        changed(): the layout was opened, closed, or left by the user in another way.
    """

    def __init__(self) -> None:
        VTKObservationMixin.__init__(self)
        self.changed = Signal()
        self._earlierLayout = None
        self._earlierCrosshair = None
        self._windowLevels = WindowLevelLink()
        self._cornerNames = CornerNames()
        self._difference = Difference()
        self._shownState = None
        self._shownFade = None
        registerComparisonLayouts()

    @property
    def shown(self) -> bool:
        node = _layoutNode()
        return node is not None and node.GetViewArrangement() in LAYOUT_IDS.values()

    def reasonNotPossible(self, parameters) -> str:
        """Why there is nothing to compare; empty when there is."""
        if _layoutNode() is None:
            return _("There are no views to show the volumes in.")
        if not _hasImage(parameters.comparedInput) or not _hasImage(parameters.comparedResult):
            return _("Press Apply first: there is nothing to compare yet.")
        return ""

    def enter(self, parameters) -> None:
        """Opens the layout for the chosen orientations.

        Raises:
            ValueError: there is nothing to compare.
        """
        reason = self.reasonNotPossible(parameters)
        if reason:
            raise ValueError(reason)
        layoutNode = _layoutNode()
        if not self.shown:
            self._earlierLayout = layoutNode.GetViewArrangement()
            self._showCrosshair()
        self._cornerNames.clear()
        registerLayouts(layoutNode)
        slicer.app.layoutManager().setLayout(LAYOUT_IDS[parameters.comparisonViews])
        self._shownState = None
        self.update(parameters)
        self._lookAtResult(parameters)
        # New views get their size when the window next lays itself out: then once more.
        qt.QTimer.singleShot(0, lambda: self._lookAtResult(parameters))

    def leave(self) -> None:
        """Brings the earlier layout back; does nothing to a layout that is not ours."""
        if self.shown:
            earlier = self._earlierLayout or slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpView
            slicer.app.layoutManager().setLayout(earlier)
        self._tidyUp()

    def close(self) -> None:
        """The panel goes away: nothing of it may stay on the screen or go on listening."""
        self.leave()
        savedLayout.stop()

    def update(self, parameters) -> None:
        """Follows the choice of orientations, the difference and the fade while shown."""
        if not self.shown or self.reasonNotPossible(parameters):
            return
        if _layoutNode().GetViewArrangement() != LAYOUT_IDS[parameters.comparisonViews]:
            self.enter(parameters)
            return
        self._followLayout()
        state = _stateOf(parameters)
        if state != self._shownState:
            self._shownState = state
            self._fillViews(parameters)
        elif parameters.fade != self._shownFade:
            self._showFade(parameters)

    def nodeRemoved(self, node) -> None:
        """When a compared volume goes, the window and level of the others are linked anew."""
        if self._windowLevels.links(node):
            self._windowLevels.disconnect()
            self._shownState = None

    def _followLayout(self) -> None:
        """Also when a loaded scene opened our layout: its views are made, its end is heard."""
        layoutNode = _layoutNode()
        registerLayouts(layoutNode)
        if not self.hasObserver(layoutNode, vtk.vtkCommand.ModifiedEvent, self._onLayoutModified):
            self.addObserver(layoutNode, vtk.vtkCommand.ModifiedEvent, self._onLayoutModified)

    def _showFade(self, parameters) -> None:
        """Only the opacity and the title: a drag of the slider comes here many times a second."""
        self._shownFade = parameters.fade
        faded = 1 if parameters.showDifference else 2
        for name, _orientation, column in viewNames(parameters.comparisonViews):
            if column == faded and hasCubic(parameters):
                widget = slicer.app.layoutManager().sliceWidget(name)
                fade = parameters.fade / 100.0
                widget.sliceLogic().GetSliceCompositeNode().SetForegroundOpacity(fade)
                self._cornerNames.show(name, widget, _fadeTitle(fade))

    def _fillViews(self, parameters) -> None:
        self._shownFade = parameters.fade
        columns = _columns(parameters, self._difference)
        linked = (parameters.comparedInput, parameters.comparedCubic, parameters.comparedResult)
        self._windowLevels.connect([node for node in linked if _hasImage(node)])
        for name, _orientation, column in viewNames(parameters.comparisonViews):
            widget = slicer.app.layoutManager().sliceWidget(name)
            background, foreground, opacity, title = columns[column]
            composite = widget.sliceLogic().GetSliceCompositeNode()
            widget.sliceLogic().GetSliceNode().SetViewGroup(VIEW_GROUP)
            composite.SetDoPropagateVolumeSelection(False)
            composite.SetBackgroundVolumeID(background.GetID() if background else None)
            composite.SetForegroundVolumeID(foreground.GetID() if foreground else None)
            composite.SetForegroundOpacity(opacity)
            composite.SetLabelVolumeID(None)
            composite.SetLinkedControl(True)
            composite.SetHotLinkedControl(True)
            self._cornerNames.show(name, widget, title)

    def _lookAtResult(self, parameters) -> None:
        """All views show the middle of the result, at one and the same zoom."""
        if not self.shown or self.reasonNotPossible(parameters):
            return
        bounds = [0.0] * 6
        parameters.comparedResult.GetRASBounds(bounds)
        centre = [(bounds[2 * a] + bounds[2 * a + 1]) / 2 for a in range(3)]
        crosshair = _crosshairNode()
        if crosshair is not None:
            crosshair.SetCrosshairRAS(*centre)
        widgets = [
            slicer.app.layoutManager().sliceWidget(name)
            for name, orientation, column in viewNames(parameters.comparisonViews)
        ]
        nodes = [widget.sliceLogic().GetSliceNode() for widget in widgets]
        for widget, node in zip(widgets, nodes, strict=True):
            width, height = node.GetDimensions()[:2]
            widget.sliceLogic().FitSliceToVolume(parameters.comparedResult, width, height)
        millimetres = max(n.GetFieldOfView()[0] / max(1, n.GetDimensions()[0]) for n in nodes)
        for node in nodes:
            width, height = node.GetDimensions()[:2]
            depth = node.GetFieldOfView()[2]
            node.SetFieldOfView(width * millimetres, height * millimetres, depth)
            node.JumpSliceByCentering(*centre)
            node.UpdateMatrices()

    def _onLayoutModified(self, caller, event) -> None:
        if not self.shown:
            self._tidyUp()

    def _tidyUp(self) -> None:
        self.removeObservers()
        self._windowLevels.disconnect()
        self._cornerNames.clear()
        self._shownState = None
        self._hideCrosshair()
        self.changed.emit()

    def _showCrosshair(self) -> None:
        """One cursor in all views: it follows the mouse while Shift is held."""
        crosshair = _crosshairNode()
        if crosshair is not None:
            self._earlierCrosshair = crosshair.GetCrosshairMode()
            crosshair.SetCrosshairMode(slicer.vtkMRMLCrosshairNode.ShowSmallBasic)

    def _hideCrosshair(self) -> None:
        crosshair = _crosshairNode()
        if crosshair is not None and self._earlierCrosshair is not None:
            crosshair.SetCrosshairMode(self._earlierCrosshair)
        self._earlierCrosshair = None


def _columns(parameters, difference: Difference) -> list[tuple]:
    """(background, foreground, foreground's opacity, title) of the three columns."""
    inputNode, result = parameters.comparedInput, parameters.comparedResult
    fade = parameters.fade / 100.0
    if not hasCubic(parameters):
        return [
            (inputNode, None, 0.0, _("Input")),
            (None, None, 0.0, _("Cubic was not computed")),
            (result, None, 0.0, _("ArSSR")),
        ]
    cubic = parameters.comparedCubic
    compared = [(cubic, None, 0.0, _("Cubic")), (cubic, result, fade, _fadeTitle(fade))]
    if not parameters.showDifference:
        return [(inputNode, None, 0.0, _("Input")), *compared]
    try:
        return [*compared, (difference.volume(result, cubic), None, 0.0, _("ArSSR − cubic"))]
    except ValueError as error:
        return [*compared, (None, None, 0.0, str(error))]
    except MemoryError:
        reason = _("Not enough memory for ArSSR − cubic; close other volumes")
        return [*compared, (None, None, 0.0, reason)]


def _fadeTitle(fade: float) -> str:
    return _("ArSSR") if fade == 1.0 else _("ArSSR {fade:.0%} over cubic").format(fade=fade)


def registerComparisonLayouts() -> None:
    """From start-up on, a scene that was saved while comparing opens to its views."""
    layoutNode = _layoutNode()
    if layoutNode is not None:
        savedLayout.start(layoutNode)


def hasCubic(parameters) -> bool:
    """Whether the last run also made a cubic interpolation, and it is still there."""
    return _hasImage(parameters.comparedCubic)


def _hasImage(node) -> bool:
    return (
        node is not None
        and slicer.mrmlScene.GetNodeByID(node.GetID() or "") is not None
        and node.GetImageData() is not None
    )


def _stateOf(parameters) -> tuple:
    nodes = (parameters.comparedInput, parameters.comparedCubic, parameters.comparedResult)
    times = [_hasImage(n) and (n.GetID(), n.GetImageData().GetMTime()) for n in nodes]
    return (*times, parameters.showDifference, parameters.comparisonViews)


def _layoutNode():
    layoutManager = slicer.app.layoutManager()
    return layoutManager.layoutLogic().GetLayoutNode() if layoutManager else None


def _crosshairNode():
    return slicer.mrmlScene.GetFirstNodeByClass("vtkMRMLCrosshairNode")
