"""Files with randomly damaged headers end no process: each is read or refused in a sentence."""

from __future__ import annotations

import pytest
from hostile.fuzz import KINDS, fuzz


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_damaged_headers_are_read_or_refused(kind: str) -> None:
    outcome = fuzz(kind, 60, seed=1)
    assert outcome.wrong == []
    assert sum(outcome.counts.values()) == 60
    assert outcome.counts["refused"] > 0
