"""Lengths of time as people read them."""

from __future__ import annotations


def duration_text(seconds: float) -> str:
    """A length of time, to the second below ten minutes, to the minute above.

    >>> [duration_text(s) for s in (4.2, 75, 961, 3599.7, 4000)]
    ['4 s', '1 min 15 s', '16 min', '1 h 0 min', '1 h 7 min']
    """
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 600:
        return f"{whole // 60} min {whole % 60} s"
    minutes = round(whole / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
