"""The estimate of time and memory counts the CPUs that the process may use."""

from __future__ import annotations

import pytest

from ArSSRLib.upsampling import estimate
from ArSSRLib.upsampling.estimate import estimate_cost
from ArSSRLib.upsampling.request import Upsampling
from ArSSRLib.volumes.grid import Grid

LOW = Grid((64, 64, 64), (2.0, 2.0, 2.0))
HIGH = LOW.upsampled((2.0, 2.0, 2.0))


def test_time_is_estimated_for_the_cpus_that_may_be_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(estimate, "usable_cpus", lambda: 1)
    one = estimate_cost(Upsampling.of(), LOW, HIGH)
    assert one == estimate_cost(Upsampling.of(threads=1), LOW, HIGH)
    monkeypatch.setattr(estimate, "usable_cpus", lambda: 4)
    assert estimate_cost(Upsampling.of(), LOW, HIGH).seconds < one.seconds
