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


def test_bfloat16_takes_less_time_where_the_cpu_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(estimate, "multiplies_bfloat16", lambda: True)
    single = estimate_cost(Upsampling.of(precision="float32"), LOW, HIGH)
    half = estimate_cost(Upsampling.of(precision="bfloat16"), LOW, HIGH)
    assert half == estimate_cost(Upsampling.of(), LOW, HIGH)
    assert half.computing_seconds < single.computing_seconds
    assert half.least_bytes < single.least_bytes < single.peak_bytes
    monkeypatch.setattr(estimate, "multiplies_bfloat16", lambda: False)
    assert estimate_cost(Upsampling.of(), LOW, HIGH) == single
    imitated = estimate_cost(Upsampling.of(precision="bfloat16"), LOW, HIGH)
    assert imitated.computing_seconds > single.computing_seconds


def test_a_graphics_card_holds_the_planes_itself() -> None:
    on_card = estimate_cost(Upsampling.of(device="cuda"), LOW, HIGH)
    on_cpu = estimate_cost(Upsampling.of(device="cpu", precision="float32"), LOW, HIGH)
    assert on_card.least_bytes < on_cpu.least_bytes
