"""Volumes of a scene that cannot be upsampled: one sentence, and the scene as it was.

Each is tried through the logic, as a script does, and through the panel, which must say it before
Apply can be pressed or, where only the voxels tell, in its status line.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import vtk
from vtk.util import numpy_support

CUBE = np.random.default_rng(3).integers(0, 900, (6, 7, 8)).astype(np.int16)
NAN, INF = float("nan"), float("inf")


def _scalar(slicer: Any, values: np.ndarray = CUBE, matrix: np.ndarray | None = None) -> Any:
    return slicer.util.addVolumeFromArray(
        values, np.eye(4) if matrix is None else matrix, "Hostile"
    )


def _node(slicer: Any, kind: str) -> Any:
    return slicer.mrmlScene.AddNewNodeByClass(f"vtkMRML{kind}VolumeNode", "Hostile")


def _with_components(count: int, kind: str) -> Callable[[Any], Any]:
    def make(slicer: Any) -> Any:
        image = vtk.vtkImageData()
        image.SetDimensions(4, 5, 6)
        values = np.zeros((4 * 5 * 6, count), np.uint8)
        image.GetPointData().SetScalars(numpy_support.numpy_to_vtk(values, deep=True))
        node = _node(slicer, kind)
        node.SetAndObserveImageData(image)
        return node

    return make


def _voxel(value: float) -> Callable[[Any], Any]:
    values = CUBE.astype(np.float32)
    values[1, 2, 3] = value
    return lambda slicer: _scalar(slicer, values)


def _placed(*changes: tuple[int, int, float]) -> Callable[[Any], Any]:
    """A volume whose matrix from indices to RAS has these entries (row, column, value)."""
    matrix = np.eye(4)
    for row, column, value in changes:
        matrix[row, column] = value
    return lambda slicer: _scalar(slicer, CUBE, matrix)


def _removed(slicer: Any) -> Any:
    node = _scalar(slicer)
    slicer.mrmlScene.RemoveNode(node)
    return node


SEVERAL_VALUES, SINGLE_SLICE = "several values per voxel", "single slice"
VOLUMES: dict[str, tuple[Callable[[Any], Any], str]] = {
    "colour": (_with_components(3, "Vector"), SEVERAL_VALUES),
    "colour in a scalar node": (_with_components(3, "Scalar"), SEVERAL_VALUES),
    "colour with transparency": (_with_components(4, "Vector"), SEVERAL_VALUES),
    "label map": (_with_components(1, "LabelMap"), "label map"),
    "no voxels": (lambda slicer: _node(slicer, "Scalar"), "no voxels"),
    "no longer in the scene": (_removed, "no longer in the scene"),
    "one slice": (lambda slicer: _scalar(slicer, CUBE[:1]), SINGLE_SLICE),
    "one row": (lambda slicer: _scalar(slicer, CUBE[:1, :1]), SINGLE_SLICE),
    "one voxel": (lambda slicer: _scalar(slicer, CUBE[:1, :1, :1]), SINGLE_SLICE),
    "one NaN": (_voxel(NAN), "1 NaN or infinite voxel"),
    "one infinity": (_voxel(-INF), "1 NaN or infinite voxel"),
    "too large for float32": (lambda s: _scalar(s, np.full((4, 5, 6), 1e300)), "NaN or infinite"),
    "sheared": (_placed((0, 1, 0.5)), "not orthonormal"),
    "two axes the same": (_placed((0, 1, 1.0), (1, 1, 0.0)), "not orthonormal"),
    "an axis of no length": (_placed((0, 0, 0.0)), "spacing"),
    "a direction of NaN": (_placed((1, 1, NAN)), "spacing"),
    "a direction of infinity": (_placed((2, 2, INF)), "spacing"),
    "an origin of NaN": (_placed((0, 3, NAN)), "origin"),
}
ARGUMENTS: dict[str, tuple[dict[str, Any], str]] = {
    "scale 0": ({"scale": 0}, "0"),
    "scale -1": ({"scale": -1.0}, "-1"),
    "scale 0.5": ({"scale": 0.5}, "coarser"),
    "scale 1000": ({"scale": 5000.0}, "at most 16384"),
    "scale nan": ({"scale": NAN}, "nan"),
    "scale inf": ({"scale": INF}, "inf"),
    "two scales": ({"scale": (2.0, 2.0)}, "positive number"),
    "spacing 3 mm": ({"spacing": 3.0}, "not finer"),
    "spacing 0": ({"spacing": 0.0}, "0"),
    "scale and spacing": ({"scale": 2.0, "spacing": 0.5}, "either a scale, a spacing"),
    "unknown method": ({"scale": 2.0, "method": "magic"}, "'magic'"),
    "unknown model": ({"scale": 2.0, "method": "arssr", "model": "nobody"}, "'nobody'"),
}


def _state(slicer: Any) -> dict[str, tuple[str, int]]:
    """Every node of the scene with its name and when it or its image last changed."""
    scene = slicer.mrmlScene
    nodes = [scene.GetNthNode(n) for n in range(scene.GetNumberOfNodes())]
    return {node.GetID(): (node.GetName(), _changed(node)) for node in nodes}


def _changed(node: Any) -> int:
    image = node.GetImageData() if node.IsA("vtkMRMLVolumeNode") else None
    return image.GetMTime() if image is not None else 0


def _assert_refused(logic: Any, node: Any, words: str, **arguments: Any) -> None:
    """The logic says why in one sentence, and the scene stays as it is."""
    import slicer

    before = _state(slicer)
    with pytest.raises(ValueError) as refusal:
        logic.upsample(node, **arguments)
    assert words in str(refusal.value)
    assert len(str(refusal.value).splitlines()) == 1
    assert _state(slicer) == before


@pytest.mark.parametrize("name", VOLUMES)
def test_a_hostile_volume_is_refused_by_the_logic(slicer: Any, logic: Any, name: str) -> None:
    make, words = VOLUMES[name]
    _assert_refused(logic, make(slicer), words, scale=2.0, method="cubic")


@pytest.mark.parametrize("name", ARGUMENTS)
def test_a_hostile_argument_is_refused_by_the_logic(slicer: Any, logic: Any, name: str) -> None:
    arguments, words = ARGUMENTS[name]
    _assert_refused(logic, _scalar(slicer), words, **{"method": "cubic", **arguments})


@pytest.mark.parametrize(
    "name",
    ["one slice", "sheared", "an axis of no length", "a direction of NaN", "an origin of NaN",
     "no voxels"],
)  # fmt: skip
def test_the_panel_says_it_before_apply_can_be_pressed(slicer: Any, ui: Any, name: str) -> None:
    make, words = VOLUMES[name]
    node = make(slicer)
    before = _state(slicer)
    ui.inputSelector.setCurrentNode(node)
    assert not ui.applyButton.enabled
    assert words in ui.applyButton.toolTip
    assert _state(slicer) == before


@pytest.mark.parametrize("name", ["one NaN", "one infinity", "too large for float32"])
def test_the_panel_says_after_a_try_what_only_the_voxels_tell(
    slicer: Any, ui: Any, wait: Any, name: str
) -> None:
    make, words = VOLUMES[name]
    ui.inputSelector.setCurrentNode(make(slicer))
    before = _state(slicer)
    ui.applyButton.click()
    wait(lambda: ui.applyButton.text == "Apply")
    assert words in ui.statusLabel.text
    assert "Traceback" not in ui.statusLabel.text
    assert _state(slicer) == before
