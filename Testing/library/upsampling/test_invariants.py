"""What must not change a result does not, on random grids: storage, place, region, interface."""

from __future__ import annotations

from child_process import environment, run_python
from hostile.invariants import INVARIANTS, check

GRIDS = 8


def test_every_invariant_holds_on_random_grids() -> None:
    tally = check(range(1000, 1000 + GRIDS))
    assert tally.wrong == []
    assert set(tally.held) == {invariant.__name__ for invariant in INVARIANTS}


def test_the_check_runs_by_itself() -> None:
    run = run_python("-m", "Testing.hostile.invariants", 0, env=environment(PYTHONPATH=""))
    assert run.returncode == 0, run.stderr
    assert "0 grids" in run.stdout
