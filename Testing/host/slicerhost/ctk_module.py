"""Stand-ins for the CTK widgets that the module uses: same properties, signals and looks.

CTK has no Python package. Only what the module and Slicer's own Python files touch is here;
a class that is merely compared by type (``type(widget) == ctk.ctkRangeWidget``) is an empty
class that cannot be made.
"""

from __future__ import annotations

import types
from typing import Any

from PySide6 import QtCore, QtGui, QtWidgets

from .pythonqt import PythonQtMixin, wrapped_class

HEADER_HEIGHT = 26
UNLIMITED = (1 << 24) - 1  # Qt: QWIDGETSIZE_MAX


class ctkCollapsibleButton(PythonQtMixin, QtWidgets.QWidget):
    """A titled section that folds away: properties ``text`` and ``collapsed``."""

    contentsCollapsed = QtCore.Signal(bool)
    _pure_wrapper = True
    _cpp_signals = {"contentsCollapsed(bool)": "contentsCollapsed"}

    def __init__(self, parent: Any = None) -> None:
        self._text, self._collapsed, self._hidden = "", False, []
        super().__init__(parent)
        self.setContentsMargins(0, HEADER_HEIGHT, 0, 0)

    def _get_text(self) -> str:
        return self._text

    def _set_text(self, text: str) -> None:
        self._text = text
        self.update()

    def _get_collapsed(self) -> bool:
        return self._collapsed

    def _set_collapsed(self, collapsed: bool) -> None:
        if collapsed == self._collapsed:
            return
        self._collapsed = collapsed
        children = [c for c in QtCore.QObject.children(self) if isinstance(c, QtWidgets.QWidget)]
        if collapsed:
            self._hidden = [c for c in children if not c.isHidden()]
        for child in self._hidden:
            child.setHidden(collapsed)
        self.setMaximumHeight(HEADER_HEIGHT if collapsed else UNLIMITED)
        self.updateGeometry()
        self._signal("contentsCollapsed").emit(collapsed)

    text = QtCore.Property(str, _get_text, _set_text)
    collapsed = QtCore.Property(bool, _get_collapsed, _set_collapsed)

    def minimumSizeHint(self) -> QtCore.QSize:
        return self._folded(QtWidgets.QWidget.minimumSizeHint(self))

    def sizeHint(self) -> QtCore.QSize:
        return self._folded(QtWidgets.QWidget.sizeHint(self))

    def _folded(self, hint: QtCore.QSize) -> QtCore.QSize:
        return QtCore.QSize(hint.width(), HEADER_HEIGHT) if self._collapsed else hint

    def mousePressEvent(self, event: QtGui.QMouseEvent) -> None:
        if event.position().y() < HEADER_HEIGHT:
            self._set_collapsed(not self._collapsed)

    def paintEvent(self, event: QtGui.QPaintEvent) -> None:
        painter = QtGui.QPainter(self)
        option = QtWidgets.QStyleOptionButton()
        option.rect = QtCore.QRect(0, 0, self.width, HEADER_HEIGHT - 3)
        option.palette = QtWidgets.QWidget.palette(self)
        option.state = (
            QtWidgets.QStyle.StateFlag.State_Enabled | QtWidgets.QStyle.StateFlag.State_Raised
        )
        style = self.style()
        style.drawControl(QtWidgets.QStyle.ControlElement.CE_PushButtonBevel, option, painter, self)
        arrow = QtWidgets.QStyleOption()
        arrow.rect = QtCore.QRect(8, (HEADER_HEIGHT - 3) // 2 - 5, 10, 10)
        arrow.palette, arrow.state = option.palette, QtWidgets.QStyle.StateFlag.State_Enabled
        element = QtWidgets.QStyle.PrimitiveElement
        kind = element.PE_IndicatorArrowRight if self._collapsed else element.PE_IndicatorArrowDown
        style.drawPrimitive(kind, arrow, painter, self)
        text_box = QtCore.QRect(26, 0, self.width - 30, HEADER_HEIGHT - 3)
        painter.drawText(text_box, QtCore.Qt.AlignmentFlag.AlignVCenter, self._text)


class ctkSliderWidget(PythonQtMixin, QtWidgets.QWidget):
    """A slider and a spin box that show one double."""

    valueChanged = QtCore.Signal(float)
    _pure_wrapper = True
    _cpp_signals = {"valueChanged(double)": "valueChanged"}

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self._slider = QtWidgets.QSlider(QtCore.Qt.Orientation.Horizontal)
        self._box = QtWidgets.QDoubleSpinBox()
        self._box.setRange(0, 99)
        layout = QtWidgets.QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._slider, 1)
        layout.addWidget(self._box)
        self._scale_slider()
        self._slider.valueChanged.connect(self._slider_moved)
        self._box.valueChanged.connect(self._box_changed)

    def _scale_slider(self) -> None:
        blocked = self._slider.blockSignals(True)
        step = self._box.singleStep() or 1.0
        self._slider.setRange(round(self._box.minimum() / step), round(self._box.maximum() / step))
        self._slider.setValue(round(self._box.value() / step))
        self._slider.blockSignals(blocked)

    def _slider_moved(self, ticks: int) -> None:
        self._box.setValue(ticks * self._box.singleStep())

    def _box_changed(self, value: float) -> None:
        self._scale_slider()
        self._signal("valueChanged").emit(value)

    def _forward(getter: str, setter: str, kind: type) -> Any:  # type: ignore[misc]
        def read(self: Any) -> Any:
            return getattr(self._box, getter)()

        def write(self: Any, value: Any) -> None:
            getattr(self._box, setter)(value)
            self._scale_slider()

        return QtCore.Property(kind, read, write)

    value = _forward("value", "setValue", float)
    minimum = _forward("minimum", "setMinimum", float)
    maximum = _forward("maximum", "setMaximum", float)
    singleStep = _forward("singleStep", "setSingleStep", float)
    decimals = _forward("decimals", "setDecimals", int)
    suffix = _forward("suffix", "setSuffix", str)

    def setValue(self, value: float) -> None:
        self._box.setValue(value)


class ctkMessageBox(PythonQtMixin, QtWidgets.QMessageBox):
    """QMessageBox with a key for "do not show again"."""

    _pure_wrapper = True
    _key = ""
    dontShowAgainSettingsKey = QtCore.Property(
        str, lambda self: self._key, lambda self, key: setattr(self, "_key", key)
    )

    def exec_(self) -> int:
        return int(QtWidgets.QMessageBox.exec(self))


class ctkSettings(wrapped_class(QtCore.QSettings)):  # type: ignore[misc]
    """QSettings, as CTK names it."""


class _ComparedByTypeOnly(type):
    def __call__(cls, *arguments: Any, **named: Any) -> Any:
        raise RuntimeError(f"The host has no {cls.__name__}; add it to ctk_module.py to use it.")


class CtkModule(types.ModuleType):
    """``ctk``: the classes above, and empty classes for names that are only compared."""

    ctkCollapsibleButton = ctkCollapsibleButton
    ctkSliderWidget = ctkSliderWidget
    ctkMessageBox = ctkMessageBox
    ctkSettings = ctkSettings

    def __getattr__(self, name: str) -> Any:
        if not name.startswith("ctk"):
            raise AttributeError(f"module 'ctk' has no attribute {name!r}")
        cls = _ComparedByTypeOnly(name, (), {})
        setattr(self, name, cls)
        return cls
