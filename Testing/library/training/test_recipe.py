"""Recipes: those that come along are whole; the paper's has the paper's numbers."""

from __future__ import annotations

import pytest

from ArSSRLib.errors import InputError
from ArSSRLib.networks.spec import paper_spec
from ArSSRLib.training.recipe import available_recipes, load_recipe, recipe_from_dict
from ArSSRLib.training.schedule import learning_rate


@pytest.mark.parametrize("name", available_recipes())
def test_every_recipe_survives_its_dictionary(name: str) -> None:
    recipe = load_recipe(name)
    assert recipe_from_dict(recipe.to_dict()) == recipe


def test_the_published_recipe_has_the_papers_numbers() -> None:
    recipe = load_recipe("paper-published")
    assert recipe.network == paper_spec("RDN")
    assert (recipe.optimiser.batch, recipe.patches.coordinates) == (15, 8000)
    assert (recipe.patches.size, recipe.patches.scale_min, recipe.patches.scale_max) == (10, 2, 4)
    epoch = 780 * 6 // 15
    assert recipe.optimiser.steps == 2500 * epoch
    assert learning_rate(recipe.optimiser, 200 * epoch - 1) == pytest.approx(1e-4)
    assert learning_rate(recipe.optimiser, 200 * epoch) == pytest.approx(5e-5)


@pytest.mark.parametrize("schedule", ["cosine", "hold"])
def test_a_schedule_warms_up_and_ends_near_zero(schedule: str) -> None:
    recipe = load_recipe("default").with_changes(
        {"optimiser.schedule": schedule, "optimiser.steps": "1000", "optimiser.warmup": "100"}
    )
    rates = [learning_rate(recipe.optimiser, step) for step in range(1000)]
    assert rates[0] == pytest.approx(recipe.optimiser.learning_rate / 100, rel=0.01)
    assert max(rates) == pytest.approx(recipe.optimiser.learning_rate, rel=0.03)
    assert rates[-1] < 0.01 * recipe.optimiser.learning_rate


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"speed": 3}, "The recipe has an unknown entry 'speed'; known are"),
        ({"seed": "x"}, "The recipe entry seed is 'x'; it must be a whole number"),
        ({"patches": {"width": 3}}, "The recipe's patches has an unknown entry 'width'"),
        ({"patches": 7}, r"patches is 7, not a table; .* line \[patches\], for example size = 14"),
        ({"sources": [7]}, r"sources is 7, not a table; .* \[\[sources\]\], .* pattern = \"\*\""),
        ({"sources": 7}, "sources is 7; it must be a list in square brackets"),
        ({"network": 7}, "is 7, not a table; give its entries by name"),
    ],
)
def test_a_wrong_entry_is_named_with_what_it_must_be(
    values: dict[str, object], sentence: str
) -> None:
    with pytest.raises(InputError, match=sentence):
        recipe_from_dict(values)


def test_a_change_that_cannot_be_read_is_answered_with_what_can() -> None:
    with pytest.raises(InputError, match=r"'many' for optimiser.steps cannot be read; give a numb"):
        load_recipe("smoke").with_changes({"optimiser.steps": "many"})


def test_an_unknown_recipe_is_answered_with_the_known_ones() -> None:
    with pytest.raises(InputError, match="paper-published"):
        load_recipe("nobody")
