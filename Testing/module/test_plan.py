"""The memory that a run is said to need, and the warning when the computer has less."""

from __future__ import annotations

import psutil
import pytest


@pytest.fixture
def plan(ui, panel, chosen):
    """Plans a run of the small volume with the panel's present choices."""
    return lambda: panel.logic.plan(panel.logic.getParameterNode())


def test_the_memory_while_running_counts_what_slicer_holds(slicer, ui, plan, cortex):
    from ArSSRLib.upsampling.estimate import estimate_cost
    from ArSSRLib.upsampling.request import Upsampling
    from ArSSRModule.scene import geometry

    copy = slicer.util.arrayFromVolume(cortex).nbytes
    made = plan()
    grid = geometry.gridOfVolume(cortex)
    child = estimate_cost(Upsampling.of(), grid, made.target).peak_bytes
    cubic = made.resultBytes // 2  # loaded while the network runs
    assert made.peakBytes == child + copy + cubic
    ui.alsoCubicCheckBox.click()
    assert plan().peakBytes == child + copy


def test_a_run_for_which_the_computer_is_too_small_is_warned_about(ui, plan, monkeypatch):
    from ArSSRModule.run import plan as planning

    needed = plan().peakBytes
    for memory, warned in ((needed, False), (needed - 1, True)):
        monkeypatch.setattr(planning, "physicalMemory", lambda memory=memory: memory)
        assert any("this computer has" in text for text in plan().warnings) == warned
    monkeypatch.setattr(planning, "physicalMemory", lambda: needed - 1)
    ui.scaleSlider.value = 2.1
    assert "smaller scale" in ui.warningLabel.text


def test_the_computer_s_memory_is_what_the_system_says(slicer):
    from ArSSRModule.run.machine import physicalMemory

    # Less where a container has a limit.
    assert 0 < physicalMemory() <= psutil.virtual_memory().total
