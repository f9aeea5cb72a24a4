"""Values from outside are checked against a dataclass, and messages name entry, value, remedy."""

from __future__ import annotations

import doctest
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import pytest

from ArSSRLib import fields
from ArSSRLib.errors import InputError
from ArSSRLib.fields import entry, from_mapping


@dataclass(frozen=True)
class Inner:
    size: int = entry(4, least=1, most=9)


@dataclass(frozen=True)
class Outer:
    title: str = "a"
    flag: bool = False
    rate: float = entry(0.1, above=0)
    share: float = entry(0.5, least=0, below=1)
    loss: Literal["l1", "l2"] = "l1"
    scales: tuple[float, ...] = entry((2.0,), least=1, most=16)
    pair: tuple[float, float] = (1.0, 2.0)
    notes: Mapping[str, Any] = field(default_factory=dict)
    inner: Inner = Inner()
    several: tuple[Inner, ...] = (Inner(),)


def test_what_is_allowed_is_built() -> None:
    values = {
        "title": "b", "flag": True, "rate": 2, "loss": "l2", "scales": [2, 3.5], "pair": [1, 3],
        "notes": {"a": [1]}, "inner": {"size": 9}, "several": [{"size": 1}, {}],
    }  # fmt: skip
    made = from_mapping(Outer, values)
    assert made == Outer(
        "b", True, 2.0, 0.5, "l2", (2.0, 3.5), (1.0, 3.0), {"a": [1]}, Inner(9), (Inner(1), Inner())
    )
    assert type(made.rate) is float
    assert from_mapping(Outer, {"inner": Inner(3)}).inner == Inner(3)
    assert from_mapping(Outer, {}) == Outer()


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"heading": "b"}, "The entry heading is unknown; use title or flag or"),
        ({"title": 3}, "The entry title is 3; use text."),
        ({"flag": 1}, "The entry flag is 1; use true or false."),
        ({"rate": 0}, "The entry rate is 0; use a number above 0."),
        ({"rate": True}, "The entry rate is True; use a number above 0."),
        ({"rate": float("nan")}, "The entry rate is nan; use a number above 0."),
        ({"rate": float("inf")}, "The entry rate is inf; use a number above 0."),
        ({"rate": 10**400}, "The entry rate is 1000"),
        ({"rate": 10**5000}, "The entry rate is a number of several thousand digits"),
        ({"share": 1}, "The entry share is 1; use a number of at least 0 and below 1."),
        ({"loss": "l3"}, "The entry loss is 'l3'; use one of l1, l2."),
        ({"loss": ["l1"]}, "The entry loss is ['l1']; use one of l1, l2."),
        ({"scales": []}, "The entry scales is []; use a list that is not empty."),
        ({"scales": [2, 0.5]}, "The entry scales[1] is 0.5; use a number from 1 to 16."),
        ({"pair": [1]}, "The entry pair is [1]; use a list of 2."),
        ({"notes": "b"}, "The entry notes is 'b'; use a table."),
        ({"inner": 3}, "The entry inner is 3; use a table with entries such as size."),
        ({"inner": {"size": 2.0}}, "The entry inner.size is 2.0; use a whole number from 1 to 9."),
        ({"several": [{}, {"size": 0}]}, "The entry several[1].size is 0; use a whole number from"),
        ({"title": ["x" * 500]}, "…; use text."),
    ],
)
def test_anything_else_is_refused_with_entry_value_and_remedy(
    values: dict[str, object], message: str
) -> None:
    with pytest.raises(InputError) as caught:
        from_mapping(Outer, values)
    assert message in str(caught.value)
    assert len(str(caught.value)) < 300


def test_the_example_in_the_documentation_runs() -> None:
    assert doctest.testmod(fields, optionflags=doctest.IGNORE_EXCEPTION_DETAIL).failed == 0
