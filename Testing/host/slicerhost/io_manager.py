"""``slicer.app.coreIOManager()``: volumes by MRML's volume logic, scenes by MRML itself."""

from __future__ import annotations

import os
from typing import Any

import slicer


class CoreIOManager:
    """Loads and saves what the module's tests need: volume files and scenes."""

    def __init__(self, scene: Any, application_logic: Any) -> None:
        self._scene = scene
        self._volumes = slicer.vtkSlicerVolumesLogic()
        self._volumes.SetMRMLApplicationLogic(application_logic)
        self._volumes.SetMRMLScene(scene)

    def fileType(self, path: str) -> str:
        return "SceneFile" if path.endswith((".mrml", ".mrb")) else "VolumeFile"

    def fileWriterFileType(self, node: Any) -> str:
        return "VolumeFile"

    def loadNodes(
        self, kind: str, properties: dict[str, Any], loaded: Any, messages: Any = None
    ) -> bool:
        path = properties["fileName"]
        if kind == "SceneFile":
            self._scene.SetURL(path)
            return bool(
                self._scene.Connect() if properties.get("clear", True) else self._scene.Import()
            )
        if kind != "VolumeFile":
            raise RuntimeError(f"The host loads volumes and scenes, not {kind}.")
        name = properties.get("name") or os.path.basename(path).split(".")[0]
        node = self._volumes.AddArchetypeVolume(path, name, 1 if properties.get("labelmap") else 0)
        if node is None:
            return False
        loaded.AddItem(node)
        return True

    def saveNodes(self, kind: str, properties: dict[str, Any], messages: Any = None) -> bool:
        path = properties["fileName"]
        if kind == "SceneFile":
            self._scene.SetURL(path)
            self._scene.SetRootDirectory(os.path.dirname(path))
            return bool(self._scene.Commit(path))
        node = self._scene.GetNodeByID(properties["nodeID"])
        if node.GetStorageNode() is None:
            node.AddDefaultStorageNode()
        node.GetStorageNode().SetFileName(path)
        return bool(node.GetStorageNode().WriteData(node))
