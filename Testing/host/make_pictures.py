"""Makes the README's screenshots: the panel in its states and the comparison, from a real run.

    python Testing/host/make_pictures.py [--output FOLDER] [--style dark] [--scaling 2] [--region]
    python Testing/host/make_pictures.py --before-run    quick: the panel and the preview only

Everything is done the way a user does it: the widgets' signals start, cancel and compare. The
error is a real one: the child process is killed as the system does when memory runs out.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
import time
from pathlib import Path
from typing import Any

import psutil
from PIL import Image

HOST = Path(__file__).resolve().parent
ROOT = HOST.parent.parent
sys.path.insert(0, str(HOST))
PANEL_WIDTH, PANEL_HEIGHT = 420, 960
WINDOW = (1500, 960)
SCALE = 2.5
COLOURS = 160
"""Colours of the stored pictures: enough for grey images, and half the size."""
VIEWS = {"row": 0, "divider": 1, "nine": 2}
"""Pictures of the comparison, by the index of their arrangement in the menu."""
PLACE = (-25.0, -20.0, 60.0)
"""Where the preview is shown, in RAS mm: cortex of the sample."""
READY_SECONDS = 900


class Studio:
    """The open panel, and one picture a method."""

    def __init__(self, arguments: argparse.Namespace) -> None:
        import slicerhost

        self.slicer = slicerhost.start()
        self.scaling, self.region = arguments.scaling, arguments.region
        self.output = arguments.output
        self.panel = slicerhost.open_module(arguments.module)
        self.ui = self.panel.ui
        self.frame = self.panel.parent
        self.frame.resize(PANEL_WIDTH, PANEL_HEIGHT)
        if arguments.model is not None:
            self.panel.logic.getParameterNode().model = self._installed(arguments.model)

    @staticmethod
    def _installed(path: Path) -> str:
        from ArSSRModule.panel import installed_models

        return installed_models.installModel(str(path))

    def before_run(self) -> None:
        self._settle()
        self._save_panel("panel-empty")
        self._load_sample()
        if self.region:
            self.ui.roiSelector.addNode()
        summary = self.ui.deviceSummaryLabel
        self._wait(lambda: "thread" in summary.text or "GPU" in summary.text)
        self.ui.scaleSlider.value = SCALE
        if self.ui.expectedErrorCheckBox.enabled:
            self.ui.expectedErrorCheckBox.checked = True
        self._wait(lambda: "Estimated noise" in self.ui.noiseSummaryLabel.text)
        self._save_panel("panel-ready")
        self._picture_of_preview()

    def runs(self) -> None:
        self._picture_of_error()
        self.ui.applyButton.click()
        self._wait(lambda: self.ui.progressBar.value > 350)
        self._save_panel("panel-running")
        self._wait(lambda: self.ui.applyButton.text == "Apply")
        self._save_panel("panel-done")

    def comparison(self) -> None:
        self.ui.compareCollapsibleButton.collapsed = False
        self.ui.compareButton.click()
        for name, index in VIEWS.items():
            self.ui.comparisonViewsComboBox.currentIndex = index
            self._save_window("slicer-comparison" if name == "row" else f"slicer-{name}")
        self.ui.zoomButton.click()
        self._save_window("slicer-whole")
        self.ui.zoomButton.click()
        self.ui.comparisonViewsComboBox.currentIndex = 0
        self.ui.differenceCheckBox.click()
        self._save_window("slicer-difference")
        if not self.ui.showErrorCheckBox.isHidden():
            self.ui.differenceCheckBox.click()
            self.ui.showErrorCheckBox.click()
            self._save_window("slicer-error")

    def _load_sample(self) -> None:
        import SampleData

        node = SampleData.SampleDataLogic().downloadSample("ArSSRBrainT1")
        self.ui.inputSelector.setCurrentNode(node)

    def _picture_of_preview(self) -> None:
        from slicerhost.readings import shown_widgets

        self.slicer.util.setSliceViewerLayers(background=self.ui.inputSelector.currentNode())
        for widget in shown_widgets(self.slicer):
            widget.mrmlSliceNode().JumpSliceByOffsetting(*PLACE)
        self.ui.previewButton.click()
        self._wait(lambda: "cm" in self.ui.previewLabel.text)
        self._draw_window("slicer-preview", fitted=True)
        self.ui.previewButton.click()

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

    def _save_window(self, name: str) -> None:
        self._size_views()
        # opened again, now that the views have the picture's size
        zoomed_out = "Zoom" in self.ui.zoomButton.text
        self.ui.compareButton.click()
        self.ui.compareButton.click()
        if zoomed_out:
            self.ui.zoomButton.click()
        self._draw_window(name)

    def _size_views(self) -> tuple[int, int]:
        """Gives the views their size in a picture; returns that of the picture."""
        from PySide6 import QtCore
        from slicerhost.picture import fit_views

        width, height = (self.scaling * side for side in WINDOW)
        area = QtCore.QSize(width - self.scaling * PANEL_WIDTH, height)
        fit_views(self.slicer.app.layoutManager(), area)
        return width, height

    def _draw_window(self, name: str, fitted: bool = False) -> None:
        """A picture of the window; ``fitted`` shows the whole input in every view."""
        from slicerhost.picture import window_picture
        from slicerhost.readings import shown_widgets

        manager = self.slicer.app.layoutManager()
        size = self._size_views()
        for widget in shown_widgets(self.slicer) if fitted else ():
            logic = widget.sliceLogic()
            offset = logic.GetSliceOffset()
            logic.FitSliceToBackground()
            logic.SetSliceOffset(offset)
        self._settle()
        self._save(window_picture(self.frame, manager, size), name)

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
        deadline = time.monotonic() + READY_SECONDS
        while not condition():
            if time.monotonic() > deadline:
                raise RuntimeError("The run takes too long.")
            self.slicer.app.processEvents()
            time.sleep(0.01)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--module", type=Path, default=ROOT / "ArSSR" / "ArSSR.py")
    parser.add_argument("--output", type=Path, default=ROOT / "Resources" / "Screenshots")
    parser.add_argument("--style", choices=("light", "dark"), default="light")
    parser.add_argument("--scaling", type=int, default=1, help="of the display, 2 for 200 %%")
    parser.add_argument("--before-run", action="store_true", help="only what needs no run")
    parser.add_argument("--region", action="store_true", help="upsample a region only: quicker")
    parser.add_argument("--model", type=Path, help="file of a model to install and choose")
    arguments = parser.parse_args()
    arguments.output.mkdir(parents=True, exist_ok=True)
    os.environ["QT_SCALE_FACTOR"] = str(arguments.scaling)
    studio = Studio(arguments)
    if arguments.style == "dark":
        from slicerhost.picture import use_dark_style

        use_dark_style()
    studio.before_run()
    if not arguments.before_run:
        studio.runs()
        studio.comparison()
    return 0


if __name__ == "__main__":
    sys.exit(main())
