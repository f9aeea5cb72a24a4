"""The panel: binds the user's choices, starts and cancels jobs, opens the comparison."""

import importlib
import sys

import slicer
import vtk
from slicer.i18n import tr as _
from slicer.ScriptedLoadableModule import ScriptedLoadableModuleWidget
from slicer.util import VTKObservationMixin

from .comparison import Comparison, hasCubic
from .device_probe import DeviceProbe
from .logic import ArSSRLogic
from .model_menu import ModelMenu
from .panel_texts import PanelTexts
from .parameters import ScaleMode
from .run_state import RunState


class ArSSRWidget(ScriptedLoadableModuleWidget, VTKObservationMixin):
    """Keeps panel, parameter node and running job in step; ``PanelTexts`` fills the labels."""

    def __init__(self, parent=None) -> None:
        ScriptedLoadableModuleWidget.__init__(self, parent)
        VTKObservationMixin.__init__(self)
        self.logic = None
        self._parameters = None
        self._guiTag = None
        self._observedInput = None

    def setup(self) -> None:
        ScriptedLoadableModuleWidget.setup(self)
        uiWidget = slicer.util.loadUI(self.resourcePath("UI/ArSSR.ui"))
        self.layout.addWidget(uiWidget)
        self.ui = slicer.util.childWidgetVariables(uiWidget)
        uiWidget.setMRMLScene(slicer.mrmlScene)
        self.logic = ArSSRLogic()
        self._probe = DeviceProbe()
        self._texts = PanelTexts(self.ui, self._probe)
        self._models = ModelMenu(self.ui)
        self._comparison = Comparison()
        self._run = RunState(self.ui, self.logic)
        self._connect()
        self.initializeParameterNode()

    def _connect(self) -> None:
        scene = slicer.mrmlScene
        self.addObserver(scene, scene.StartCloseEvent, self._onSceneStartClose)
        self.addObserver(scene, scene.EndCloseEvent, self._onSceneEndClose)
        self.addObserver(scene, scene.NodeAboutToBeRemovedEvent, self._onNodeAboutToBeRemoved)
        self.ui.applyButton.connect("clicked(bool)", self._onApplyOrCancel)
        self.ui.scale2Button.connect("clicked(bool)", lambda: self._setScale(2.0))
        self.ui.scale3Button.connect("clicked(bool)", lambda: self._setScale(3.0))
        self.ui.scale4Button.connect("clicked(bool)", lambda: self._setScale(4.0))
        self.ui.compareButton.connect("clicked(bool)", self._onCompare)
        self._probe.found.connect(self._update)
        self._models.chosen.connect(self._onModelChosen)
        self._run.succeeded.connect(self._onSucceeded)
        self._run.ended.connect(self._update)
        self._comparison.changed.connect(self._update)

    def cleanup(self) -> None:
        """The module is closed or reloaded: nothing may go on running or listening."""
        self._run.stopNow()
        self._probe.stopNow()
        self._comparison.leave()
        self.setParameterNode(None)
        self.removeObservers()

    def enter(self) -> None:
        self.initializeParameterNode()
        self._probe.start()

    def exit(self) -> None:
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
            self._parameters.inputVolume = slicer.mrmlScene.GetFirstNodeByClass(
                "vtkMRMLScalarVolumeNode"
            )

    def setParameterNode(self, parameters) -> None:
        if self._parameters is not None:
            self._parameters.disconnectGui(self._guiTag)
            self.removeObserver(self._parameters, vtk.vtkCommand.ModifiedEvent, self._update)
        self._observe(None)
        self._parameters = parameters
        if parameters is not None:
            self._guiTag = parameters.connectGui(self.ui)
            self.addObserver(parameters, vtk.vtkCommand.ModifiedEvent, self._update)
            self._update()

    def _observe(self, volumeNode) -> None:
        """Follows the input volume, whose size and spacing are shown."""
        if volumeNode is self._observedInput:
            return
        if self._observedInput is not None:
            self.removeObserver(self._observedInput, vtk.vtkCommand.ModifiedEvent, self._update)
        self._observedInput = volumeNode
        if volumeNode is not None:
            self.addObserver(volumeNode, vtk.vtkCommand.ModifiedEvent, self._update)

    def _update(self, caller=None, event=None) -> None:
        """Brings everything that is shown up to date with the parameters."""
        if self._parameters is None:
            return
        self._observe(self._parameters.inputVolume)
        self._models.show(self._parameters.model)
        reason = self._texts.show(self._parameters, self.logic)
        self._run.showApply(reason)
        self._showComparison()

    def _showComparison(self) -> None:
        self._comparison.update(self._parameters)
        reason = self._comparison.reasonNotPossible(self._parameters)
        for widget in (self.ui.differenceCheckBox, self.ui.fadeSlider):
            widget.enabled = not reason and hasCubic(self._parameters)
        self.ui.compareButton.enabled = not reason or self._comparison.shown
        self.ui.compareButton.checked = self._comparison.shown
        self.ui.compareButton.text = (
            _("Back to the earlier layout") if self._comparison.shown else _("Compare side by side")
        )
        self.ui.compareButton.toolTip = reason or _(
            "Shows input, cubic and ArSSR side by side, linked; press again to go back."
        )

    def _setScale(self, scale: float) -> None:
        self._parameters.scaleMode = ScaleMode.FACTOR
        self._parameters.scale = scale

    def _onModelChosen(self, name: str) -> None:
        self._parameters.model = name

    def _onApplyOrCancel(self) -> None:
        if self._run.running:
            self._run.cancel()
        else:
            self._run.start(self._parameters)

    def _onSucceeded(self, inputNode, nodes: dict) -> None:
        parameters = self._parameters or self.logic.getParameterNode()
        with slicer.util.NodeModify(parameters):
            parameters.comparedInput = inputNode
            parameters.comparedCubic = nodes.get("cubic")
            parameters.comparedResult = nodes["arssr"]
        if not self._comparison.shown:
            slicer.util.setSliceViewerLayers(background=nodes["arssr"])

    def _onCompare(self) -> None:
        if self._comparison.shown:
            self._comparison.leave()
        else:
            self._comparison.enter(self._parameters)
        self._update()

    def _onSceneStartClose(self, caller=None, event=None) -> None:
        self._run.stopNow()
        self._comparison.leave()
        self.setParameterNode(None)

    def _onSceneEndClose(self, caller=None, event=None) -> None:
        if self.parent.isEntered:
            self.initializeParameterNode()

    @vtk.calldata_type(vtk.VTK_OBJECT)
    def _onNodeAboutToBeRemoved(self, caller, event, node) -> None:
        if node is self._observedInput:
            self._observe(None)
        self._run.inputRemoved(node)
        self._comparison.nodeRemoved(node)
