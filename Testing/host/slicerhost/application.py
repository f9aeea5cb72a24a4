"""``slicer.app``: the parts of the application object that the module and Slicer's files use."""

from __future__ import annotations

import os
import tempfile
import types
from typing import Any

import slicer
import vtk
from PySide6 import QtCore, QtGui, QtWidgets

from .ctk_module import ctkSettings
from .io_manager import CoreIOManager
from .layout_manager import LayoutManager
from .modules import MainWindow, ModuleManager
from .pythonqt import PythonQtMixin
from .subject_hierarchy import SubjectHierarchyUpdater


class qSlicerApplication(PythonQtMixin, QtCore.QObject):
    """One per process; holds the scene, the logics, the main window and the modules."""

    startupCompleted = QtCore.Signal()
    aboutToQuit = QtCore.Signal()
    _pure_wrapper = True
    _cpp_signals = {"startupCompleted()": "startupCompleted", "aboutToQuit()": "aboutToQuit"}
    applicationName = "Slicer"
    documentationBaseUrl = ""

    def __init__(self, testing: bool) -> None:
        super().__init__()
        self._testing = testing
        self._temporary = tempfile.TemporaryDirectory(prefix="slicer host ü ")
        self._scene = slicer.vtkMRMLScene()
        self._remote_io = slicer.vtkMRMLRemoteIOLogic()
        self._remote_io.SetMRMLScene(self._scene)
        self._remote_io.AddDataIOToScene()
        self._scene.GetCacheManager().SetRemoteCacheDirectory(self.temporaryPath)
        self._subject_hierarchy = SubjectHierarchyUpdater(self._scene)
        self._logic = _application_logic(self._scene)
        crosshair = slicer.vtkMRMLCrosshairNode()
        crosshair.SetName("Crosshair")
        self._scene.AddNode(crosshair)
        self._layout_manager = LayoutManager(self._scene, self._logic)
        self._module_manager = ModuleManager()
        self._io_manager = CoreIOManager(self._scene, self._logic)
        self._main_window = MainWindow(self._module_manager)
        settings_file = os.path.join(self._temporary.name, "Slicer.ini")
        self._settings = ctkSettings(settings_file, QtCore.QSettings.Format.IniFormat)

    @property
    def temporaryPath(self) -> str:
        return self._temporary.name

    slicerHome = temporaryPath

    def mrmlScene(self) -> Any:
        return self._scene

    def applicationLogic(self) -> Any:
        return self._logic

    def layoutManager(self) -> LayoutManager:
        return self._layout_manager

    def moduleManager(self) -> ModuleManager:
        return self._module_manager

    def coreIOManager(self) -> CoreIOManager:
        return self._io_manager

    def settings(self) -> Any:
        return self._settings

    userSettings = settings

    def testingEnabled(self) -> bool:
        return self._testing

    def commandOptions(self) -> Any:
        return types.SimpleNamespace(
            testingEnabled=self._testing, noMainWindow=False, runPythonAndExit=False
        )

    def translate(self, context: str, text: str) -> str:
        return text

    def moduleDocumentationUrl(self, name: str) -> str:
        return ""

    def processEvents(self) -> None:
        QtWidgets.QApplication.processEvents()

    def topLevelWidgets(self) -> list[Any]:
        return [self._main_window]

    def setOverrideCursor(self, shape: int) -> None:
        QtGui.QGuiApplication.setOverrideCursor(QtGui.QCursor(QtCore.Qt.CursorShape(shape)))

    def restoreOverrideCursor(self) -> None:
        QtGui.QGuiApplication.restoreOverrideCursor()

    def pauseRender(self) -> None:
        """There is no screen: nothing draws until a picture is asked for."""

    resumeRender = pauseRender


def _application_logic(scene: Any) -> Any:
    logic = slicer.vtkSlicerApplicationLogic()
    logic.SetMRMLScene(scene)
    logic.SetSliceLogics(vtk.vtkCollection())
    logic.SetViewLogics(vtk.vtkCollection())
    colors = logic.GetColorLogic()
    colors.SetMRMLScene(scene)
    colors.AddDefaultColorNodes()
    logic.SetModuleLogic("Colors", colors)
    slicer.vtkMRMLSliceNode.AddDefaultSliceOrientationPresets(scene, True)
    return logic
