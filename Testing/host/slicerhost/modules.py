"""Scripted modules in the host: found in a folder, loaded from their file, opened and reloaded.

Follows ``qSlicerScriptedLoadableModule`` and ``qSlicerScriptedLoadableModuleWidget``: the file
named after the module is run as a top-level Python module, its class ``NAME`` gets the module
object, its class ``NAMEWidget`` the widget representation.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path
from typing import Any

import slicer
from PySide6 import QtCore, QtWidgets

from .mrml_widgets import qMRMLWidget
from .pythonqt import PythonQtMixin, wrapped_class


class qSlicerScriptedLoadableModule:
    """The C++ side of a scripted module: metadata, logic, widget representation."""

    def __init__(self, path: str) -> None:
        self.path, self.name = os.path.abspath(path), Path(path).stem
        self.title, self.helpText, self.acknowledgementText = "", "", ""
        self.categories, self.dependencies, self.contributors = [], [], []
        self.icon: Any = None
        self.hidden = False
        self._widget: qSlicerScriptedLoadableModuleWidget | None = None
        self._scene = slicer.mrmlScene

    def load(self) -> None:
        folder = os.path.dirname(self.path)
        if folder not in sys.path:
            sys.path.append(folder)
        spec = importlib.util.spec_from_file_location(self.name, self.path)
        python_module = importlib.util.module_from_spec(spec)
        sys.modules[self.name] = python_module
        spec.loader.exec_module(python_module)
        self._instance = getattr(python_module, self.name)(self)
        setattr(slicer.modules, self.name.lower(), self)
        setattr(slicer.modules, self.name + "Instance", self._instance)

    def logic(self) -> Any:
        return None

    def mrmlScene(self) -> Any:
        return self._scene

    def setMRMLScene(self, scene: Any) -> None:
        self._scene = scene

    def widgetRepresentation(self) -> qSlicerScriptedLoadableModuleWidget:
        if self._widget is None:
            self._widget = qSlicerScriptedLoadableModuleWidget()
            self._widget.setMRMLScene(self._scene)
            self._widget._setPythonSource(self.path)
            self._widget._setup()
        return self._widget


class qSlicerScriptedLoadableModuleWidget(qMRMLWidget):
    """The panel's frame; the Python widget class builds inside it."""

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self._entered = False
        QtWidgets.QWidget.setLayout(self, wrapped_class(QtWidgets.QVBoxLayout)())

    isEntered = QtCore.Property(bool, lambda self: self._entered)

    def _setPythonSource(self, path: str) -> None:
        self._path = path
        name = Path(path).stem
        self._self = getattr(sys.modules[name], name + "Widget")(self)
        setattr(slicer.modules, name + "Widget", self._self)

    def _setup(self) -> None:
        self._self.setup()

    def reload(self) -> None:
        self._setPythonSource(self._path)
        self._setup()

    def self(self) -> Any:
        return self._self

    def enter(self) -> None:
        self._entered = True
        if hasattr(self._self, "enter"):
            self._self.enter()

    def exit(self) -> None:
        self._entered = False
        if hasattr(self._self, "exit"):
            self._self.exit()


class ModuleManager(PythonQtMixin, QtCore.QObject):
    """``slicer.app.moduleManager()``."""

    moduleAboutToBeUnloaded = QtCore.Signal(str)
    _pure_wrapper = True
    _cpp_signals = {"moduleAboutToBeUnloaded(QString)": "moduleAboutToBeUnloaded"}

    def __init__(self) -> None:
        super().__init__()
        self._modules: dict[str, qSlicerScriptedLoadableModule] = {}

    def load(self, path: str) -> qSlicerScriptedLoadableModule:
        module = qSlicerScriptedLoadableModule(path)
        self._modules[module.name] = module
        module.load()
        return module

    def module(self, name: str) -> Any:
        return self._modules.get(name)


class ModuleSelector(PythonQtMixin, QtCore.QObject):
    """``mainWindow().moduleSelector()``: leaves the current module, enters the chosen one."""

    _pure_wrapper = True

    def __init__(self, manager: ModuleManager) -> None:
        super().__init__()
        self._manager, self._selected = manager, ""

    selectedModule = QtCore.Property(str, lambda self: self._selected)

    def selectModule(self, name: str) -> None:
        if self._selected:
            self._manager.module(self._selected).widgetRepresentation().exit()
        self._selected = name if self._manager.module(name) else ""
        if self._selected:
            self._manager.module(name).widgetRepresentation().enter()


class MainWindow(wrapped_class(QtWidgets.QMainWindow)):  # type: ignore[misc]
    """The main window: a status bar and the module selector."""

    def __init__(self, manager: ModuleManager) -> None:
        super().__init__()
        QtCore.QObject.setObjectName(self, "qSlicerMainWindow")
        self._selector = ModuleSelector(manager)
        self._status_messages: list[str] = []
        QtWidgets.QMainWindow.statusBar(self).messageChanged.connect(self._status_messages.append)

    def moduleSelector(self) -> ModuleSelector:
        return self._selector
