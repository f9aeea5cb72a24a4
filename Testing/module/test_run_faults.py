"""What can fail in Slicer's own part of a run: every fault ends in a sentence, and Apply works."""

from __future__ import annotations

import gc

import numpy as np
import pytest
from slicerhost.readings import volume_names

NO_ROOM_FOR_A_RESULT = """
import resource
open_panel()
import SimpleITK as sitk
from ArSSRLib.volumes.grid import Grid
from ArSSRModule.scene.volume_files import LoadedImage

side = 800
image = sitk.Image(side, side, side, sitk.sitkUInt8)
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + side**3 // 2,) * 2)
try:
    LoadedImage.of(image, Grid((2, 2, 2)))
except MemoryError:
    print("Slicer is told", flush=True)
"""


def test_a_result_without_room_in_memory_does_not_end_slicer(fresh_host):
    assert fresh_host(NO_ROOM_FOR_A_RESULT).endswith("Slicer is told\n")


def test_an_image_keeps_the_voxels_that_it_was_made_over(slicer):
    from ArSSRModule.scene.volume_files import imageDataOver

    values = np.arange(24, dtype=np.int16).reshape(2, 3, 4)
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode")
    node.SetAndObserveImageData(imageDataOver(values.copy()))
    gc.collect()
    others = [np.zeros_like(values) for _ in range(1000)]  # would take memory that is free again
    assert len(others) == 1000
    np.testing.assert_array_equal(slicer.util.arrayFromVolume(node), values)
    assert node.GetImageData().GetDimensions() == (4, 3, 2)


def test_a_result_that_cannot_be_loaded_for_memory_says_so(slicer, apply, monkeypatch):
    from ArSSRModule.scene.volume_files import LoadedImage

    def no_memory(path, grid):
        raise MemoryError  # as Python itself raises it: without a text

    monkeypatch.setattr(LoadedImage, "read", staticmethod(no_memory))
    assert "enough memory" in apply()
    assert volume_names(slicer) == ["cortex_t1"]


def test_a_run_that_failed_keeps_no_voxels(apply, monkeypatch):
    from ArSSRModule.run import failures
    from ArSSRModule.scene.volume_files import Snapshot, sitk

    def refuse(*arguments, **options):
        raise RuntimeError("no file")

    monkeypatch.setattr(sitk, "WriteImage", refuse)
    monkeypatch.setattr(failures.logging, "error", lambda *a, **o: None)  # pytest keeps records
    assert "Temporary directory" in apply()
    gc.collect()
    assert not any(type(thing) is Snapshot for thing in gc.get_objects())


def test_an_input_without_its_image_counts_as_edited(slicer, ui, chosen, wait):
    ui.applyButton.click()
    chosen.SetAndObserveImageData(None)
    wait(lambda: ui.applyButton.text == "Apply")
    assert "edited" in ui.statusLabel.text
    assert "cortex_t1 ArSSR 2x" in volume_names(slicer)


def test_an_unexpected_fault_between_two_steps_ends_the_run(slicer, ui, apply, monkeypatch, caplog):
    from ArSSRModule.run.worker import Worker

    def unforeseen(worker, request):
        raise KeyError("unforeseen")

    monkeypatch.setattr(Worker, "order", unforeseen)
    assert "unforeseen" in apply()
    assert "Traceback" not in ui.statusLabel.text
    assert not ui.progressBar.isVisibleTo(ui.ArSSR)
    assert any(record.exc_info for record in caplog.records)
    monkeypatch.undo()
    assert "Done" in apply()


def test_an_unexpected_fault_when_an_order_is_done_ends_the_run(apply, monkeypatch):
    from ArSSRModule.run import measured_speed

    def unforeseen(device, estimated, seconds):
        raise KeyError("unforeseen")

    monkeypatch.setattr(measured_speed, "remember", unforeseen)
    assert "unforeseen" in apply()
    monkeypatch.undo()
    assert "Done" in apply()


@pytest.mark.parametrize(
    ("fault", "words"), [(MemoryError(), "enough memory"), (KeyError("odd"), "odd")]
)
def test_a_run_that_cannot_be_prepared_says_why(slicer, ui, apply, monkeypatch, fault, words):
    from ArSSRModule.scene.volume_files import Snapshot

    def fail(volumeNode):
        raise fault

    monkeypatch.setattr(Snapshot, "of", staticmethod(fail))
    assert words in apply()
    assert "prepared" not in ui.applyButton.toolTip
    monkeypatch.undo()
    assert "Done" in apply()
