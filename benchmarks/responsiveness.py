"""How the Slicer module's window answers: time to compute, to a preview, to cancel, longest gap.

    python benchmarks/responsiveness.py [VOLUME] [--scale 2.5]

Works through the panel's own widgets in the test host (needs what Testing/run_tests.py installs):
shows a preview and changes its settings, starts a run, cancels it in the middle, starts it again
and lets it finish, while a timer notes when the event loop came round.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
sys.path.insert(0, str(ROOT / "Testing" / "host"))

import slicerhost  # noqa: E402

from ArSSRLib.sample import sample_path  # noqa: E402


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("volume", nargs="?", default=str(sample_path()))
    parser.add_argument("--scale", type=float, default=2.5)
    arguments = parser.parse_args()
    slicer = slicerhost.start(testing=True)
    volume = slicer.util.loadVolume(arguments.volume)
    widget = slicerhost.open_module(str(ROOT / "ArSSR" / "ArSSR.py"))
    widget.ui.inputSelector.setCurrentNode(volume)
    widget.ui.scaleSlider.value = arguments.scale
    nodes = slicer.mrmlScene.GetNumberOfNodes()
    loop = EventLoop(slicer)
    loop.until(
        lambda: "PyTorch" in widget.ui.deviceSummaryLabel.text and bool(widget._devices.names)
    )
    loop.until(lambda: bool(widget.ui.noiseSummaryLabel.text))

    for what in ("click", "change of settings"):
        pressed = time.perf_counter()
        if what == "click":
            widget.ui.previewButton.click()
        else:
            widget.ui.noiseReductionSlider.value = 0.5
            loop.until(lambda: "Computing" in widget.ui.previewLabel.text)
        loop.until(lambda: "cm" in widget.ui.previewLabel.text)
        took = time.perf_counter() - pressed
        print(f"{what} to preview".ljust(30) + f"{took:.2f} s  {widget.ui.previewLabel.text}")
    print(f"longest gap until then   {loop.longest_gap():.3f} s")
    widget.ui.previewButton.click()

    pressed = time.perf_counter()
    widget.ui.applyButton.click()
    loop.until(lambda: widget.ui.progressBar.format.split()[0] not in ("Preparing", "%p%"))
    print(f"click to computing       {time.perf_counter() - pressed:.2f} s")
    loop.until(lambda: widget.ui.progressBar.value > 50)
    pressed = time.perf_counter()
    widget.ui.applyButton.click()
    loop.until(lambda: widget.ui.applyButton.text == "Apply")
    print(f"cancelled after          {time.perf_counter() - pressed:.2f} s")
    print(f"nodes left by the cancel {slicer.mrmlScene.GetNumberOfNodes() - nodes}")
    print(f"longest gap until then   {loop.longest_gap():.3f} s")

    started = time.perf_counter()
    widget.ui.applyButton.click()
    loop.until(lambda: widget.ui.applyButton.text == "Apply")
    print(f"second run               {time.perf_counter() - started:.0f} s")
    print(f"longest gap in it        {loop.longest_gap():.3f} s")
    print(f"the panel shows          {widget.ui.statusLabel.text}")


class EventLoop:
    """Runs Qt's events and notes how long each turn took."""

    def __init__(self, slicer: Any) -> None:
        self._slicer = slicer
        self._gaps: list[float] = []

    def until(self, condition: Callable[[], bool]) -> None:
        """Answers events until ``condition`` holds."""
        last = time.perf_counter()
        while not condition():
            self._slicer.app.processEvents()
            now = time.perf_counter()
            self._gaps.append(now - last)
            last = now
            time.sleep(0.0005)

    def longest_gap(self) -> float:
        """The longest turn since the last call, in s."""
        longest = max(self._gaps)
        self._gaps.clear()
        return longest


if __name__ == "__main__":
    main()
