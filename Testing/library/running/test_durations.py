"""Lengths of time never show 60 seconds or 60 minutes."""

from __future__ import annotations

import re

from ArSSRLib.running.durations import duration_text


def test_no_part_of_a_duration_reaches_60() -> None:
    for tenths in range(0, 120_000, 7):
        text = duration_text(tenths / 10)
        parts = {unit: int(value) for value, unit in re.findall(r"(\d+) (h|min|s)", text)}
        assert parts.get("min", 0) < 60 and parts.get("s", 0) < 60, text
        shown = parts.get("h", 0) * 3600 + parts.get("min", 0) * 60 + parts.get("s", 0)
        assert abs(shown - tenths / 10) <= (0.5 if "s" in parts else 30.5), text
