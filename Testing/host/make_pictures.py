"""Makes the README's screenshots: the panel in its states and the comparison, from a real run.

    python Testing/host/make_pictures.py [--module PATH/ArSSR.py] [--output FOLDER]

Everything is done the way a user does it: the widgets' signals start, cancel and compare. The
error is a real one: the child process is killed as the system does when memory runs out.
"""

from __future__ import annotations

import argparse
import io
import sys
import time
from pathlib import Path
from typing import Any

import psutil
from PIL import Image

HOST = Path(__file__).resolve().parent
ROOT = HOST.parent.parent
sys.path.insert(0, str(HOST))
PANEL_WIDTH, PANEL_HEIGHT = 420, 860
WINDOW = (1500, 860)
SCALE = 2.5
COLOURS = 220
"""Colours of the stored pictures: enough for grey images, and half the size."""
ZOOM = 1.6
"""Of the picture of the difference, so that single structures can be told apart."""


class Studio:
    """The open panel, and one picture a method."""

    def __init__(self, module: Path, output: Path) -> None:
        import slicerhost

        self.slicer = slicerhost.start()
        self.output = output
        self.panel = slicerhost.open_module(module)
        self.ui = self.panel.ui
        self.frame = self.panel.parent
        self.frame.resize(PANEL_WIDTH, PANEL_HEIGHT)

    def panel_states(self) -> None:
        self._settle()
        self._save_panel("panel-empty")
        self._load_sample()
        self._wait(
            lambda: (
                "CPU" in self.ui.deviceSummaryLabel.text or "GPU" in self.ui.deviceSummaryLabel.text
            )
        )
        self.ui.scaleSlider.value = SCALE
        self._save_panel("panel-ready")
        self._picture_of_error()
        self.ui.applyButton.click()
        self._wait(lambda: self.ui.progressBar.value > 350)
        self._save_panel("panel-running")
        self._wait(lambda: self.ui.applyButton.text == "Apply")
        self._save_panel("panel-done")

    def comparison(self) -> None:
        self.ui.inputsCollapsibleButton.collapsed = True
        self.ui.outputsCollapsibleButton.collapsed = True
        self.ui.compareCollapsibleButton.collapsed = False
        self.ui.compareButton.click()
        self._save_window("slicer-comparison")
        self.ui.comparisonViewsComboBox.currentIndex = 3
        self.ui.differenceCheckBox.click()
        self._save_window("slicer-difference", height=560, zoom=ZOOM)

    def _load_sample(self) -> None:
        import SampleData

        node = SampleData.SampleDataLogic().downloadSample("ArSSRBrainT1")
        self.ui.inputSelector.setCurrentNode(node)

    def _picture_of_error(self) -> None:
        self.ui.applyButton.click()
        self._wait(lambda: self.ui.progressBar.value > 0)
        for process in psutil.Process().children(recursive=True):
            if "ArSSRLib" in process.cmdline():
                process.kill()
        self._wait(lambda: self.ui.applyButton.text == "Apply")
        self._save_panel("panel-error")

    def _save_panel(self, name: str) -> None:
        from slicerhost.picture import panel_picture

        self._settle()
        self._save(panel_picture(self.frame), name)

    def _save_window(self, name: str, height: int = WINDOW[1], zoom: float = 1.0) -> None:
        from PySide6 import QtCore
        from slicerhost.picture import fit_views, window_picture

        self.frame.resize(PANEL_WIDTH, height)
        manager = self.slicer.app.layoutManager()
        fit_views(manager, QtCore.QSize(WINDOW[0] - PANEL_WIDTH, height))
        # opened again, now that the views have the picture's size: they fit the result anew
        self.ui.compareButton.click()
        self.ui.compareButton.click()
        self._settle()
        self._zoom_one_view(zoom)
        self._save(window_picture(self.frame, manager, (WINDOW[0], height)), name)

    def _zoom_one_view(self, factor: float) -> None:
        """Zooms the first view as the mouse does; the others follow since they are linked."""
        manager = self.slicer.app.layoutManager()
        node = manager.shown_slice_nodes()[0]
        logic = self.slicer.app.applicationLogic().GetSliceLogic(node)
        logic.StartSliceNodeInteraction(self.slicer.vtkMRMLSliceNode.FieldOfViewFlag)
        width, height, depth = node.GetFieldOfView()
        node.SetFieldOfView(width / factor, height / factor, depth)
        node.UpdateMatrices()
        logic.EndSliceNodeInteraction()

    def _save(self, image: Any, name: str) -> None:
        from PySide6 import QtCore

        buffer = QtCore.QBuffer()
        buffer.open(QtCore.QIODevice.OpenModeFlag.WriteOnly)
        image.save(buffer, "PNG")
        path = self.output / f"{name}.png"
        picture = Image.open(io.BytesIO(bytes(buffer.data()))).convert("RGB")
        picture.quantize(COLOURS, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE).save(
            path, optimize=True
        )
        print(f"{path} ({path.stat().st_size // 1000} kB)")

    def _settle(self) -> None:
        for _ in range(5):
            self.slicer.app.processEvents()

    def _wait(self, condition: Any) -> None:
        deadline = time.monotonic() + 900
        while not condition():
            if time.monotonic() > deadline:
                raise RuntimeError("The run takes too long.")
            self.slicer.app.processEvents()
            time.sleep(0.01)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--module", type=Path, default=ROOT / "ArSSR" / "ArSSR.py")
    parser.add_argument("--output", type=Path, default=ROOT / "Resources" / "Screenshots")
    arguments = parser.parse_args()
    arguments.output.mkdir(parents=True, exist_ok=True)
    studio = Studio(arguments.module, arguments.output)
    studio.panel_states()
    studio.comparison()
    return 0


if __name__ == "__main__":
    sys.exit(main())
