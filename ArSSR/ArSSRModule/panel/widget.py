"""The panel: binds the user's choices, starts and cancels jobs, opens the comparison."""

import importlib
import sys

import qt
import slicer
import vtk
from slicer.i18n import tr as _
from slicer.ScriptedLoadableModule import ScriptedLoadableModuleWidget
from slicer.util import VTKObservationMixin

from ..compare.borrowed import crosshairNode
from ..compare.comparison import Comparison
from ..compare.contents import hasCubic, hasError, showsError
from ..logic import ArSSRLogic
from ..parameters import ComparisonViews, ScaleMode
from ..run import torch_setup
from ..run.worker import Worker
from ..scene.inputs import firstInput
from ..scene.region import coversPartOnly, placeInMiddle, showOutlineOnly
from .devices import Devices
from .input_facts import InputFacts
from .model_menu import ModelMenu
from .node_observer import NodeObserver
from .preview import Preview
from .run_state import RunState
from .texts import PanelTexts

FOLLOW_DELAY_MS = 50
"""While a region or a transform is dragged, the panel follows at most this often."""


class ArSSRWidget(ScriptedLoadableModuleWidget, VTKObservationMixin):
    """Connects the widgets, the parameter node and the running job."""

    def __init__(self, parent=None) -> None:
        ScriptedLoadableModuleWidget.__init__(self, parent)
        VTKObservationMixin.__init__(self)
        self.logic = None
        self._parameters = None
        self._guiTag = None
        self._parametersTag = None

    def setup(self) -> None:
        ScriptedLoadableModuleWidget.setup(self)
        uiWidget = slicer.util.loadUI(self.resourcePath("UI/ArSSR.ui"))
        self.layout.addWidget(uiWidget)
        self.ui = slicer.util.childWidgetVariables(uiWidget)
        uiWidget.setMRMLScene(slicer.mrmlScene)
        self.logic = ArSSRLogic()
        self.worker = Worker()
        self._devices = Devices(self.worker)
        self._facts = InputFacts()
        self._texts = PanelTexts(self.ui, self._devices, self._facts)
        self._preview = Preview(self.ui, self.worker, self._facts, self._devices)
        self._models = ModelMenu(self.ui)
        self._comparison = Comparison()
        self._run = RunState(self.ui, self.logic, self.worker)
        self._followNodes()
        self._connect()
        self.initializeParameterNode()

    def _followNodes(self) -> None:
        """Updates the panel when the input or the region changes, not only with the choice."""
        self._updateTimer = qt.QTimer()
        self._updateTimer.setSingleShot(True)
        self._updateTimer.setInterval(FOLLOW_DELAY_MS)
        self._updateTimer.connect("timeout()", self._update)
        modified = vtk.vtkCommand.ModifiedEvent
        moved = slicer.vtkMRMLTransformableNode.TransformModifiedEvent
        placed = slicer.vtkMRMLMarkupsNode.PointModifiedEvent
        soon = self._updateSoon
        self._input = NodeObserver({modified: self._update, moved: soon})
        self._crosshair = NodeObserver({modified: soon})
        self._region = NodeObserver({modified: soon, moved: soon, placed: soon})

    def _connect(self) -> None:
        scene = slicer.mrmlScene
        self.addObserver(scene, scene.StartCloseEvent, self._onSceneStartClose)
        self.addObserver(scene, scene.EndCloseEvent, self._onSceneEndClose)
        self.addObserver(scene, scene.StartImportEvent, self._onSceneStartImport)
        self.addObserver(scene, scene.EndImportEvent, self._onSceneEndImport)
        self.addObserver(scene, scene.NodeAboutToBeRemovedEvent, self._onNodeAboutToBeRemoved)
        self.ui.previewButton.connect("clicked(bool)", self._onPreview)
        self.ui.applyButton.connect("clicked(bool)", self._onApplyOrCancel)
        self.ui.scale2Button.connect("clicked(bool)", lambda: self._setScale(2.0))
        self.ui.scale3Button.connect("clicked(bool)", lambda: self._setScale(3.0))
        self.ui.scale4Button.connect("clicked(bool)", lambda: self._setScale(4.0))
        self.ui.compareButton.connect("clicked(bool)", self._onCompare)
        self.ui.zoomButton.connect("clicked(bool)", self._onZoom)
        self.ui.swapButton.connect("clicked(bool)", self._onSwap)
        self.ui.roiSelector.connect("nodeAddedByUser(vtkMRMLNode*)", self._onRegionCreated)
        self._devices.found.connect(self._update)
        self._facts.found.connect(self._update)
        self._models.chosen.connect(self._onModelChosen)
        self._run.succeeded.connect(self._onSucceeded)
        self._run.ended.connect(self._onRunEnded)
        self._comparison.changed.connect(self._update)

    @property
    def running(self) -> bool:
        """Whether Apply was pressed and its run has not ended."""
        return self._run.running or self._run.preparing

    def cleanup(self) -> None:
        """The module is closed or reloaded: ends the run and removes every observer."""
        self._preview.end()
        self._run.shutDown()
        self.worker.stopNow()
        self._facts.stopNow()
        self._comparison.close()
        self.setParameterNode(None)
        self._updateTimer.stop()
        self.removeObservers()

    def enter(self) -> None:
        self.initializeParameterNode()
        self._prepareWorker()

    def exit(self) -> None:
        self._preview.end()
        self.setParameterNode(None)

    def onReload(self) -> None:
        """Reloads the module's package and the library with it (Slicer reloads one file only)."""
        self.cleanup()
        for name in list(sys.modules):
            if name.split(".")[0] in ("ArSSRModule", "ArSSRLib"):
                del sys.modules[name]
        importlib.invalidate_caches()
        ScriptedLoadableModuleWidget.onReload(self)

    def initializeParameterNode(self) -> None:
        self.setParameterNode(self.logic.getParameterNode())
        if self._parameters.inputVolume is None:
            self._parameters.inputVolume = firstInput()

    def setParameterNode(self, parameters) -> None:
        if self._parameters is not None:
            self._parameters.disconnectGui(self._guiTag)
            self._parameters.RemoveObserver(self._parametersTag)
        for observer in (self._input, self._region, self._crosshair):
            observer.follow(None)
        self._models.forgetReplaced()
        self._parameters = parameters
        if parameters is not None:
            self._guiTag = parameters.connectGui(self.ui)
            self._parametersTag = parameters.AddObserver(vtk.vtkCommand.ModifiedEvent, self._update)
            self._update()

    def _updateSoon(self, caller=None, event=None) -> None:
        """Once for many events, such as those of a drag with the mouse."""
        if not self._updateTimer.isActive():
            self._updateTimer.start()

    def _update(self, caller=None, event=None) -> None:
        """Shows the present parameters in the whole panel."""
        if self._parameters is None:
            return
        self._input.follow(self._parameters.inputVolume)
        self._crosshair.follow(crosshairNode() if self._preview.on else None)
        self._region.follow(self._parameters.roi)
        self._models.show(self._parameters.model)
        reason = self._texts.show(self._parameters, self.logic, self._models.replaced)
        self._run.showApply(reason)
        self._preview.update(self._reasonNoPreview(reason))
        self._showComparison()

    def _reasonNoPreview(self, reasonNoRun: str) -> str:
        if self.running:
            return _("A run is in progress.")
        if self._comparison.shown:
            return _("Go back to the earlier layout first.")
        if not torch_setup.isNewEnough(torch_setup.installedVersion()):
            return _("Press Apply first: it offers to install PyTorch.")
        return "" if self._texts.waiting else reasonNoRun

    def _showComparison(self) -> None:
        self._comparison.update(self._parameters)
        reason = self._comparison.reasonNotPossible(self._parameters)
        shown, views = self._comparison.shown, self._parameters.comparisonViews
        divided = views is ComparisonViews.DIVIDER
        self._showErrorWidgets()
        for widget in (self.ui.differenceCheckBox, self.ui.fadeSlider):
            widget.enabled = not reason and hasCubic(self._parameters) and not divided
        self.ui.swapButton.enabled = shown and (
            divided or (hasCubic(self._parameters) and not showsError(self._parameters))
        )
        self.ui.zoomButton.enabled = shown
        self.ui.zoomButton.text = (
            _("Zoom in") if shown and not self._comparison.zoomed else _("Whole volume")
        )
        self.ui.comparisonOrientationComboBox.enabled = views is not ComparisonViews.ALL
        self.ui.compareButton.enabled = not reason or shown
        self.ui.compareButton.checked = shown
        self.ui.compareButton.text = _("Back to the earlier layout") if shown else _("Compare")
        self.ui.compareButton.toolTip = reason or _(
            "Shows input, cubic and ArSSR at the same place; press again to go back."
        )

    def _showErrorWidgets(self) -> None:
        """The fade makes room for the opacity of the expected error, which has its place."""
        there, shown = hasError(self._parameters), showsError(self._parameters)
        self.ui.showErrorCheckBox.visible = there
        for widget in (self.ui.fadeLabel, self.ui.fadeSlider):
            widget.visible = not shown
        for name in ("errorOpacity", "errorThreshold"):
            for kind in ("Label", "Slider"):
                getattr(self.ui, name + kind).visible = shown

    def _setScale(self, scale: float) -> None:
        self._parameters.scaleMode = ScaleMode.FACTOR
        self._parameters.scale = scale

    def _onRegionCreated(self, regionNode) -> None:
        placeInMiddle(regionNode, self._parameters.inputVolume)
        showOutlineOnly(regionNode)
        self._update()

    def _onModelChosen(self, name: str) -> None:
        self._parameters.model = name

    def _onPreview(self, pressed: bool) -> None:
        if pressed:
            self._preview.begin(self._parameters)
        else:
            self._preview.end()
        self._update()

    def _onApplyOrCancel(self) -> None:
        if self._run.running:
            self._run.cancel()
            return
        self._preview.end()
        device = self._devices.resolve(self._parameters.device.value)
        self._run.start(self._parameters, device, self._facts.startOf)
        self._update()

    def _onSucceeded(self, inputNode, nodes: dict) -> None:
        parameters = self._parameters or self.logic.getParameterNode()
        with slicer.util.NodeModify(parameters):
            parameters.comparedInput = inputNode
            parameters.comparedCubic = nodes.get("cubic")
            parameters.comparedResult = nodes["arssr"]
            parameters.comparedError = nodes.get("error")
        if self.parent.isEntered and not self._comparison.shown:
            _showResult(nodes["arssr"], inputNode)

    def _onRunEnded(self) -> None:
        self._update()
        if self.parent.isEntered:
            self._prepareWorker()  # after a cancel or a crash there is none

    def _prepareWorker(self) -> None:
        if torch_setup.isNewEnough(torch_setup.installedVersion()):
            self.worker.prepare()

    def _onCompare(self) -> None:
        if self._comparison.shown:
            self._comparison.leave()
        else:
            self._preview.end()
            self._comparison.enter(self._parameters)
        self._update()

    def _onZoom(self) -> None:
        self._comparison.toggleZoom(self._parameters)
        self._update()

    def _onSwap(self) -> None:
        self._comparison.swap(self._parameters)

    def _onSceneStartClose(self, caller=None, event=None) -> None:
        self._preview.end()
        self._run.stopNow()
        self._comparison.leave()
        self.setParameterNode(None)

    def _onSceneEndClose(self, caller=None, event=None) -> None:
        if self.parent.isEntered:
            self.initializeParameterNode()

    def _onSceneStartImport(self, caller=None, event=None) -> None:
        """While nodes arrive one by one, a selector would write a wrong choice into the scene."""
        self._preview.end()
        self.setParameterNode(None)

    def _onSceneEndImport(self, caller=None, event=None) -> None:
        if self.parent.isEntered:
            self.initializeParameterNode()
            self._updateSoon()  # once more when the layout of the scene is there

    @vtk.calldata_type(vtk.VTK_OBJECT)
    def _onNodeAboutToBeRemoved(self, caller, event, node) -> None:
        if node is self._input.node:
            self._preview.end()
        for observer in (self._input, self._region):
            if node is observer.node:
                observer.follow(None)
        self._run.inputRemoved(node)
        self._comparison.nodeRemoved(node)


def _showResult(result, inputNode) -> None:
    """In the slice views; the result of a region over its input, with the region in view."""
    if not coversPartOnly(result, inputNode):
        slicer.util.setSliceViewerLayers(background=result)
        return
    slicer.util.setSliceViewerLayers(background=inputNode, foreground=result, foregroundOpacity=1.0)
    layoutManager = slicer.app.layoutManager()
    for name in layoutManager.sliceViewNames() if layoutManager else ():
        logic = layoutManager.sliceWidget(name).sliceLogic()
        width, height = logic.GetSliceNode().GetDimensions()[:2]
        logic.FitSliceToVolume(result, width, height)
