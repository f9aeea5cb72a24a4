"""A small host for one scripted module of 3D Slicer, on a machine without Slicer.

``start()`` makes this Python process look like Slicer's as far as the module needs it: the
modules ``slicer``, ``qt`` and ``ctk``, an application with a scene, a layout manager that draws,
and a main window. See ``README.md`` beside this package for what is real and what stands in.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import stat
import sys
import types
from pathlib import Path
from typing import Any

SLICER_FILES = ("i18n", "ScriptedLoadableModule", "parameterNodeWrapper", "testing")
_started: dict[str, Any] = {}


def start(*, testing: bool = True, slicer_source: str | None = None) -> Any:
    """Starts the host once per process and returns ``slicer``.

    Args:
        testing: Slicer's testing mode, in which message boxes only log.
        slicer_source: a checkout of Slicer's sources; where given, Slicer's own Python files
            (``ScriptedLoadableModule.py``, ``parameterNodeWrapper`` and so on) run instead of the
            host's stand-ins. Defaults to the environment variable ``SLICER_SOURCE``.
    """
    if "slicer" not in _started:
        _started["slicer"] = _start(testing, slicer_source or os.environ.get("SLICER_SOURCE"))
    return _started["slicer"]


def _start(testing: bool, slicer_source: str | None) -> Any:
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    _choose_render_window()
    import slicer
    from PySide6 import QtWidgets

    from . import (
        application,
        ctk_module,
        modules,
        mrml_widgets,
        pythonqt,
        qt_module,
        sample_data,
        uiloader,
    )

    pythonqt.record_observer_errors()

    _started["QApplication"] = QtWidgets.QApplication.instance() or QtWidgets.QApplication(
        ["Slicer"]
    )
    sys.modules["qt"] = qt_module.QtModule("qt")
    sys.modules["ctk"] = ctk_module.CtkModule("ctk")
    for part in (mrml_widgets, modules):
        for name in vars(part):
            if name.startswith(("qMRML", "qSlicer")):
                setattr(slicer, name, getattr(part, name))
    for name in ("qMRMLSliderWidget", "qMRMLSpinBox", "qMRMLRangeWidget"):
        setattr(slicer, name, type(name, (), {}))
    uiloader.UiLoader.custom_classes = {
        "qMRMLWidget": mrml_widgets.qMRMLWidget,
        "qMRMLNodeComboBox": mrml_widgets.qMRMLNodeComboBox,
        "ctkCollapsibleButton": ctk_module.ctkCollapsibleButton,
        "ctkSliderWidget": ctk_module.ctkSliderWidget,
    }
    slicer.modules = sys.modules["slicer.modules"] = types.ModuleType("slicer.modules")
    slicer.qSlicerApplication = application.qSlicerApplication
    _provide_slicer_files(slicer, slicer_source)
    slicer.app = application.qSlicerApplication(testing)
    slicer.mrmlScene = slicer.app.mrmlScene()
    _provide_python_slicer(Path(slicer.app.temporaryPath))
    sys.modules["SampleData"] = sample_data
    return slicer


def _choose_render_window() -> None:
    """Without a display, VTK draws through OSMesa or EGL: whichever library is installed."""
    if os.environ.get("DISPLAY") or "VTK_DEFAULT_OPENGL_WINDOW" in os.environ:
        return
    from ctypes.util import find_library

    window = "vtkOSOpenGLRenderWindow" if find_library("OSMesa") else "vtkEGLRenderWindow"
    os.environ["VTK_DEFAULT_OPENGL_WINDOW"] = window


def _provide_slicer_files(slicer: Any, slicer_source: str | None) -> None:
    folder = Path(__file__).parent / "standins"
    if slicer_source:
        folder = Path(slicer_source) / "Base" / "Python" / "slicer"
    for name in SLICER_FILES:
        package = folder / name / "__init__.py"
        path = package if package.exists() else folder / f"{name}.py"
        spec = importlib.util.spec_from_file_location(
            f"slicer.{name}",
            path,
            submodule_search_locations=[str(package.parent)] if package.exists() else None,
        )
        module = importlib.util.module_from_spec(spec)
        sys.modules[f"slicer.{name}"] = module
        setattr(slicer, name, module)
        spec.loader.exec_module(module)


def _provide_python_slicer(folder: Path) -> None:
    """Puts a ``PythonSlicer`` command on the PATH, as Slicer does: a launcher of this Python.

    Like the real launcher it stays as the parent of the Python process it starts.
    """
    program = Path(__file__).parent / "python_slicer.py"
    launcher = folder / "bin" / "PythonSlicer"
    launcher.parent.mkdir()
    command = f'exec "{sys.executable}" -S "{program}" "{sys.executable}" "$@"'
    launcher.write_text(f"#!/bin/sh\n{command}\n", encoding="utf-8")
    launcher.chmod(launcher.stat().st_mode | stat.S_IXUSR)
    os.environ["PATH"] = str(launcher.parent) + os.pathsep + os.environ["PATH"]
    assert shutil.which("PythonSlicer") == str(launcher)


def open_module(path: str | Path) -> Any:
    """Loads the module file, completes start-up, opens the panel; returns its widget."""
    slicer = start()
    module = slicer.app.moduleManager().load(str(path))
    slicer.app._signal("startupCompleted").emit()
    slicer.util.selectModule(module.name)
    return slicer.util.getModuleWidget(module.name)
