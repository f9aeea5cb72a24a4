"""A memory limit refuses what cannot fit, and only there a second process is started."""

from __future__ import annotations

import os

import pytest

from ArSSRLib.errors import NotEnoughMemory
from ArSSRLib.running import memory_limit
from ArSSRLib.running.memory_limit import explained_if_killed, refuse_beyond_limit


def test_work_beyond_the_limit_is_refused_with_both_amounts() -> None:
    refuse_beyond_limit(10**12, None)
    refuse_beyond_limit(10**9, 10**9)
    with pytest.raises(NotEnoughMemory, match=r"at least 2\.0 GB .* limited to 1\.0 GB"):
        refuse_beyond_limit(2 * 10**9, 10**9)


def test_without_a_limit_the_work_is_done_in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory_limit, "memory_limit", lambda: None)
    assert explained_if_killed(os.getpid) == os.getpid()
