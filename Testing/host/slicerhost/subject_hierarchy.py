"""Keeps the subject hierarchy in step with the scene, as Slicer's Qt plugin logic does."""

from __future__ import annotations

from typing import Any

import vtk

DATA_CLASSES = ("vtkMRMLVolumeNode", "vtkMRMLMarkupsNode", "vtkMRMLTransformNode")


class SubjectHierarchyUpdater:
    """Gives every visible data node an item when it is added, and takes it away again."""

    def __init__(self, scene: Any) -> None:
        self._scene = scene
        scene.AddObserver(scene.NodeAddedEvent, self._added)
        scene.AddObserver(scene.NodeAboutToBeRemovedEvent, self._about_to_be_removed)

    @vtk.calldata_type(vtk.VTK_OBJECT)
    def _added(self, caller: Any, event: str, node: Any) -> None:
        if node.GetHideFromEditors() or not any(node.IsA(name) for name in DATA_CLASSES):
            return
        hierarchy = self._scene.GetSubjectHierarchyNode()
        if hierarchy is not None and not hierarchy.GetItemByDataNode(node):
            hierarchy.CreateItem(hierarchy.GetSceneItemID(), node)

    @vtk.calldata_type(vtk.VTK_OBJECT)
    def _about_to_be_removed(self, caller: Any, event: str, node: Any) -> None:
        if self._scene.IsClosing() or not any(node.IsA(name) for name in DATA_CLASSES):
            return
        hierarchy = self._scene.GetSubjectHierarchyNode()
        item = hierarchy.GetItemByDataNode(node) if hierarchy is not None else 0
        if item:
            hierarchy.RemoveItem(item, False, False)
