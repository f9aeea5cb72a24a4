"""What the tests of a module read from the scene and from the slice views."""

from __future__ import annotations

from typing import Any

import numpy as np
import vtk


def bounds_of(node: Any) -> np.ndarray:
    """Lowest and highest corner in world RAS mm, shape (2, 3)."""
    bounds = np.zeros(6)
    node.GetRASBounds(bounds)
    return bounds.reshape(3, 2).T


def middle_of(node: Any) -> np.ndarray:
    """The middle of these bounds."""
    return bounds_of(node).mean(axis=0)


def ijk_to_ras(slicer: Any, node: Any) -> np.ndarray:
    """The 4×4 matrix from voxel indices of a volume to RAS mm."""
    matrix = vtk.vtkMatrix4x4()
    node.GetIJKToRASMatrix(matrix)
    return slicer.util.arrayFromVTKMatrix(matrix)


def part_and_same(slicer: Any, part: Any, whole: Any) -> tuple[np.ndarray, np.ndarray]:
    """The voxels of a volume, and those at the same place of one that it is a part of."""
    step = np.linalg.inv(ijk_to_ras(slicer, whole)) @ ijk_to_ras(slicer, part)
    i, j, k = np.rint(step[:3, 3]).astype(int)
    small = slicer.util.arrayFromVolume(part).astype(float)
    depth, height, width = small.shape
    large = slicer.util.arrayFromVolume(whole).astype(float)
    return small, large[k : k + depth, j : j + height, i : i + width]


def node_ids(slicer: Any) -> set[str]:
    scene = slicer.mrmlScene
    return {scene.GetNthNode(i).GetID() for i in range(scene.GetNumberOfNodes())}


def volume_names(slicer: Any) -> list[str]:
    return sorted(n.GetName() for n in slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode"))


def shown_widgets(slicer: Any) -> list[Any]:
    """The slice widgets of the current layout."""
    manager = slicer.app.layoutManager()
    return [manager.sliceWidget(name) for name in manager.sliceViewNames()]


def drawn_in(widget: Any) -> list[Any]:
    """All that a view draws, as VTK's props."""
    props = widget.sliceView().renderWindow().GetRenderers().GetFirstRenderer().GetViewProps()
    return [props.GetItemAsObject(i) for i in range(props.GetNumberOfItems())]


def titles_of(widget: Any) -> list[str]:
    """The texts that are visible in a view."""
    texts = [prop for prop in drawn_in(widget) if prop.IsA("vtkTextActor")]
    return [text.GetInput() for text in texts if text.GetVisibility()]


def save_all(slicer: Any, folder: Any, name: str) -> str:
    """Saves the scene and its volumes; returns the scene's file."""
    for node in slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode"):
        assert slicer.util.saveNode(node, str(folder / f"{node.GetName()}.nrrd"))
    assert slicer.util.saveScene(str(folder / name))
    return str(folder / name)
