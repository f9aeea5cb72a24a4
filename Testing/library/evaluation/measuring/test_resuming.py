"""What an earlier run measured is reused only where nothing that decides it has changed."""

from __future__ import annotations

import math
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import SimpleITK as sitk
import torch

import ArSSRLib
from ArSSRLib.evaluation.measuring import fingerprint as fingerprints
from ArSSRLib.evaluation.measuring.measure import measure
from ArSSRLib.evaluation.measuring.methods import EvaluatedMethod, parse_method
from ArSSRLib.evaluation.measuring.records import Record, load_record, save_record
from ArSSRLib.evaluation.measuring.tasks import Task
from ArSSRLib.evaluation.metrics import METRICS, Unavailable
from ArSSRLib.evaluation.settings import Settings

Quick = Callable[..., Settings]
CUBIC = parse_method("cubic")


@pytest.fixture
def case(folder: Path) -> Task:
    return Task("brain_45_2mm", folder / "brain_45_2mm.nii.gz", 2.0, CUBIC)


def _psnr(case: Task, settings: Settings) -> float:
    record = measure(case, settings)
    assert not record.error
    return float(record.values["psnr"])


def test_a_volume_that_is_replaced_is_read_again_in_the_same_process(
    case: Task, quick: Quick, folder: Path
) -> None:
    before = _psnr(case, quick())
    shutil.copy(folder / "brain_46_2mm.nii.gz", case.path)
    other = Task("brain_46_2mm", folder / "brain_46_2mm.nii.gz", 2.0, CUBIC)
    after = _psnr(case, quick())
    assert after != before
    assert after == _psnr(other, quick())


@pytest.mark.parametrize("suffix", [".mhd", ".nhdr"])
def test_new_raw_data_under_the_same_header_are_measured_again(
    suffix: str, case: Task, quick: Quick, folder: Path, brain_image: sitk.Image
) -> None:
    path = folder.parent / f"brain{suffix}"
    array = sitk.GetArrayFromImage(brain_image)
    sitk.WriteImage(sitk.GetImageFromArray(array), str(path))
    header = path.read_bytes()
    detached = replace(case, path=path)
    before = _psnr(detached, quick())
    sitk.WriteImage(sitk.Median(sitk.GetImageFromArray(array)), str(path))
    assert path.read_bytes() == header
    assert _psnr(detached, quick()) > before + 1.0


def test_a_model_that_is_replaced_is_loaded_again_in_the_same_process(
    case: Task, quick: Quick, tiny_model: Callable[..., Path]
) -> None:
    network = replace(case, method=parse_method(f"arssr:{tiny_model()}"))
    before = _psnr(network, quick())
    tiny_model(seed=2)
    assert _psnr(network, quick()) != before


def test_the_mirrored_pass_can_be_left_out_and_is_another_method(
    case: Task, quick: Quick, tiny_model: Callable[..., Path]
) -> None:
    full, fast = (parse_method(f"arssr:{tiny_model()}{ending}") for ending in ("", ":fast"))
    assert (full.title, fast.title) == ("ArSSR (tiny)", "ArSSR (tiny, fast)")
    assert full.slug != fast.slug and not full.fast and fast.fast
    assert full.model == fast.model
    values = [_psnr(replace(case, method=method), quick()) for method in (full, fast)]
    assert values[0] != values[1]


def _changes_with(case: Task, settings: Settings, change: Callable[[], object]) -> bool:
    before = fingerprints.fingerprint(case, settings)
    change()
    return fingerprints.fingerprint(case, settings) != before


def test_another_version_of_the_library_measures_again(
    case: Task, quick: Quick, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert _changes_with(case, quick(), lambda: monkeypatch.setattr(ArSSRLib, "__version__", "999"))


@pytest.mark.parametrize("method", [CUBIC, parse_method("arssr:default")])
def test_another_device_measures_networks_again_and_only_these(
    method: EvaluatedMethod, case: Task, quick: Quick, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fingerprints, "choose_device", lambda name: torch.device("cpu"))

    def change() -> None:
        monkeypatch.setattr(fingerprints, "choose_device", lambda name: torch.device("cuda"))

    assert _changes_with(replace(case, method=method), quick(), change) == (method.kind == "arssr")


@pytest.mark.parametrize("method", [CUBIC, parse_method("arssr:default")])
def test_another_precision_measures_networks_again_and_only_these(
    method: EvaluatedMethod, case: Task, quick: Quick
) -> None:
    task = replace(case, method=method)
    single, half = (
        fingerprints.fingerprint(task, quick(precision=name, device="cpu"))
        for name in ("float32", "bfloat16")
    )
    assert (single != half) == (method.kind == "arssr")


@pytest.mark.parametrize("name", ["template.nii.gz", "labels.nii.gz"])
def test_another_atlas_in_the_same_folder_measures_again(
    name: str, case: Task, quick: Quick, tmp_path: Path
) -> None:
    pytest.importorskip("ants", reason="the optional extra 'segmentation' is not installed")
    atlas = tmp_path / "atlas"
    atlas.mkdir()
    for file in ("template.nii.gz", "labels.nii.gz"):
        (atlas / file).write_bytes(b"as it was")
    settings = quick(atlas=atlas)
    assert _changes_with(case, settings, lambda: (atlas / name).write_bytes(b"something else"))


def test_another_version_of_ants_segments_again(
    case: Task, quick: Quick, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fingerprints.metadata, "version", lambda name: "1")

    def change() -> None:
        monkeypatch.setattr(fingerprints.metadata, "version", lambda name: "2")

    assert _changes_with(case, quick(segmentation=True), change)
    assert not _changes_with(case, quick(), change)


@pytest.mark.parametrize("passing", [True, False])
def test_a_metric_that_could_not_be_had_for_now_is_tried_again(
    passing: bool, case: Task, quick: Quick, monkeypatch: pytest.MonkeyPatch
) -> None:
    scores = iter([Unavailable("weights not available: no network", passing), 0.25])
    metric = replace(METRICS["lpips"], function=lambda inputs: next(scores))
    monkeypatch.setitem(METRICS, "lpips", metric)
    settings = quick(metrics=("lpips",))
    sentence = "weights not available: no network"
    assert measure(case, settings).values["lpips"] == sentence
    assert measure(case, settings).values["lpips"] == (0.25 if passing else sentence)


def test_infinite_values_survive_a_record_file(tmp_path: Path) -> None:
    values = {"psnr": math.inf, "nmse": -math.inf, "lpips": "weights not available"}
    record = Record("a", 2.0, "cubic", "", values)
    save_record(record, tmp_path / "case.json")
    assert load_record(tmp_path / "case.json") == record
