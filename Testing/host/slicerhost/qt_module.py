"""The module ``qt`` of Slicer, made of PySide6's classes (see ``pythonqt``)."""

from __future__ import annotations

import enum
import inspect
import types
from typing import Any

from PySide6 import QtCore, QtGui, QtUiTools, QtWidgets

from . import uiloader
from .pythonqt import wrapped_class

_QT_PARTS = (QtWidgets, QtGui, QtCore, QtUiTools)


class _QtNamespace:
    """``qt.Qt``: every enum value of the Qt namespace as an int, unscoped."""

    def __getattr__(self, name: str) -> Any:
        for nested in vars(QtCore.Qt).values():
            if (
                inspect.isclass(nested)
                and issubclass(nested, enum.Enum)
                and name in nested.__members__
            ):
                return int(nested[name].value)
        raise AttributeError(name)


class QtModule(types.ModuleType):
    """Looks a class up in Qt and wraps it the first time it is asked for."""

    Qt = _QtNamespace()
    QUiLoader = uiloader.UiLoader

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name in ("Signal", "Slot", "Property"):
            raise AttributeError(name)
        for part in _QT_PARTS:
            if hasattr(part, name):
                value = getattr(part, name)
                break
        else:
            raise AttributeError(f"module 'qt' has no attribute {name!r}")
        if inspect.isclass(value) and issubclass(value, QtCore.QObject):
            value = _adapted(wrapped_class(value))
        setattr(self, name, value)
        return value


def _adapted(cls: type) -> type:
    """The few methods that take or return something else in PythonQt than in PySide6."""
    if cls.__name__ == "QFileDialog":  # the file name alone, not (name, filter)
        native = QtWidgets.QFileDialog
        cls.getOpenFileName = staticmethod(lambda *a, **k: native.getOpenFileName(*a, **k)[0])
        cls.getSaveFileName = staticmethod(lambda *a, **k: native.getSaveFileName(*a, **k)[0])
    if cls.__name__ == "QFile":  # an int for the mode
        flags = QtCore.QIODevice.OpenModeFlag
        cls.open = lambda self, mode: QtCore.QFile.open(self, flags(mode))
    if cls.__name__ in ("QApplication", "QGuiApplication"):  # an int for the cursor's shape
        shapes = QtCore.Qt.CursorShape
        native_set = QtGui.QGuiApplication.setOverrideCursor
        cls.setOverrideCursor = staticmethod(lambda shape: native_set(QtGui.QCursor(shapes(shape))))
    return cls
