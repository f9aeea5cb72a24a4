"""The host keeps PythonQt's rules, so that what passes in it can pass in Slicer."""

from __future__ import annotations

import numpy as np
import pytest


@pytest.fixture
def qt(slicer):
    import qt

    return qt


def test_a_property_is_an_attribute(qt):
    label = qt.QLabel("text")
    assert label.text == "text"
    label.text = None
    assert label.text == "None"
    with pytest.raises(TypeError):
        label.text()


def test_an_unknown_attribute_raises_both_ways(qt):
    label = qt.QLabel()
    with pytest.raises(AttributeError):
        label.nothing  # noqa: B018
    with pytest.raises(AttributeError):
        label.nothing = 1


def test_a_signature_that_does_not_exist_is_not_connected(qt, capsys):
    button = qt.QPushButton()
    assert button.connect("clicked(bool)", print)
    assert not button.connect("clicked(QString)", print)
    assert "no signal" in capsys.readouterr().err


def test_a_function_gets_at_most_the_arguments_it_has(qt):
    heard = []
    button = qt.QPushButton()
    button.connect("clicked(bool)", lambda: heard.append("none"))
    button.connect("clicked(bool)", lambda checked=None: heard.append(checked))
    button.click()
    assert heard == ["none", False]


def test_disconnected_functions_are_not_called(qt):
    heard = []
    button = qt.QPushButton()
    button.clicked.connect(heard.append)
    button.clicked.disconnect(heard.append)
    button.click()
    assert heard == []


def test_enums_are_ints(qt):
    assert isinstance(qt.QMessageBox.Ok, int)
    assert isinstance(qt.Qt.WaitCursor, int)


def test_qt_has_no_pyside_extras(qt):
    for name in ("Signal", "Slot", "Property"):
        assert not hasattr(qt, name)


def test_a_string_list_given_a_bare_string_falls_apart(slicer):
    box = slicer.qMRMLNodeComboBox()
    box.nodeTypes = "abc"
    assert box.nodeTypes == ("a", "b", "c")


def test_types_match_exactly_and_instances_along_the_hierarchy(qt):
    box = qt.QComboBox()
    assert type(box) is qt.QComboBox
    assert isinstance(box, qt.QWidget)
    assert not isinstance(box, qt.QLabel)


def test_a_ui_connection_that_does_not_exist_is_an_error(slicer, tmp_path):
    path = tmp_path / "wrong.ui"
    path.write_text(
        '<ui version="4.0"><class>W</class><widget class="qMRMLWidget" name="W"/><connections>'
        "<connection><sender>W</sender><signal>sceneChanged(int)</signal><receiver>W</receiver>"
        "<slot>setMRMLScene(vtkMRMLScene*)</slot></connection></connections></ui>",
        encoding="utf-8",
    )
    with pytest.raises(RuntimeError, match="does not exist"):
        slicer.util.loadUI(str(path))


def test_a_misspelt_parameter_name_raises(qt, parameters):
    widget = qt.QCheckBox()
    widget.setProperty("SlicerParameterName", "alsoCubik")
    gui = type("Gui", (), {})()
    gui.box = widget
    with pytest.raises(ValueError, match="alsoCubik"):
        parameters.connectGui(gui)


def test_node_boxes_follow_the_scene(slicer):
    box = slicer.qMRMLNodeComboBox()
    box.nodeTypes = ["vtkMRMLScalarVolumeNode"]
    box.setMRMLScene(slicer.mrmlScene)
    heard = []
    box.connect("currentNodeChanged(vtkMRMLNode*)", heard.append)
    node = slicer.util.addVolumeFromArray(np.zeros((2, 2, 2), np.int16), name="One")
    assert box.currentNode() is node
    slicer.mrmlScene.RemoveNode(node)
    assert box.currentNode() is None
    assert heard == [node, None]
    # Else it would hear of, and hold, the nodes of the tests that follow.
    box.disconnect("currentNodeChanged(vtkMRMLNode*)", heard.append)


def test_slice_views_really_draw(slicer, cortex):
    from vtk.util.numpy_support import vtk_to_numpy

    slicer.util.setSliceViewerLayers(background=cortex, fit=True)
    picture = slicer.app.layoutManager().sliceWidget("Red").sliceView().picture()
    assert vtk_to_numpy(picture.GetPointData().GetScalars()).std() > 5
