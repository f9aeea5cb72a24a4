"""Pictures of the host's window: the panel, and the views arranged as the layout says."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from typing import Any

import vtk
from PySide6 import QtCore, QtGui, QtWidgets
from vtk.util.numpy_support import vtk_to_numpy

BAR_HEIGHT = 22
GAP = 2


def panel_picture(panel: Any) -> QtGui.QImage:
    """The panel as it would be painted on the screen."""
    image = QtWidgets.QWidget.grab(panel).toImage()
    image.setDevicePixelRatio(1.0)  # every pixel as it is, also where the display is scaled
    return image


def use_dark_style() -> None:
    """Colours as in Slicer's dark style."""
    palette = QtGui.QPalette(QtGui.QColor("#2e2f30"))  # Qt derives the other greys
    roles = QtGui.QPalette.ColorRole
    palette.setColor(roles.Base, QtGui.QColor("#1d1e1f"))
    palette.setColor(roles.AlternateBase, QtGui.QColor("#37383a"))
    palette.setColor(roles.Highlight, QtGui.QColor("#3f79b5"))
    for role in (roles.Text, roles.WindowText, roles.ButtonText):
        palette.setColor(role, QtGui.QColor("#e6e6e6"))
        palette.setColor(QtGui.QPalette.ColorGroup.Disabled, role, QtGui.QColor("#808080"))
    QtWidgets.QApplication.setPalette(palette)


def window_picture(panel: Any, layout_manager: Any, size: tuple[int, int]) -> QtGui.QImage:
    """The panel on the left, the views of the current layout on the right, in ``size`` pixels."""
    left = panel_picture(panel)
    picture = QtGui.QImage(*size, QtGui.QImage.Format.Format_RGB32)
    picture.fill(panel.palette.color(QtGui.QPalette.ColorRole.Window))
    painter = QtGui.QPainter(picture)
    painter.drawImage(0, 0, left)
    area = QtCore.QRect(left.width(), 0, size[0] - left.width(), size[1])
    painter.fillRect(area, QtGui.QColor("#2b2b2b"))
    places = view_places(layout_manager, area)
    for name, place in places.items():
        _draw_view(painter, layout_manager.sliceWidget(name), place)
    painter.end()
    return picture


def view_places(layout_manager: Any, area: QtCore.QRect) -> dict[str, QtCore.QRect]:
    """Where each slice view of the current layout goes inside ``area``."""
    description = layout_manager.layoutLogic().GetLayoutNode().GetCurrentLayoutDescription()
    places: dict[str, QtCore.QRect] = {}
    _divide(ElementTree.fromstring(description), area, places)
    return places


def _divide(element: Any, area: QtCore.QRect, places: dict[str, QtCore.QRect]) -> None:
    if element.tag == "view":
        if element.get("class") == "vtkMRMLSliceNode":
            places[element.get("singletontag")] = area
        return
    items = element.findall("item")
    horizontal = element.get("type") == "horizontal"
    for index, item in enumerate(items):
        width = area.width() // len(items) if horizontal else area.width()
        height = area.height() if horizontal else area.height() // len(items)
        x = area.x() + (index * width if horizontal else 0)
        y = area.y() + (0 if horizontal else index * height)
        for child in item:
            _divide(child, QtCore.QRect(x, y, width, height), places)


def fit_views(layout_manager: Any, area: QtCore.QSize) -> None:
    """Gives every view of the layout the size that it will have in a picture of ``area``."""
    places = view_places(layout_manager, QtCore.QRect(QtCore.QPoint(0, 0), area))
    first = next(iter(places.values()))
    layout_manager.set_view_size(first.width() - 2 * GAP, first.height() - BAR_HEIGHT - 2 * GAP)


def _draw_view(painter: QtGui.QPainter, widget: Any, place: QtCore.QRect) -> None:
    node = widget.mrmlSliceNode()
    inner = place.adjusted(GAP, GAP, -GAP, -GAP)
    colour = QtGui.QColor.fromRgbF(*node.GetLayoutColor())
    painter.fillRect(QtCore.QRect(inner.x(), inner.y(), inner.width(), BAR_HEIGHT), colour)
    painter.setPen(QtGui.QColor("black"))
    bar = QtCore.QRect(inner.x() + 8, inner.y(), inner.width() - 16, BAR_HEIGHT)
    centre = QtCore.Qt.AlignmentFlag.AlignVCenter
    painter.drawText(bar, centre | QtCore.Qt.AlignmentFlag.AlignLeft, node.GetLayoutLabel())
    offset = f"{node.GetOrientation()}  {node.GetSliceOffset():.1f} mm"
    painter.drawText(bar, centre | QtCore.Qt.AlignmentFlag.AlignRight, offset)
    image = image_of(widget.sliceView().picture())
    painter.drawImage(inner.x(), inner.y() + BAR_HEIGHT, image)


def image_of(image_data: vtk.vtkImageData) -> QtGui.QImage:
    """A Qt image of RGB bytes from VTK (whose first row is the lowest)."""
    width, height, _ = image_data.GetDimensions()
    pixels = vtk_to_numpy(image_data.GetPointData().GetScalars()).reshape(height, width, 3)
    pixels = pixels[::-1].copy()
    image = QtGui.QImage(pixels.data, width, height, 3 * width, QtGui.QImage.Format.Format_RGB888)
    return image.copy()
