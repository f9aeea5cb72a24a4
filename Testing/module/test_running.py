"""Runs through the panel, by the widgets' own signals, with everything that can go wrong."""

from __future__ import annotations

import gc
import signal
from pathlib import Path

import numpy as np
import pytest
from process_ends import outlasting
from slicerhost.readings import node_ids, volume_names


@pytest.fixture
def sample(slicer):
    """The bundled brain: large enough for something to happen while it is upsampled."""
    from ArSSRLib.sample import sample_path

    return slicer.util.loadVolume(str(sample_path()))


@pytest.fixture
def running(ui, sample, wait, children):
    """A run of the whole brain that has got to the child process."""
    ui.inputSelector.setCurrentNode(sample)
    ui.scaleSlider.value = 3.0
    ui.applyButton.click()
    wait(lambda: children() and ui.progressBar.value > 0)
    return sample


def test_apply_puts_both_results_beside_the_input_and_says_so(slicer, ui, chosen, wait):
    ui.scaleSlider.value = 2.5
    ui.applyButton.click()
    assert ui.progressBar.isVisibleTo(ui.ArSSR)
    wait(lambda: ui.applyButton.text == "Apply")
    assert volume_names(slicer) == ["cortex_t1", "cortex_t1 ArSSR 2.5x", "cortex_t1 cubic 2.5x"]
    result = slicer.util.getFirstNodeByName("cortex_t1 ArSSR 2.5x")
    assert result.GetImageData().GetDimensions() == (120, 110, 50)
    assert "Done" in ui.statusLabel.text
    assert any("Done" in m for m in slicer.util.mainWindow()._status_messages)


def test_without_cubic_only_the_network_s_result_is_made(slicer, ui, apply):
    ui.alsoCubicCheckBox.click()
    apply()
    assert volume_names(slicer) == ["cortex_t1", "cortex_t1 ArSSR 2x"]


def test_fast_leaves_out_the_mirrored_pass(slicer, ui, apply, mirrored, monkeypatch, tmp_path):
    import qt

    from ArSSRModule.panel import installed_models as models

    monkeypatch.setattr(models, "installedFolder", lambda: tmp_path / "installed")
    monkeypatch.setattr(qt.QFileDialog, "getOpenFileName", lambda *a: str(mirrored(True)))
    ui.installModelButton.click()
    ui.alsoCubicCheckBox.click()
    for _ in range(2):
        apply()
        ui.fastCheckBox.click()
    nodes = [
        slicer.util.getFirstNodeByName(name)
        for name in ("cortex_t1 ArSSR 2x", "cortex_t1 ArSSR 2x_1")
    ]
    assert [node.GetAttribute("ArSSR.Fast") for node in nodes] == ["False", "True"]
    both, once = (slicer.util.arrayFromVolume(node).astype(float) for node in nodes)
    difference = abs(both - once).mean()
    assert 0 < difference < 0.02 * both.mean()


def test_two_runs_after_another_make_two_results(slicer, ui, apply):
    ui.alsoCubicCheckBox.click()
    for _ in range(2):
        apply()
    assert len(volume_names(slicer)) == 3
    assert len(set(volume_names(slicer))) == 3


def test_a_chosen_output_volume_is_overwritten(slicer, ui, apply):
    output = ui.outputSelector.addNode()
    for scale, size in ((2.0, (96, 88, 40)), (1.5, (72, 66, 30))):
        ui.scaleSlider.value = scale
        apply()
        assert output.GetImageData().GetDimensions() == size
    assert len(volume_names(slicer)) == 3


def test_the_window_responds_during_a_run(slicer, ui, chosen, wait):
    import qt

    ticks = []
    timer = qt.QTimer()
    timer.setInterval(0)
    timer.connect("timeout()", lambda: ticks.append(ui.progressBar.value))
    ui.scaleSlider.value = 4.0
    timer.start()
    ui.applyButton.click()
    wait(lambda: ui.applyButton.text == "Apply")
    timer.stop()
    assert len({value for value in ticks if 0 < value < 1000}) >= 3


def test_cancel_ends_the_whole_process_tree_and_leaves_the_scene(
    slicer, ui, running, wait, children
):
    before = node_ids(slicer)
    processes = children()
    assert len(processes) >= 2, "a launcher and the Python that it started"
    ui.applyButton.click()
    assert not ui.applyButton.enabled
    wait(lambda: ui.applyButton.text == "Apply")
    assert outlasting(processes, seconds=5.0) == []
    assert node_ids(slicer) == before
    assert "Cancelled" in ui.statusLabel.text
    assert not ui.progressBar.isVisibleTo(ui.ArSSR)


def test_a_run_can_be_started_again_after_cancel(slicer, ui, running, apply, wait):
    ui.applyButton.click()
    wait(lambda: ui.applyButton.text == "Apply")
    ui.scaleSlider.value = 1.5
    apply()
    assert "cortex_t1 ArSSR 1.5x" in volume_names(slicer)


def test_a_child_killed_for_memory_gives_the_remedy(slicer, ui, running, wait, children):
    before = node_ids(slicer)
    for process in children():
        process.send_signal(signal.SIGKILL)
    wait(lambda: ui.applyButton.text == "Apply")
    assert "memory" in ui.statusLabel.text
    assert "smaller scale" in ui.statusLabel.text
    assert node_ids(slicer) == before


def test_a_killed_child_is_noticed_behind_its_launcher_too(ui, running, wait, children):
    innermost = [p for p in children() if not p.children()]
    for process in innermost:
        process.send_signal(signal.SIGKILL)
    wait(lambda: ui.applyButton.text == "Apply")
    for words in ("memory ran out", "smaller scale", "device CPU"):
        assert words in ui.statusLabel.text
    assert "python-real" not in ui.statusLabel.text


def test_a_crashed_child_gives_a_message_with_a_remedy(slicer, ui, running, wait, children):
    for process in children():
        process.send_signal(signal.SIGSEGV)
    wait(lambda: ui.applyButton.text == "Apply")
    assert "stopped unexpectedly" in ui.statusLabel.text
    assert "CPU" in ui.statusLabel.text


@pytest.mark.parametrize("fault", ["launcher missing", "launcher not executable"])
def test_a_child_that_cannot_start_ends_the_run_with_its_reason(
    slicer, panel, ui, apply, monkeypatch, tmp_path, fault
):
    from ArSSRModule import library

    panel.worker.stopNow()

    def missing():
        raise RuntimeError("PythonSlicer is missing from the installation; install Slicer again.")

    plain = tmp_path / "PythonSlicer"
    plain.write_text("no program")
    found = missing if fault == "launcher missing" else lambda: str(plain)
    monkeypatch.setattr(library, "pythonExecutable", found)
    text = apply()
    assert "could not be started" in text
    assert "PythonSlicer" in text
    assert not ui.progressBar.isVisibleTo(ui.ArSSR)
    assert ui.applyButton.enabled
    assert list(Path(slicer.app.temporaryPath).glob("ArSSR-*")) == []


def test_a_run_that_ended_keeps_no_voxels(apply):
    from ArSSRModule.scene.volume_files import LoadedImage, Snapshot

    apply()
    gc.collect()
    # Not isinstance: it would ask every object of other libraries for its class.
    kept = [o for o in gc.get_objects() if type(o) in (LoadedImage, Snapshot)]
    assert kept == []


def test_bad_values_in_the_volume_are_reported_in_the_library_s_words(slicer, ui, cortex, apply):
    array = slicer.util.arrayFromVolume(cortex).astype(np.float32)
    array[3, 3, 3] = np.nan
    slicer.util.updateVolumeFromArray(cortex, array)
    text = apply()
    assert "finite" in text
    assert "Traceback" not in text
    assert volume_names(slicer) == ["cortex_t1"]


@pytest.mark.parametrize("how", ["input removed", "scene closed"])
def test_the_end_of_the_input_ends_the_run(slicer, ui, running, children, how):
    processes = children()
    if how == "input removed":
        slicer.mrmlScene.RemoveNode(running)
    else:
        slicer.mrmlScene.Clear()
    assert outlasting(processes, seconds=5.0) == []
    assert how == "scene closed" or "removed" in ui.statusLabel.text
    assert ui.applyButton.text == "Apply"
    assert volume_names(slicer) == []


def test_an_edit_during_the_run_does_not_reach_the_result(slicer, ui, chosen, wait):
    untouched = slicer.util.arrayFromVolume(chosen).astype(float).mean()
    ui.applyButton.click()
    slicer.util.updateVolumeFromArray(chosen, np.zeros((20, 44, 48), np.int16))
    wait(lambda: ui.applyButton.text == "Apply")
    result = slicer.util.getFirstNodeByName("cortex_t1 ArSSR 2x")
    assert slicer.util.arrayFromVolume(result).mean() == pytest.approx(untouched, rel=0.05)
    assert "edited" in ui.statusLabel.text


def test_removing_the_chosen_output_makes_a_new_one(slicer, ui, chosen, wait):
    output = ui.outputSelector.addNode()
    ui.applyButton.click()
    slicer.mrmlScene.RemoveNode(output)
    wait(lambda: ui.applyButton.text == "Apply")
    assert "cortex_t1 ArSSR 2x" in volume_names(slicer)


def test_reloading_the_module_ends_the_run_and_gives_a_working_panel(
    slicer, panel, running, children, wait
):
    processes = children()
    panel.onReload()
    assert outlasting(processes, seconds=5.0) == []
    fresh = slicer.modules.ArSSRWidget
    assert fresh is not panel
    fresh.enter()
    fresh.ui.inputSelector.setCurrentNode(running)
    fresh.ui.scaleSlider.value = 1.2
    assert fresh.ui.applyButton.enabled, fresh.ui.applyButton.toolTip


def test_leaving_the_module_does_not_end_the_run_nor_change_the_views(slicer, ui, chosen, wait):
    slicer.util.setSliceViewerLayers(background=chosen)
    ui.applyButton.click()
    slicer.util.selectModule("none")
    wait(lambda: ui.applyButton.text == "Apply")
    assert "cortex_t1 ArSSR 2x" in volume_names(slicer)
    red = slicer.app.layoutManager().sliceWidget("Red").mrmlSliceCompositeNode()
    assert red.GetBackgroundVolumeID() == chosen.GetID()


def test_a_result_that_cannot_be_placed_leaves_the_scene(slicer, ui, apply, monkeypatch):
    from ArSSRModule.run import job

    def second_fails(loaded, inputNode, outputNode, name, origin):
        if origin.method == "arssr":
            raise MemoryError("no room for the voxels")
        return place(loaded, inputNode, outputNode, name, origin)

    place = job.placeResult
    monkeypatch.setattr(job, "placeResult", second_fails)
    assert "enough memory" in apply()
    assert volume_names(slicer) == ["cortex_t1"]


def test_a_model_file_that_goes_during_the_run_is_still_named_in_the_result(
    cortex, mirrored, logic
):
    file = mirrored(False)
    result = logic.upsample(
        cortex, scale=1.2, model=str(file), progress=lambda report: file.unlink(missing_ok=True)
    )
    assert not file.exists()
    assert result.GetAttribute("ArSSR.Model") == str(file)
    assert result.GetAttribute("ArSSR.ModelVersion")
