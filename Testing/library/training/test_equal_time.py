"""``benchmarks/equal_time.py`` keeps what it has trained, as long as it is asked for the same."""

from __future__ import annotations

import json
import runpy
import sys
from pathlib import Path

import pytest
from in_process import Printed, all_output

from ArSSRLib.networks.baseline_spec import BaselineSpec
from ArSSRLib.training.recipe import load_recipe

ROOT = Path(__file__).resolve().parents[3]
BENCHMARK = ROOT / "benchmarks" / "equal_time.py"
DATA = ROOT / "Testing" / "data" / "cortex_t1.nii.gz"
VARIANTS = """
recipe = "smoke"
changes = [
  "patches.size=6", "patches.coordinates=50", "optimiser.batch=2", "validate_crop=16",
  "checkpoint_minutes=0.0",
]
[[variant]]
name = "one"
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "variants.toml").write_text(VARIANTS)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _compare(monkeypatch: pytest.MonkeyPatch, *options: str, data: Path = DATA) -> Printed:
    """Runs the benchmark here; each training is a process that it starts.

    Raises:
        SystemExit: it refuses.
    """
    words = ["variants.toml", "--data", str(data), "--validation", str(DATA), "-o", "out"]
    monkeypatch.setattr(sys, "argv", [str(BENCHMARK), *words, "--minutes", "0.005", *options])
    with all_output() as printed:
        runpy.run_path(str(BENCHMARK), run_name="__main__")
    return printed


def test_a_finished_variant_is_kept_until_its_settings_change(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = here / "out" / "one"
    first = _compare(monkeypatch, "--precision", "float32")
    assert "| one |" in (here / "out" / "table.md").read_text()
    made = (folder / "best.npz").stat().st_mtime_ns
    assert _compare(monkeypatch, "--precision", "float32").stdout == first.stdout
    assert (folder / "best.npz").stat().st_mtime_ns == made
    settings = json.loads((folder / "equal_time.json").read_text())["settings"]
    assert settings["recipe"]["patches"]["size"] == 6
    keep_or_clear = runpy.run_path(str(BENCHMARK))["keep_or_clear"]
    keep_or_clear(folder, {**settings, "precision": "mixed"})
    assert "settings have changed" in capsys.readouterr().out
    assert [path.name for path in folder.iterdir()] == ["equal_time.json"]
    record = json.loads((folder / "equal_time.json").read_text())
    assert record["settings"]["precision"] == "mixed"


def test_a_variant_that_cannot_be_trained_says_why(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(SystemExit) as refused:
        _compare(monkeypatch, data=here / "nowhere")
    said = str(refused.value)
    assert "variant 'one' cannot be trained" in said
    assert "There is no file or folder" in said
    assert "Traceback" not in said


@pytest.mark.parametrize("name", ["best.npz", "notes.txt"])
def test_a_folder_of_unknown_origin_is_left_alone(
    here: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (here / "out" / "one").mkdir(parents=True)
    (here / "out" / "one" / name).write_bytes(b"precious")
    with pytest.raises(SystemExit, match="does not say how it was trained"):
        _compare(monkeypatch)
    assert (here / "out" / "one" / name).read_bytes() == b"precious"


def test_every_baseline_draws_as_many_voxels_as_its_patches_have() -> None:
    benchmark = runpy.run_path(str(BENCHMARK))
    variants = benchmark["read_variants"](ROOT / "benchmarks" / "variants" / "baselines.toml")
    scales = set()
    for variant in variants:
        changes = dict(change.split("=", 1) for change in variant.changes)
        recipe = load_recipe(variant.recipe).with_changes(changes)
        if isinstance(recipe.network, BaselineSpec):
            patches = recipe.patches
            assert patches.coordinates == (patches.size * patches.scale_max) ** 3
            scales.add(patches.scale_max)
    assert scales == {2.0, 4.0}
