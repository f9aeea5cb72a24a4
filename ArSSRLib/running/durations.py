"""Lengths of time as people read them."""

from __future__ import annotations


def duration_text(seconds: float) -> str:
    """A length of time, to the second below an hour, to the minute above.

    >>> [duration_text(s) for s in (4.2, 75, 3599.7, 4000, 7190)]
    ['4 s', '1 min 15 s', '1 h 0 min', '1 h 7 min', '2 h 0 min']
    """
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    minutes = round(whole / 60)
    return f"{minutes // 60} h {minutes % 60} min"
