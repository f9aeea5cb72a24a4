"""One object holds what a run is, and command lines and names come from it."""

from __future__ import annotations

import argparse
import hashlib
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_models import small_network

from ArSSRLib.errors import InputError
from ArSSRLib.networks.catalogue import load_model
from ArSSRLib.networks.model_file import ModelHeader, read_network, save_model
from ArSSRLib.upsampling.options import add_options, options_of
from ArSSRLib.upsampling.request import Choices, Upsampling
from ArSSRLib.upsampling.sidecar import difference_from, how_made
from ArSSRLib.volumes.grid import Grid

CHOICES: list[dict[str, Any]] = [
    {"scale": 2.0},
    {"scale": (1.0, 1.0, 2.3)},
    {"spacing": 1e-7, "method": "cubic"},
    {"isotropic": True, "roi": (-40.0, -60.5, 1e-9, 10.0, 20.0, 50.0)},
    {"isotropic": 0.8, "device": "cpu", "threads": 3, "volume": 2, "from_measured": True},
    {"scale": 2.0, "fast": True, "model": "default"},
    {"scale": 2.0, "model": "paper", "precision": "bfloat16"},
    {"scale": 2.0, "method": "linear", "series": "t1 mprage (post)"},
]


@pytest.mark.parametrize("choices", CHOICES)
def test_the_arguments_of_a_run_describe_the_same_run(choices: dict[str, Any]) -> None:
    request = Upsampling.of(**choices)
    assert Upsampling.from_arguments(request.arguments()) == request


@given(st.floats(1e-9, 1e9), st.lists(st.floats(-1e6, 1e6), min_size=6, max_size=6))
def test_no_digit_of_a_number_is_lost_on_the_command_line(scale: float, roi: list[float]) -> None:
    request = Upsampling.of(scale=scale, roi=tuple(roi), method="linear")  # type: ignore[arg-type]
    assert Upsampling.from_arguments(request.arguments()) == request


def test_an_unknown_argument_is_refused_in_one_sentence() -> None:
    with pytest.raises(InputError, match="nrecognized arguments: --sharper"):
        Upsampling.from_arguments(["--scale", "2", "--sharper"])


def test_a_model_file_is_named_by_its_full_path(
    seeded_model_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(seeded_model_path.parent)
    words = Upsampling.of(scale=2, model=seeded_model_path.name).arguments()
    assert words == ["--scale", "2", "--model", str(seeded_model_path.absolute())]


def test_every_field_is_an_option_and_a_choice() -> None:
    names = {field.name for field in fields(Upsampling)}
    assert names == set(options_of(Upsampling)) == set(Choices.__annotations__)


def test_options_that_a_parser_lacks_keep_their_defaults() -> None:
    parser = argparse.ArgumentParser()
    add_options(parser, Upsampling, ("scale", "fast"))
    request = Upsampling.from_namespace(parser.parse_args(["--scale", "2"]))
    assert request == Upsampling.of(scale=2.0)


def test_an_interpolation_has_no_model_and_nothing_of_the_network() -> None:
    request = Upsampling.of(scale=2, method="cubic", model="nonsense", fast=True, device="cuda")
    assert request == Upsampling.of(scale=2, method="cubic")
    assert request.arguments() == ["--scale", "2", "--method", "cubic"]


def test_fast_counts_only_where_the_model_has_a_second_pass(seeded_model_path: Path) -> None:
    assert Upsampling.of(model=seeded_model_path, fast=True).fast is False
    assert [Upsampling.of(fast=fast).passes for fast in (False, True)] == [2, 1]


def test_names_hold_what_differs_from_the_defaults(seeded_model_path: Path) -> None:
    digest = hashlib.sha256(seeded_model_path.read_bytes()).hexdigest()[:8]
    file = f"arssr-{seeded_model_path.stem}-{digest}"
    expected = {
        "arssr_2x": {"scale": 2.0},
        "arssr-fast_2x": {"scale": 2.0, "fast": True, "device": "cpu", "threads": 1},
        f"{file}_0.8mm": {"spacing": 0.8, "model": seeded_model_path, "fast": True},
        "arssr-paper-bfloat16_2x": {"scale": 2.0, "model": "paper", "precision": "bfloat16"},
        "series-t1-mprage_linear_2x": {"scale": 2.0, "method": "linear", "series": "t1 mprage"},
        "volume1_cubic_isotropic": {"isotropic": True, "method": "cubic", "volume": 1},
        "linear_2x_roi_-1_0_2.5_3_4_5": {
            "scale": 2.0, "method": "linear", "roi": (-1.0, 0.0, 2.5, 3.0, 4.0, 5.0),
        },
    }  # fmt: skip
    assert [Upsampling.of(**choices).name_part for choices in expected.values()] == list(expected)


def test_a_description_tells_how_another_run_differs(seeded_model_path: Path) -> None:
    default = Upsampling.of(scale=2)
    assert difference_from(default, how_made(default)) == ""
    assert (
        difference_from(default, how_made(Upsampling.of(fast=True))) == "another number of passes"
    )
    measured = Upsampling.of(scale=2, from_measured=True)
    assert difference_from(default, how_made(measured)).startswith("another start")
    assert difference_from(measured, how_made(measured)) == ""
    other = Upsampling.of(model=seeded_model_path)
    assert difference_from(default, how_made(other)) == "another model"
    assert difference_from(default, {**how_made(default), "SourceVolume": 1}).startswith(
        "another vol"
    )


def test_a_loaded_model_is_known_by_its_name_and_file(seeded_model_path: Path) -> None:
    for name in ("default", seeded_model_path):
        assert Upsampling.of(model=load_model(name)) == Upsampling.of(model=name)


@pytest.mark.parametrize(
    ("choices", "words"),
    [
        ({"method": "sinc"}, "'sinc' is unknown"),
        ({"threads": 0}, "threads 0 is not between"),
        ({"threads": "2"}, "threads '2' is not between"),
        ({"model": 3}, "of the type int"),
        ({"model": "nowhere"}, "no model 'nowhere'"),
    ],
)
def test_a_choice_that_makes_no_sense_is_refused(choices: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        Upsampling.of(**choices)


def test_what_the_model_was_not_trained_for_is_one_sentence(
    tmp_path: Path, seeded_model_path: Path
) -> None:
    network, header = read_network(seeded_model_path)
    save_model(network, replace(header, scale_range=(1.0, 1.5)), tmp_path / "model.npz")
    grid = Grid((8, 8, 8), (1.0, 1.0, 1.0))
    request = Upsampling.of(scale=2, model=tmp_path / "model.npz")
    assert "not for 2×;" in request.caution(grid, grid.upsampled(2))
    assert Upsampling.of(scale=2, method="cubic").caution(grid, grid.upsampled(2)) == ""


def test_noise_reduction_is_for_a_model_that_takes_the_noise_level(tmp_path: Path) -> None:
    paths = {takes: tmp_path / f"{takes}.npz" for takes in (True, False)}
    for takes, path in paths.items():
        network = small_network(noise_level=takes)
        save_model(network, ModelHeader(network.spec), path)
    run = Upsampling.of(scale=2, model=paths[True], noise_reduction=0.5)
    assert "denoise0.5" in run.name_part
    assert run.arguments()[-2:] == ["--noise-reduction", "0.5"]
    assert how_made(run)["NoiseReduction"] == 0.5
    usual = replace(run, noise_reduction=1.0)
    assert difference_from(run, how_made(usual)) == "another noise reduction"
    assert run.reduces_noise and not replace(run, noise_reduction=0.0).reduces_noise
    other = Upsampling.of(scale=2, model=paths[False])
    assert not other.reduces_noise
    assert "NoiseReduction" not in how_made(other)
    for choice in ({"noise_reduction": 0.5}, {"noise_level": 0.02}):
        with pytest.raises(InputError, match="does not take the noise level"):
            Upsampling.of(scale=2, model=paths[False], **choice)  # type: ignore[arg-type]


def test_a_known_noise_and_range_belong_to_the_run() -> None:
    usual = Upsampling.of(scale=2)
    run = replace(usual, noise_level=0.02, intensity_range=(-1.0, 900.0))
    assert Upsampling.from_arguments(run.arguments()) == run
    assert run.name_part == "arssr-noise0.02-range-1to900_2x"
    assert difference_from(run, how_made(run)) == ""
    assert difference_from(run, how_made(usual)) == "another noise level"
    only_range = replace(usual, intensity_range=(-1.0, 900.0))
    assert difference_from(only_range, how_made(usual)) == "another intensity range"
    for bad, words in (({"noise_level": 2.0}, "between 0 and 1"),
                       ({"intensity_range": (1.0, 1.0)}, "is empty")):  # fmt: skip
        with pytest.raises(InputError, match=words):
            Upsampling.of(scale=2, **bad)  # type: ignore[arg-type]


@pytest.mark.parametrize("value", [-0.1, 2.5, float("nan")])
def test_an_impossible_noise_reduction_is_refused(value: float) -> None:
    with pytest.raises(InputError, match="between 0 and 2"):
        replace(Upsampling.of(scale=2), noise_reduction=value)
