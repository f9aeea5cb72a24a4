"""``qt.QUiLoader`` of the host: Qt Designer files with CTK and qMRML widgets.

Every widget is made from the host's own classes, so that it behaves the PythonQt way, and the
``<connections>`` of the file are made by signature. Where Slicer only prints a warning for a
connection that does not exist, the host raises: a misspelt one should fail a test.
"""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from typing import Any

from PySide6 import QtCore, QtUiTools, QtWidgets

from . import pythonqt
from .pythonqt import wrapped_class


class UiLoader(QtUiTools.QUiLoader):
    """Loads a ``.ui`` file into widgets of the host."""

    custom_classes: dict[str, type] = {}
    """Class name in the ``.ui`` file -> host class, filled by the host when it starts."""

    def load(self, device: QtCore.QFile, parent: Any = None) -> Any:
        root = ElementTree.fromstring(bytes(device.readAll()))
        connections = root.find("connections")
        wanted = [] if connections is None else list(connections)
        if connections is not None:
            root.remove(connections)
        buffer = QtCore.QBuffer()
        buffer.setData(ElementTree.tostring(root))
        buffer.open(QtCore.QIODevice.OpenModeFlag.ReadOnly)
        pythonqt.ignoring_child_attributes = True
        try:
            widget = super().load(buffer, parent)
        finally:
            pythonqt.ignoring_child_attributes = False
        for connection in wanted:
            _connect(widget, {child.tag: child.text or "" for child in connection})
        return widget

    def createWidget(self, class_name: str, parent: Any = None, name: str = "") -> Any:
        cls = self.custom_classes.get(class_name)
        if cls is None:
            if not hasattr(QtWidgets, class_name):
                raise RuntimeError(f"The host has no widget class {class_name}.")
            cls = wrapped_class(getattr(QtWidgets, class_name))
        widget = cls(parent)
        QtCore.QObject.setObjectName(widget, name)
        return widget


def _connect(root: Any, connection: dict[str, str]) -> None:
    everything = [root, *QtCore.QObject.findChildren(root, QtCore.QObject)]
    by_name = {QtCore.QObject.objectName(w): w for w in everything}
    sender, receiver = by_name[connection["sender"]], by_name[connection["receiver"]]
    slot = getattr(receiver, connection["slot"].split("(")[0], None)
    if slot is None or not sender.connect(connection["signal"], slot):
        raise RuntimeError(f"The .ui file connects what does not exist: {connection}")
