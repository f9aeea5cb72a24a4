"""``benchmarks/equal_time.py`` keeps what it has trained, as long as it is asked for the same."""

from __future__ import annotations

import json
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

from ArSSRLib.networks.baseline_spec import BaselineSpec
from ArSSRLib.training.recipe import load_recipe

ROOT = Path(__file__).resolve().parents[3]
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


def _compare(folder: Path, *options: str, data: Path = DATA) -> subprocess.CompletedProcess[str]:
    (folder / "variants.toml").write_text(VARIANTS)
    return subprocess.run(
        [sys.executable, ROOT / "benchmarks" / "equal_time.py", "variants.toml", "--data", data,
         "--validation", DATA, "-o", "out", "--minutes", "0.005", *options],
        cwd=folder, capture_output=True, text=True, timeout=300,
    )  # fmt: skip


def _weights(folder: Path) -> int:
    return (folder / "out" / "one" / "best.npz").stat().st_mtime_ns


def test_a_finished_variant_is_kept_until_its_settings_change(tmp_path: Path) -> None:
    first = _compare(tmp_path, "--precision", "float32")
    assert first.returncode == 0, first.stderr
    assert "| one |" in (tmp_path / "out" / "table.md").read_text()
    made = _weights(tmp_path)
    assert _compare(tmp_path, "--precision", "float32").stdout == first.stdout
    assert _weights(tmp_path) == made
    second = _compare(tmp_path, "--precision", "mixed")
    assert second.returncode == 0, second.stderr
    assert "settings have changed" in second.stdout
    assert _weights(tmp_path) > made
    record = json.loads((tmp_path / "out" / "one" / "equal_time.json").read_text())
    assert record["settings"]["precision"] == "mixed"
    assert record["settings"]["recipe"]["patches"]["size"] == 6


def test_a_variant_that_cannot_be_trained_says_why(tmp_path: Path) -> None:
    failed = _compare(tmp_path, data=tmp_path / "nowhere")
    assert failed.returncode != 0
    assert "variant 'one' cannot be trained" in failed.stderr
    assert "There is no file or folder" in failed.stderr
    assert "Traceback" not in failed.stderr


@pytest.mark.parametrize("name", ["best.npz", "notes.txt"])
def test_a_folder_of_unknown_origin_is_left_alone(tmp_path: Path, name: str) -> None:
    (tmp_path / "out" / "one").mkdir(parents=True)
    (tmp_path / "out" / "one" / name).write_bytes(b"precious")
    refused = _compare(tmp_path)
    assert refused.returncode != 0
    assert "does not say how it was trained" in refused.stderr
    assert (tmp_path / "out" / "one" / name).read_bytes() == b"precious"


def test_every_baseline_draws_as_many_voxels_as_its_patches_have() -> None:
    benchmark = runpy.run_path(str(ROOT / "benchmarks" / "equal_time.py"))
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
