"""What must not change a result does not, on random grids: storage, place, region, interface."""

from __future__ import annotations

from hostile.invariants import INVARIANTS, check

GRIDS = 8


def test_every_invariant_holds_on_random_grids() -> None:
    tally = check(range(1000, 1000 + GRIDS))
    assert tally.wrong == []
    assert set(tally.held) == {invariant.__name__ for invariant in INVARIANTS}
