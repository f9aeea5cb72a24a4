"""The list of slow tests names folders, files and tests that exist."""

from __future__ import annotations

import pytest
from repository import ROOT

LINES = (ROOT / "Testing" / "slow_tests.txt").read_text(encoding="utf-8").splitlines()
ENTRIES = [line for line in LINES if line and not line.startswith("#")]


@pytest.mark.parametrize("entry", ENTRIES)
def test_an_entry_exists(entry: str) -> None:
    name, _, function = entry.partition("::")
    assert (ROOT / name).exists()
    assert not function or f"\ndef {function}(" in (ROOT / name).read_text(encoding="utf-8")


def test_the_list_names_nothing_twice() -> None:
    assert len(set(ENTRIES)) == len(ENTRIES)
