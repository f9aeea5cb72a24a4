"""Recipes: those that come along are whole; the paper's has the paper's numbers."""

from __future__ import annotations

from pathlib import Path

import pytest

from ArSSRLib.errors import InputError
from ArSSRLib.networks.spec import paper_spec
from ArSSRLib.training.optimiser import learning_rate
from ArSSRLib.training.recipe import available_recipes, load_recipe, recipe_from_dict


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
        {
            "optimiser.schedule": schedule,
            "optimiser.steps": "1000",
            "optimiser.warmup": "100",
            "optimiser.cooldown": "0.5",
        }
    )
    rates = [learning_rate(recipe.optimiser, step) for step in range(1000)]
    assert rates[0] == pytest.approx(recipe.optimiser.learning_rate / 100, rel=0.01)
    assert max(rates) == pytest.approx(recipe.optimiser.learning_rate, rel=0.03)
    assert rates[-1] < 0.01 * recipe.optimiser.learning_rate


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"speed": 3}, "The entry speed is unknown; use title or seed or"),
        ({"seed": "x"}, "The entry seed is 'x'; use a whole number from 0 to"),
        ({"patches": {"width": 3}}, "The entry patches.width is unknown; use size or"),
        ({"patches": 7}, "The entry patches is 7; use a table with entries such as size"),
        ({"patches": {"size": 3}}, "patches.size is 3; use a whole number from 4 to 256"),
        ({"patches": {"noise_share": 1.5}}, "patches.noise_share is 1.5; use a number from 0 to 1"),
        ({"sources": [{}, 7]}, r"The entry sources\[1\] is 7; use a table"),
        ({"sources": 7}, "The entry sources is 7; use a list that is not empty"),
        ({"sources": [{"axes": "xy"}]}, "axes of the source .* are 'xy'; use letters of 'ijk'"),
        ({"network": 7}, "The entry network is 7; use a table"),
        ({"validate_scales": [2, "two"]}, r"validate_scales\[1\] is 'two'; use a number from 1"),
        ({"optimiser": {"loss": "l3"}}, "optimiser.loss is 'l3'; use one of l1, l2"),
        ({"optimiser": {"steps": 10**400}}, "optimiser.steps is 1000+…; use a whole number"),
        ({"optimiser": {"clip": float("inf")}}, "optimiser.clip is inf; use a number of at least"),
        ({"kernels": {"cubic": 0, "kspace": 0}}, "one must be above 0"),
        ({"patches": {"scale_min": 3, "scale_max": 2}}, "from 3.0 to 2.0"),
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


def test_a_file_with_a_wrong_entry_is_named(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(f"[optimiser]\nsteps = 1{'0' * 400}\n")
    with pytest.raises(InputError, match=r"In 'mine.toml': the entry optimiser.steps is 1000"):
        load_recipe(str(tmp_path / "mine.toml"))


def test_a_name_that_no_system_allows_is_an_unknown_recipe() -> None:
    with pytest.raises(InputError, match="There is no recipe 'xxx"):
        load_recipe("x" * 300)


def test_an_unknown_recipe_is_answered_with_the_known_ones() -> None:
    with pytest.raises(InputError, match="paper-published"):
        load_recipe("nobody")


def test_a_recipe_that_is_based_on_another_holds_only_what_differs(tmp_path: Path) -> None:
    text = 'based_on = "default"\n[optimiser]\nsteps = 7\n'
    (tmp_path / "mine.toml").write_text(text)
    steps = {"optimiser.steps": "7"}
    assert load_recipe(str(tmp_path / "mine.toml")) == load_recipe("default").with_changes(steps)


def test_a_recipe_cannot_be_based_on_one_that_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text('based_on = ["nobody"]\n')
    with pytest.raises(InputError, match=r"In 'mine.toml': .*'nobody'.* to be based on"):
        load_recipe(str(tmp_path / "mine.toml"))
