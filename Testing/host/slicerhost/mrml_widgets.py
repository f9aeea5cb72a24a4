"""Stand-ins for the qMRML widgets that the module uses, working on the real MRML scene."""

from __future__ import annotations

from typing import Any

from PySide6 import QtCore, QtWidgets

from .pythonqt import PythonQtMixin


class qMRMLWidget(PythonQtMixin, QtWidgets.QWidget):
    """A widget with a scene; the top of every module's ``.ui`` file."""

    mrmlSceneChanged = QtCore.Signal(object)
    _pure_wrapper = True
    _cpp_signals = {"mrmlSceneChanged(vtkMRMLScene*)": "mrmlSceneChanged"}

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self._scene = None

    def mrmlScene(self) -> Any:
        return self._scene

    def setMRMLScene(self, scene: Any) -> None:
        if scene is not self._scene:
            self._scene = scene
            self._signal("mrmlSceneChanged").emit(scene)


def _flag(name: str, default: bool) -> Any:
    """A bool property kept under ``_name``; a change fills the list again."""

    def read(self: Any) -> bool:
        return self.__dict__.get("_" + name, default)

    def write(self: Any, value: bool) -> None:
        setattr(self, "_" + name, value)
        self._refill()

    return QtCore.Property(bool, read, write)


class qMRMLNodeComboBox(PythonQtMixin, QtWidgets.QWidget):
    """Picks a node of the scene; follows the scene as nodes come, go and are renamed.

    Like the real one it takes the first node by itself when "none" is not allowed, emits
    ``currentNodeChanged`` once for each change, and lists nothing new while a scene is imported.
    """

    currentNodeChanged = QtCore.Signal(object)
    currentNodeIDChanged = QtCore.Signal(str)
    nodeAddedByUser = QtCore.Signal(object)
    _pure_wrapper = True
    _cpp_signals = {
        "currentNodeChanged(vtkMRMLNode*)": "currentNodeChanged",
        "currentNodeIDChanged(QString)": "currentNodeIDChanged",
        "nodeAddedByUser(vtkMRMLNode*)": "nodeAddedByUser",
    }

    def __init__(self, parent: Any = None) -> None:
        self._scene, self._node_types, self._tags = None, (), []
        self._base_name, self._none_display, self._current_id = "", "None", ""
        self._renamed: list[tuple[Any, int]] = []
        super().__init__(parent)
        self._combo = QtWidgets.QComboBox(self)
        layout = QtWidgets.QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._combo)
        self.setSizePolicy(
            QtWidgets.QSizePolicy.Policy.Expanding, QtWidgets.QSizePolicy.Policy.Fixed
        )
        self._combo.activated.connect(lambda index: self._choose(self._combo.itemData(index) or ""))

    noneEnabled = _flag("noneEnabled", False)
    addEnabled = _flag("addEnabled", True)
    removeEnabled = _flag("removeEnabled", True)
    renameEnabled = _flag("renameEnabled", False)
    editEnabled = _flag("editEnabled", False)
    showHidden = _flag("showHidden", False)
    showChildNodeTypes = _flag("showChildNodeTypes", True)
    selectNodeUponCreation = _flag("selectNodeUponCreation", True)

    def _set_node_types(self, names: Any) -> None:
        self._node_types = tuple(names)
        self._refill()

    def _set_none_display(self, text: str) -> None:
        self._none_display = text
        self._refill()

    nodeTypes = QtCore.Property("QStringList", lambda self: list(self._node_types), _set_node_types)
    noneDisplay = QtCore.Property(str, lambda self: self._none_display, _set_none_display)
    baseName = QtCore.Property(
        str, lambda self: self._base_name, lambda self, name: setattr(self, "_base_name", name)
    )
    currentNodeID = QtCore.Property(
        str, lambda self: self._current_id, lambda self, node_id: self._choose(node_id)
    )

    def mrmlScene(self) -> Any:
        return self._scene

    def setMRMLScene(self, scene: Any) -> None:
        if self._scene is not None:
            for tag in self._tags:
                self._scene.RemoveObserver(tag)
        self._scene, self._tags = scene, []
        names = ("NodeAdded", "NodeRemoved", "EndClose", "EndImport") if scene is not None else ()
        for event in (getattr(scene, f"{name}Event") for name in names):
            self._tags.append(scene.AddObserver(event, self._on_scene_event))
        self._refill()

    def _on_scene_event(self, caller: Any, event: str) -> None:
        """As ``qMRMLSceneModel``: nothing is listed before the import of a scene is complete."""
        if not self._scene.IsImporting():
            self._refill()

    def currentNode(self) -> Any:
        return self._node(self._current_id)

    def _node(self, node_id: str) -> Any:
        return self._scene.GetNodeByID(node_id) if self._scene and node_id else None

    def setCurrentNode(self, node: Any) -> None:
        self._choose(node if isinstance(node, str) else node.GetID() if node else "")

    def addNode(self, node_type: str | None = None) -> Any:
        class_name = node_type or self._node_types[0]
        name = self._scene.GenerateUniqueName(self._base_name or class_name.replace("vtkMRML", ""))
        node = self._scene.AddNewNodeByClass(class_name, name)
        if self.selectNodeUponCreation:
            self.setCurrentNode(node)
        self._signal("nodeAddedByUser").emit(node)
        return node

    def nodeCount(self) -> int:
        return len(self._nodes())

    def _nodes(self) -> list[Any]:
        if self._scene is None or self._scene.IsClosing():
            return []
        nodes = [self._scene.GetNthNode(i) for i in range(self._scene.GetNumberOfNodes())]
        return [n for n in nodes if self._offers(n)]

    def _offers(self, node: Any) -> bool:
        if node.GetHideFromEditors() and not self.showHidden:
            return False
        if self.showChildNodeTypes:
            return any(node.IsA(name) for name in self._node_types)
        return node.GetClassName() in self._node_types

    def _refill(self) -> None:
        if not hasattr(self, "_combo"):
            return
        nodes = self._nodes()
        for node, tag in self._renamed:
            node.RemoveObserver(tag)
        self._renamed = [
            (n, n.AddObserver("ModifiedEvent", lambda caller, event: self._retitle()))
            for n in nodes
        ]
        self._combo.clear()
        if self.noneEnabled:
            self._combo.addItem(self._none_display, "")
        for node in nodes:
            self._combo.addItem(node.GetName() or "", node.GetID())
        ids = [n.GetID() for n in nodes]
        first = ids[0] if ids and not self.noneEnabled else ""
        self._choose(self._current_id if self._current_id in ids else first)

    def _retitle(self) -> None:
        for index in range(self._combo.count()):
            node = self._node(self._combo.itemData(index))
            if node is not None:
                self._combo.setItemText(index, node.GetName() or "")

    def _choose(self, node_id: str) -> None:
        index = self._combo.findData(node_id)
        if index < 0 and node_id:
            node_id = ""
            index = self._combo.findData("")
        self._combo.setCurrentIndex(index)
        if node_id != self._current_id:
            self._current_id = node_id
            self._signal("currentNodeChanged").emit(self.currentNode())
            self._signal("currentNodeIDChanged").emit(node_id)
