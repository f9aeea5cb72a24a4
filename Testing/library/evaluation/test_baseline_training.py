"""Baselines go through the same training program, model files and evaluation as ArSSR."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from in_process import run_arssr

from ArSSRLib.errors import InputError
from ArSSRLib.evaluation.measuring.methods import parse_method, parse_methods
from ArSSRLib.evaluation.measuring.model_files import check_network
from ArSSRLib.evaluation.run import evaluate
from ArSSRLib.evaluation.settings import Settings
from ArSSRLib.networks.baseline_spec import BASELINES, BaselineSpec
from ArSSRLib.networks.baselines import Baseline
from ArSSRLib.networks.catalogue import model_path
from ArSSRLib.networks.model_file import read_model, read_network
from ArSSRLib.training.recipe import load_recipe


@pytest.mark.parametrize("name", BASELINES)
def test_each_baseline_has_its_recipe_as_the_paper_trains_it(name: str) -> None:
    recipe = load_recipe(name.lower())
    assert recipe.network == BaselineSpec(name)
    optimiser = recipe.optimiser
    assert (optimiser.name, optimiser.learning_rate, optimiser.batch) == ("adam", 1e-4, 10)
    epochs = 200
    assert optimiser.steps * epochs == 2000 * optimiser.halve_every
    assert recipe.patches.scale_min == recipe.patches.scale_max


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, data_folder: Path) -> Path:
    folder = tmp_path_factory.mktemp("baselines")
    brain = data_folder / "brain_46_2mm.nii.gz"
    for name in ("srcnn3d", "dcsrn"):
        done = run_arssr(
            "train", "--recipe", name, "--data", brain, "--validation", brain,
            "-o", folder / f"{name}-2", "--workers", "0", "--device", "cpu",
            "--set", "optimiser.steps=12", "--set", "optimiser.batch=2",
            "--set", "optimiser.learning_rate=1e-3", "--set", "patches.size=8",
            "--set", "patches.coordinates=2000", "--set", "validate_crop=24",
        )  # fmt: skip
        assert done.returncode == 0
    return folder


def test_a_trained_baseline_is_evaluated_like_any_method(
    trained: Path, folder: Path, quick: Callable[..., Settings]
) -> None:
    source, methods = folder / "brain_45_2mm.nii.gz", parse_methods("nearest,srcnn3d,dcsrn")
    settings = quick(source=source, scales=(2.0, 3.0), methods=methods, baselines=trained)
    evaluation = evaluate(settings)
    assert not evaluation.failed
    measured = {(r.scale, r.method): float(r.values["psnr"]) for r in evaluation.measured}
    assert set(measured) == {(2.0, "nearest"), (2.0, "srcnn3d"), (2.0, "dcsrn"), (3.0, "nearest")}
    # Twelve steps teach little, but an image in the right place and roughly on its scale.
    assert measured[2.0, "srcnn3d"] > 12.0
    assert 0.0 < measured[2.0, "dcsrn"] < 60.0
    assert any("no SRCNN3D for 3x" in note for note in evaluation.notes)


def test_a_model_file_gives_the_weights_back(trained: Path) -> None:
    network, header = read_network(trained / "dcsrn-2" / "last.npz")
    assert isinstance(network, Baseline) and header.spec == BaselineSpec("DCSRN")
    assert not network.training
    assert header.provenance["steps"] == 12


def test_a_baseline_is_refused_as_a_model_for_upsampling(trained: Path) -> None:
    with pytest.raises(InputError, match="holds the baseline SRCNN3D"):
        read_model(trained / "srcnn3d-2" / "last.npz")


@pytest.mark.parametrize(
    ("wrong", "scale", "sentence"),
    [
        ("dcsrn-2", 2.0, r"srcnn3d-2.*holds DCSRN and not SRCNN3D; put"),
        ("srcnn3d-2", 3.0, r"srcnn3d-3.*holds a network for 2x and not for 3x; put"),
    ],
)
def test_a_network_in_the_wrong_place_is_refused(
    wrong: str, scale: float, sentence: str, trained: Path, tmp_path: Path,
    quick: Callable[..., Settings],
) -> None:  # fmt: skip
    baselines, methods = tmp_path / "baselines", parse_methods("cubic,srcnn3d")
    shutil.copytree(trained / wrong, baselines / f"srcnn3d-{scale:g}")
    with pytest.raises(InputError, match=sentence):
        evaluate(quick(scales=(scale,), methods=methods, baselines=baselines))


def test_an_arssr_model_is_refused_as_a_baseline(data_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "srcnn3d-2").mkdir()
    shutil.copy(model_path("default"), tmp_path / "srcnn3d-2" / "best.npz")
    with pytest.raises(InputError, match="holds an ArSSR network and not SRCNN3D"):
        check_network(parse_method("srcnn3d"), 2.0, tmp_path)
