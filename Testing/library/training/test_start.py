"""Training that starts from a model: the same network first, larger or with the noise level."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from in_process import run_arssr

from ArSSRLib.errors import InputError
from ArSSRLib.networks.arssr import ArSSR
from ArSSRLib.networks.catalogue import load_model
from ArSSRLib.networks.encoder import Encoder
from ArSSRLib.networks.encoders import EncoderSpec
from ArSSRLib.networks.model_file import Model, ModelHeader, read_header, save_model
from ArSSRLib.networks.spec import DecoderSpec, NetworkSpec
from ArSSRLib.training.start import prepare_units, start_from

DATA = Path(__file__).parents[2] / "data" / "cortex_t1.nii.gz"
SPEC = NetworkSpec(
    EncoderSpec("SRResNet", 8, 2, 2, 8, 8, long_skip=True),
    DecoderSpec(16, 3, False, False),
    "local",
    "trilinear",
)


def _model() -> Model:
    torch.manual_seed(0)
    return Model(ArSSR(SPEC).eval(), ModelHeader(SPEC, "small"), "small")


def _values(network: ArSSR, noise: float = 0.0) -> torch.Tensor:
    torch.manual_seed(1)
    low, coordinates = torch.rand(1, 1, 6, 7, 8), 2 * torch.rand(1, 30, 3) - 1
    return network(low, coordinates, torch.full((1, 3), 0.5), torch.full((1,), noise))


def test_a_larger_network_starts_where_the_model_ends() -> None:
    model = _model()
    larger = replace(SPEC, encoder=replace(SPEC.encoder, blocks=4, noise_level=True))
    network = ArSSR(larger)
    start_from(network, model)
    torch.testing.assert_close(_values(network, noise=0.04), _values(model.network))


@pytest.mark.parametrize(
    ("spec", "named"),
    [
        (replace(SPEC, encoder=replace(SPEC.encoder, blocks=1)), "blocks.1"),
        (replace(SPEC, encoder=replace(SPEC.encoder, layers=3)), "blocks.0"),
        (replace(SPEC, decoder=DecoderSpec(24, 3, False, False)), "decoder"),
        (replace(SPEC, encoder=replace(SPEC.encoder, features=4)), "encoder"),
    ],
)
def test_another_network_is_refused_and_the_difference_named(spec: NetworkSpec, named: str) -> None:
    with pytest.raises(InputError, match=named):
        start_from(ArSSR(spec), _model())


def test_units_that_never_respond_learn_again_and_change_nothing_at_first() -> None:
    torch.manual_seed(0)
    encoder = Encoder(replace(SPEC.encoder, noise_level=True))
    low, noise = torch.rand(4, 1, 8, 8, 8), torch.zeros(4)
    with torch.no_grad():
        encoder.get_submodule("blocks.1.0").bias[:5] = -100.0
        before = encoder(low, noise)
        assert prepare_units(encoder, low, noise) == 5
        torch.testing.assert_close(encoder(low, noise), before)
        assert prepare_units(encoder, low, noise) == 0


def test_the_command_line_starts_from_a_model_and_the_result_names_it(tmp_path: Path) -> None:
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(
        "[network]\ncoordinates = 'local'\nresidual = 'trilinear'\n"
        "[network.encoder]\nname = 'SRResNet'\nfeatures = 8\nblocks = 3\nlayers = 2\n"
        "channels = 8\nlong_skip = true\nnoise_level = true\n"
        "[network.decoder]\nwidth = 16\ndepth = 3\nskip = false\nlast_relu = false\n"
        "[patches]\nsize = 6\ncoordinates = 50\nnoise = 0.05\nnoise_share = 0.8\n"
        "[optimiser]\nbatch = 2\nsteps = 2\nloss = 'log_l2'\n"
    )
    model = tmp_path / "model.npz"
    save_model(_model().network, ModelHeader(SPEC, "small", version="step 7"), model)
    done = run_arssr(
        "train", "--recipe", recipe, "--data", DATA, "--from", model, "-o", tmp_path / "run",
        "--threads", "1", "--workers", "0",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    origin = read_header(tmp_path / "run" / "last.npz").provenance["started_from"]
    assert (origin["title"], origin["version"]) == ("small", "step 7")
    trained = load_model(tmp_path / "run" / "last.npz").network
    difference = (_values(trained) - _values(_model().network)).abs().max()
    assert 0 < difference < 0.1
    assert json.loads((tmp_path / "run" / "settings.json").read_text())["recipe"]["blur"]
