"""Any mistake of a user: the right exit code, one sentence that helps, nothing left behind.

The table is in ``Testing/hostile``; ``python Testing/hostile`` prints it with what is said.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from hostile.runner import Runner, complaints
from hostile.table import ENTRIES


@pytest.fixture(scope="module")
def runner(tmp_path_factory: pytest.TempPathFactory) -> Runner:
    folder: Path = tmp_path_factory.mktemp("hostile")
    return Runner(folder)


@pytest.mark.parametrize("name", ENTRIES)
def test_a_hostile_input_is_answered_in_one_sentence_that_helps(name: str, runner: Runner) -> None:
    outcome = runner.run(ENTRIES[name])
    assert complaints(ENTRIES[name], outcome) == [], outcome.said


def test_the_table_is_as_long_as_it_promises() -> None:
    assert sum(entry.code != 0 for entry in ENTRIES.values()) >= 60
