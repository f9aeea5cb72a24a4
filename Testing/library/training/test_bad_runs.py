"""What cannot be trained is said in one sentence; what can be left out is left out."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from smoke_run import DATA, train

from ArSSRLib.training.recipe import SourceRecipe
from ArSSRLib.training.state import load_state
from ArSSRLib.training.volumes import load_volumes
from ArSSRLib.volumes.files.search import find_files


def _train(
    folder: Path, *data: object, sets: tuple[str, ...] = ()
) -> subprocess.CompletedProcess[str]:
    changes = ("optimiser.steps=20", "patches.size=6", "patches.coordinates=50", *sets)
    return train(folder, data=data, sets=changes)


def _sentence(result: subprocess.CompletedProcess[str], code: int) -> str:
    assert result.returncode == code, result.stderr
    assert "Traceback" not in result.stderr
    return result.stderr.strip().splitlines()[-1]


def _write(path: Path, array: np.ndarray) -> Path:
    sitk.WriteImage(sitk.GetImageFromArray(array), str(path))
    return path


def test_an_empty_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert "empty" in _sentence(_train(tmp_path / "run", tmp_path / "empty"), 2)


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    assert "nowhere" in _sentence(_train(tmp_path / "run", tmp_path / "nowhere"), 2)


def test_a_folder_of_unusable_volumes_is_refused(tmp_path: Path) -> None:
    flat = _write(tmp_path / "flat.nii.gz", np.full((30, 30, 30), 7, np.int16))
    assert "nothing to learn" in _sentence(_train(tmp_path / "run", flat), 2)


def test_bad_volumes_are_reported_and_left_out(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "good.nii.gz").write_bytes(DATA.read_bytes())
    (folder / "cut.nii.gz").write_bytes(DATA.read_bytes()[:500])
    _write(folder / "small.nii.gz", np.random.default_rng(0).normal(size=(4, 4, 4)).astype("f4"))
    _write(folder / "flat.nii.gz", np.zeros((30, 30, 30), np.int16))
    result = _train(tmp_path / "run", folder)
    report = _sentence(result, 0)
    assert report.startswith("3 volumes were left out")
    assert all(name in report for name in ("cut.nii.gz", "small.nii.gz", "flat.nii.gz"))
    assert (tmp_path / "run" / "last.npz").exists()


def test_what_is_left_out_of_the_validation_is_reported_and_recorded(tmp_path: Path) -> None:
    data, held_out = tmp_path / "data", tmp_path / "held out"
    for folder in (data / "first", data / "second", held_out / "first"):
        folder.mkdir(parents=True)
        (folder / "T1w.nii.gz").write_bytes(DATA.read_bytes())
    (held_out / "second").mkdir()
    (held_out / "second" / "T1w.nii.gz").write_bytes(DATA.read_bytes()[:500])
    crop = ("validate_crop=16", "optimiser.steps=10")
    result = _train(tmp_path / "run", data, "--validation", held_out, sets=crop)
    assert _sentence(result, 0).startswith("1 validation volumes were left out: second/T1w.nii.gz")
    assert sum("Left out of the validation second/T1w" in x for x in result.stderr.split("\n")) == 1
    settings = json.loads((tmp_path / "run" / "settings.json").read_text())
    assert settings["volumes"] == ["first/T1w.nii.gz", "second/T1w.nii.gz"]
    assert settings["left_out"] == []
    assert settings["validation"]["volumes"] == ["first/T1w.nii.gz"]
    assert "truncated" in settings["validation"]["left_out"][0]


def test_volumes_of_a_list_are_named_within_the_folder_they_share(tmp_path: Path) -> None:
    paths = [tmp_path / subject / "T1w" / "brain.nii.gz" for subject in ("100", "200")]
    for path in paths:
        path.parent.mkdir(parents=True)
        path.write_bytes(DATA.read_bytes())
    (tmp_path / "list.txt").write_text("\n".join(map(str, paths)))
    found = find_files([tmp_path / "list.txt", tmp_path / "200"])
    assert [file.path for file in found] == [*paths, paths[1]]
    names = ["100/T1w/brain.nii.gz", "200/T1w/brain.nii.gz", "T1w/brain.nii.gz"]
    assert [file.name for file in found] == names
    sources = [SourceRecipe("brain*", 3.0)]
    assert [v.weight for v in load_volumes(found[:2], 6, sources).volumes] == [1.5, 1.5]


def test_a_loss_that_is_not_finite_keeps_the_last_good_checkpoint(tmp_path: Path) -> None:
    assert _train(tmp_path / "run", DATA, sets=("checkpoint_minutes=0.0",)).returncode == 0
    sets = ("optimiser.steps=60", "optimiser.learning_rate=1e30", "optimiser.clip=0.0")
    sentence = _sentence(_train(tmp_path / "run", DATA, sets=sets), 1)
    assert "loss became" in sentence and "learning_rate" in sentence
    state = load_state(tmp_path / "run")
    assert state is not None
    assert all(bool(value.isfinite().all()) for value in state.average.values())


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ("optimiser.steps=many", "optimiser.steps"),
        ("optimiser.steps=0", "optimiser.steps is 0"),
        ("optimiser.speed=3", "optimiser.speed"),
        ("patches.size=2", "patches.size"),
        ("patches.scale_min=9.0", "scale_min"),
        ("optimiser.schedule=sometimes", "schedule"),
        ("kernels.cubic=-1.0", "kernel"),
        ("optimiser.steps", "optimiser.steps"),
    ],
)
def test_a_wrong_entry_of_the_recipe_is_named(tmp_path: Path, change: str, named: str) -> None:
    assert named in _sentence(_train(tmp_path / "run", DATA, sets=(change,)), 2)


def test_a_foreign_checkpoint_is_refused(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "last.ckpt").write_bytes(b"not a checkpoint")
    assert "remove it to start again" in _sentence(_train(tmp_path / "run", DATA), 2)


def test_muon_without_a_matrix_to_work_on_is_refused(tmp_path: Path) -> None:
    sets = ("optimiser.name=muon", "network.encoder.features=4", "network.encoder.channels=4")
    narrow = (*sets, "network.decoder.width=8")
    assert "adamw" in _sentence(_train(tmp_path / "run", DATA, sets=narrow), 2)
