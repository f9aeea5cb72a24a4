"""The compared methods: their names on the command line, in tables and in file names."""

from __future__ import annotations

import pytest

from ArSSRLib.errors import InputError
from ArSSRLib.evaluation.measuring.methods import parse_method, parse_methods


def test_a_method_keeps_the_settings_of_its_name() -> None:
    method = parse_method("arssr:default:fast:denoise0.50")
    assert (method.model, method.fast, method.noise_reduction) == ("default", True, 0.5)
    assert method.text == "arssr:default:fast:denoise0.5"
    assert method.title == "ArSSR (default, fast, noise reduction 0.5)"
    assert method.slug == "arssr-default-fast-noise-reduction-0.5"
    assert parse_method(method.text) == method


def test_noise_reductions_of_one_model_are_methods_beside_each_other() -> None:
    methods = parse_methods("arssr:default:denoise0,arssr:default,arssr:default:denoise2")
    assert [method.noise_reduction for method in methods] == [0.0, 1.0, 2.0]
    assert len({method.title for method in methods}) == len({m.slug for m in methods}) == 3


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("arssr:default:denoise3", "not between 0 and 2"),
        ("arssr:default:denoise1.2.3", "'1.2.3' is not a number"),
        ("arssr:paper:denoise0", "paper does not take the noise level"),
        ("arssr:nowhere", "nowhere"),
    ],
)
def test_impossible_settings_are_refused(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        parse_method(text)
