"""Draws the extension's icon and the sample's thumbnail from the bundled brain volume.

    python Testing/host/make_icons.py

The icon shows one slice: coarse voxels on the left, fine ones on the right.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
import SimpleITK as sitk
from PySide6 import QtCore, QtGui

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT))
SIZE = 128
COARSE_PIXELS = 14
ROUNDING = 26.0


def brain_slice(side: int) -> np.ndarray:
    """An axial slice of the sample as a square uint8 image of ``side`` pixels."""
    from ArSSRLib.sample import sample_path

    image = sitk.DICOMOrient(sitk.ReadImage(str(sample_path()), sitk.sitkFloat32), "LPS")
    extent = 172.0
    size, spacing, origin = image.GetSize(), image.GetSpacing(), image.GetOrigin()
    centre = [origin[a] + size[a] * spacing[a] / 2 for a in range(3)]
    plane = sitk.ResampleImageFilter()
    plane.SetSize((side, side, 1))
    plane.SetOutputSpacing((extent / side, extent / side, 1.0))
    plane.SetOutputOrigin((centre[0] - extent / 2, centre[1] - extent / 2, centre[2] + 12.0))
    plane.SetInterpolator(sitk.sitkBSpline)
    values = sitk.GetArrayFromImage(plane.Execute(image))[0]
    high = np.percentile(values[values > 0], 99.5)
    return (np.clip(values / high, 0, 1) ** 0.85 * 255).astype(np.uint8)


def half_coarse(side: int) -> np.ndarray:
    index = np.arange(side) * COARSE_PIXELS // side
    coarse = brain_slice(COARSE_PIXELS)[index][:, index]
    left = np.arange(side)[None, :] < side // 2
    return np.where(left, coarse, brain_slice(side))


def icon() -> QtGui.QImage:
    gray = np.ascontiguousarray(half_coarse(SIZE))
    brain = QtGui.QImage(gray.data, SIZE, SIZE, SIZE, QtGui.QImage.Format.Format_Grayscale8)
    picture = QtGui.QImage(SIZE, SIZE, QtGui.QImage.Format.Format_ARGB32)
    picture.fill(0)
    painter = QtGui.QPainter(picture)
    painter.setRenderHint(QtGui.QPainter.RenderHint.Antialiasing)
    frame = QtGui.QPainterPath()
    frame.addRoundedRect(QtCore.QRectF(1, 1, SIZE - 2, SIZE - 2), ROUNDING, ROUNDING)
    painter.setClipPath(frame)
    painter.fillRect(0, 0, SIZE, SIZE, QtGui.QColor("#0d1b2a"))
    painter.setCompositionMode(QtGui.QPainter.CompositionMode.CompositionMode_Screen)
    painter.drawImage(0, 0, brain.convertToFormat(QtGui.QImage.Format.Format_ARGB32))
    painter.setCompositionMode(QtGui.QPainter.CompositionMode.CompositionMode_SourceOver)
    painter.setPen(QtGui.QPen(QtGui.QColor("#4cc9f0"), 2.5))
    painter.drawLine(SIZE // 2, 0, SIZE // 2, SIZE)
    painter.setClipping(False)
    painter.drawPath(frame)
    painter.end()
    return picture


def thumbnail() -> QtGui.QImage:
    gray = np.ascontiguousarray(np.pad(brain_slice(260), ((10, 10), (0, 0))))
    image = QtGui.QImage(gray.data, 260, 280, 260, QtGui.QImage.Format.Format_Grayscale8)
    return image.copy()


def main() -> None:
    application = QtGui.QGuiApplication.instance() or QtGui.QGuiApplication([])
    assert application is not None
    icons = ROOT / "ArSSR" / "Resources" / "Icons"
    icons.mkdir(parents=True, exist_ok=True)
    (ROOT / "Resources").mkdir(exist_ok=True)
    picture = icon()
    for path in (ROOT / "Resources" / "ArSSR.png", icons / "ArSSR.png"):
        picture.save(str(path))
        print(path)
    thumbnail().save(str(icons / "ArSSRBrainT1.png"))
    print(icons / "ArSSRBrainT1.png")


if __name__ == "__main__":
    main()
