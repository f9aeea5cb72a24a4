"""A model file may hold a head for the expected error; without one it works as before."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from ArSSRLib.errors import InputError
from ArSSRLib.networks.catalogue import load_model, model_info
from ArSSRLib.networks.expected_error import (
    LOCALS,
    SMALLEST_ERROR,
    ExpectedErrorHead,
    Levels,
    constants_of,
    laplace_loss,
    local_detail,
)
from ArSSRLib.networks.model_file import ModelHeader, save_model
from ArSSRLib.networks.spec import DecoderSpec, ExpectedErrorSpec, NetworkSpec


def test_a_head_survives_the_model_file(error_model_path: Path, tmp_path: Path) -> None:
    model = load_model(error_model_path)
    spec = ExpectedErrorSpec(hidden=16, interval_68=1.25, interval_95=3.5)
    path = tmp_path / "copy.npz"
    save_model(
        model.network, replace(model.header, expected_error=spec), path, model.expected_error
    )
    again = load_model(path)
    assert again.header.expected_error == spec
    assert model.expected_error is not None and again.expected_error is not None
    for name, value in model.expected_error.state_dict().items():
        assert torch.equal(again.expected_error.state_dict()[name], value)


def test_a_file_without_a_head_has_none(seeded_model_path: Path) -> None:
    assert model_info(seeded_model_path).header.expected_error is None
    assert load_model(seeded_model_path).expected_error is None


def test_a_head_without_its_weights_is_refused(seeded_model_path: Path, tmp_path: Path) -> None:
    model = load_model(seeded_model_path)
    header = replace(model.header, expected_error=ExpectedErrorSpec())
    with pytest.raises(ValueError, match="must both have"):
        save_model(model.network, header, tmp_path / "lies.npz")
    arrays = dict(np.load(seeded_model_path))
    arrays["header.json"] = np.frombuffer(header.to_json().encode(), dtype=np.uint8)
    np.savez(tmp_path / "lies.npz", **arrays)
    with pytest.raises(InputError, match="lacks the weight expected_error"):
        load_model(tmp_path / "lies.npz")


@pytest.mark.parametrize(
    ("entries", "named"),
    [
        ({"hidden": 0}, "expected_error.hidden"),
        ({"interval_68": -1.0}, "expected_error.interval_68"),
        ({"colour": 1}, "expected_error.colour"),
        ("yes", "expected_error"),
    ],
)
def test_a_wrong_entry_is_named(entries: object, named: str) -> None:
    header = ModelHeader(NetworkSpec(), expected_error=ExpectedErrorSpec())
    values = {**json.loads(header.to_json()), "expected_error": entries}
    with pytest.raises(InputError, match=named):
        ModelHeader.from_json(json.dumps(values), "model.npz")


def test_a_network_of_one_layer_has_no_place_for_a_head() -> None:
    shallow = NetworkSpec(decoder=DecoderSpec(8, 1, False, False))
    header = ModelHeader(shallow, expected_error=ExpectedErrorSpec())
    with pytest.raises(InputError, match="no hidden layer"):
        ModelHeader.from_json(header.to_json(), "model.npz")


def test_constants_are_the_same_for_any_order_of_the_axes() -> None:
    level = torch.tensor([0.02])
    one = constants_of(torch.tensor([[1.0, 0.5, 0.25]]), level, level)
    other = constants_of(torch.tensor([[0.25, 1.0, 0.5]]), level, level)
    assert torch.equal(one, other)


def test_the_bias_of_a_run_stands_for_its_constants() -> None:
    torch.manual_seed(0)
    head = ExpectedErrorHead(ExpectedErrorSpec(8), 4).at_noise(Levels(0.01, 0.03))
    hidden = torch.rand(1, 5, 4)
    cell = torch.tensor([[1.0, 0.5, 0.25]])
    local = torch.rand(1, 5, LOCALS)
    expected = head(hidden, constants_of(cell, torch.tensor([0.01]), torch.tensor([0.03])), local)
    first = hidden @ head.first.weight.T + head.bias([4.0, 1.0, 2.0])
    first = (first + local @ head.local.weight.T).relu()
    error = head.last(first)[..., 0].exp() + SMALLEST_ERROR
    torch.testing.assert_close(error, expected)


def test_detail_grows_with_contrast_and_is_the_same_from_all_sides() -> None:
    low = torch.rand(1, 1, 5, 6, 7, generator=torch.Generator().manual_seed(0))
    detail = local_detail(low)
    assert detail.shape == (1, LOCALS, 5, 6, 7)
    assert (local_detail(2.0 * low) > detail).all()
    turned = local_detail(low.flip(2, 4).transpose(3, 4))
    torch.testing.assert_close(turned.transpose(3, 4).flip(2, 4), detail)
    flat = local_detail(torch.ones(1, 1, 1, 4, 1))
    assert (flat == flat.min()).all()
    assert (flat > 0).all()


def test_the_likelihood_is_best_at_the_mean_absolute_error() -> None:
    error = torch.from_numpy(np.random.default_rng(1).exponential(0.02, 4000))
    losses = [
        float(laplace_loss(torch.full_like(error, scale), error)) for scale in (0.01, 0.02, 0.04)
    ]
    assert losses[1] == min(losses)
