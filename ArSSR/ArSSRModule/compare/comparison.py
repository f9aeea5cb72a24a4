"""Shows input, cubic and ArSSR in linked views, and restores the earlier layout."""

import qt
import slicer
import vtk
from slicer.i18n import tr as _
from slicer.util import VTKObservationMixin

from ..scene.expected_error import showAbove
from ..signals import Signal
from .borrowed import BorrowedSettings
from .contents import (
    ALPHA_BLENDING,
    contentsOfColumns,
    hasImage,
    nameOf,
    opacityOf,
    showsError,
    titleOf,
)
from .difference import Difference
from .divider import Divider
from .layout import DIVIDED, VIEW_GROUP, chosenLayout, registerLayouts, shownLayout
from .place import lookAt, pointOfInterest
from .saved_layout import savedLayout
from .view_titles import ViewTitles
from .window_level_link import WindowLevelLink

SHARE_NOTHING = 0
"""Flags of composite nodes: of linked views, only the position and the zoom are the same."""


class Comparison(VTKObservationMixin):
    """The comparison is shown exactly while the layout is one of ours.

    Signals:
        changed(): the layout was opened, closed, or left by the user in another way.

    Attributes:
        zoomed: whether the views are close up, or show the whole result.
    """

    def __init__(self) -> None:
        VTKObservationMixin.__init__(self)
        self.changed = Signal()
        self.zoomed = True
        self._parameters = None
        self._earlierLayout = None
        self._point = None
        self._windowLevels = WindowLevelLink()
        self._titles = ViewTitles()
        self._difference = Difference()
        self._divider = Divider()
        self._borrowed = BorrowedSettings()
        self._notes: dict[str, str] = {}
        self._shownState = None
        registerComparisonLayouts()

    @property
    def shown(self) -> bool:
        node = _layoutNode()
        return node is not None and shownLayout(node) is not None

    def reasonNotPossible(self, parameters) -> str:
        """Why there is nothing to compare; empty when there is."""
        if _layoutNode() is None:
            return _("There are no views to show the volumes in.")
        if not hasImage(parameters.comparedInput) or not hasImage(parameters.comparedResult):
            return _("Press Apply first: there is nothing to compare yet.")
        return ""

    def enter(self, parameters) -> None:
        """Opens the layout for the chosen views and orientation.

        Raises:
            ValueError: there is nothing to compare.
        """
        reason = self.reasonNotPossible(parameters)
        if reason:
            raise ValueError(reason)
        layoutNode = _layoutNode()
        if not self.shown:
            self._earlierLayout = layoutNode.GetViewArrangement()
            self._point = pointOfInterest(parameters.comparedResult, parameters.roi)
            self.zoomed = True
        self._clearViews()
        registerLayouts(layoutNode)
        slicer.app.layoutManager().setLayout(chosenLayout(parameters).number)
        self._shownState = None
        self.update(parameters)
        self._look(parameters)
        # New views get their size when the window is laid out next: then once more.
        qt.QTimer.singleShot(0, lambda: self._look(parameters))

    def leave(self) -> None:
        """Restores the earlier layout; does nothing to a layout that is not ours."""
        if self.shown:
            earlier = self._earlierLayout or slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpView
            slicer.app.layoutManager().setLayout(earlier)
        self._tidyUp()

    def close(self) -> None:
        """Leaves the comparison and removes every observer, for a panel that is deleted."""
        self.leave()
        savedLayout.stop()

    def update(self, parameters) -> None:
        """Shows the present choices, while the comparison is shown."""
        if not self.shown or self.reasonNotPossible(parameters):
            return
        if shownLayout(_layoutNode()) is not chosenLayout(parameters):
            self.enter(parameters)
            return
        self._parameters = parameters
        self._followLayout()
        state = _stateOf(parameters)
        if state != self._shownState:
            self._shownState = state
            self._fillViews(parameters)
        else:
            self._showFade(parameters)

    def toggleZoom(self, parameters) -> None:
        """From the close view to the whole result, and back."""
        self.zoomed = not self.zoomed
        self._look(parameters)

    def swap(self, parameters) -> None:
        """From ArSSR to cubic, and back, at the same place."""
        if self._divider.shown:
            self._divider.swap()
        else:
            parameters.fade = 0.0 if parameters.fade > 50.0 else 100.0

    def nodeRemoved(self, node) -> None:
        """When a compared volume is removed, the others are linked again."""
        if self._windowLevels.links(node):
            self._windowLevels.disconnect()
            self._divider.clear()
            self._shownState = None

    def _followLayout(self) -> None:
        """Also when a loaded scene opened our layout."""
        layoutNode = _layoutNode()
        registerLayouts(layoutNode)
        if not self.hasObserver(layoutNode, vtk.vtkCommand.ModifiedEvent, self._onLayoutModified):
            self.addObserver(layoutNode, vtk.vtkCommand.ModifiedEvent, self._onLayoutModified)
        self._borrowed.take(self._parameters, sceneWasLoaded=self._point is None)

    def _fillViews(self, parameters) -> None:
        """Fills views that are not linked, and links them afterwards.

        Slicer's view controllers pass the opacity of a linked view on to the others. So all views
        get the same opacity, and the composite nodes share nothing.
        """
        contents = contentsOfColumns(parameters, self._difference)
        _hideSmallErrors(parameters)
        volumes = (parameters.comparedInput, parameters.comparedCubic, parameters.comparedResult)
        self._windowLevels.connect([node for node in volumes if hasImage(node)])
        self._divider.clear()
        views = {view: _widget(view) for view in chosenLayout(parameters).views}
        for widget in views.values():
            _unlink(widget)
        for view, widget in views.items():
            content = contents[view.column]
            self._notes[view.name] = content.note
            _fill(widget, content, opacityOf(parameters))
            composite = widget.sliceLogic().GetSliceCompositeNode()
            if not self.hasObserver(composite, vtk.vtkCommand.ModifiedEvent, self._showTitles):
                self.addObserver(composite, vtk.vtkCommand.ModifiedEvent, self._showTitles)
        for view, widget in views.items():
            _link(widget)
            if view.column == DIVIDED:
                self._divider.show(widget, parameters.comparedResult, self._showTitles)
        self._showTitles()

    def _showFade(self, parameters) -> None:
        """Only opacity and threshold: a drag of a slider comes here many times a second."""
        opacity = opacityOf(parameters)
        _hideSmallErrors(parameters)
        for view in chosenLayout(parameters).views:
            composite = _widget(view).sliceLogic().GetSliceCompositeNode()
            if composite.GetForegroundOpacity() != opacity:
                composite.SetForegroundOpacity(opacity)

    def _showTitles(self, caller=None, event=None) -> None:
        """What the views show now, whoever changed it."""
        if not self.shown or self._parameters is None:
            return
        for view in shownLayout(_layoutNode()).views:
            widget = _widget(view)
            if widget is None:
                continue
            composite = widget.sliceLogic().GetSliceCompositeNode()
            left, right = titleOf(composite, self._parameters, self._notes.get(view.name, "")), ""
            if view.column == DIVIDED and self._divider.shown:
                right = nameOf(self._divider.volumeNode, self._parameters)
                left = left if self._divider.fraction > 0.0 else ""
                right = right if self._divider.fraction < 1.0 else ""
            self._titles.show(view.name, widget, left, right)

    def _look(self, parameters) -> None:
        if not self.shown or self.reasonNotPossible(parameters):
            return
        if self._point is None:
            self._point = pointOfInterest(parameters.comparedResult, parameters.roi)
        widgets = [_widget(view) for view in chosenLayout(parameters).views]
        lookAt([w for w in widgets if w is not None], parameters, self._point, self.zoomed)

    def _onLayoutModified(self, caller, event) -> None:
        if not self.shown:
            self._tidyUp()

    def _clearViews(self) -> None:
        self.removeObservers()
        self._titles.clear()
        self._divider.clear()
        self._notes.clear()

    def _tidyUp(self) -> None:
        self._clearViews()
        self._windowLevels.disconnect()
        self._borrowed.giveBack()
        self._shownState = self._parameters = self._point = None
        self.changed.emit()


def _unlink(widget) -> None:
    composite = widget.sliceLogic().GetSliceCompositeNode()
    composite.SetHotLinkedControl(False)
    composite.SetLinkedControl(False)
    composite.SetInteractionFlagsModifier(SHARE_NOTHING)


def _link(widget) -> None:
    composite = widget.sliceLogic().GetSliceCompositeNode()
    composite.SetLinkedControl(True)
    composite.SetHotLinkedControl(True)


def _hideSmallErrors(parameters) -> None:
    if showsError(parameters):
        showAbove(parameters.comparedError, parameters.errorThreshold)


def _fill(widget, content, opacity: float) -> None:
    composite = widget.sliceLogic().GetSliceCompositeNode()
    widget.sliceLogic().GetSliceNode().SetViewGroup(VIEW_GROUP)
    composite.SetDoPropagateVolumeSelection(False)
    composite.SetCompositing(ALPHA_BLENDING)
    composite.SetBackgroundVolumeID(content.background.GetID() if content.background else None)
    composite.SetForegroundVolumeID(content.foreground.GetID() if content.foreground else None)
    composite.SetForegroundOpacity(opacity)
    composite.SetLabelVolumeID(None)


def registerComparisonLayouts() -> None:
    """From start-up on, a scene that was saved while comparing opens to its views."""
    layoutNode = _layoutNode()
    if layoutNode is not None:
        savedLayout.start(layoutNode)


def _stateOf(parameters) -> tuple:
    nodes = (
        parameters.comparedInput,
        parameters.comparedCubic,
        parameters.comparedResult,
        parameters.comparedError,
    )
    times = [hasImage(n) and (n.GetID(), n.GetImageData().GetMTime()) for n in nodes]
    shown = (parameters.showDifference, showsError(parameters), chosenLayout(parameters).name)
    return (*times, *shown)


def _widget(view):
    return slicer.app.layoutManager().sliceWidget(view.name)


def _layoutNode():
    layoutManager = slicer.app.layoutManager()
    return layoutManager.layoutLogic().GetLayoutNode() if layoutManager else None
