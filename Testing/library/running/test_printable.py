"""What files say cannot steer the terminal."""

from __future__ import annotations

import pytest

from ArSSRLib.running.printable import printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Größe 0,8 mm × 2 — “T1”", "Größe 0,8 mm × 2 — “T1”"),
        ("\x1b]0;title\x07", "\\x1b]0;title\\x07"),
        ("\x9b31m", "\\x9b31m"),
        ("one\r\ntwo\x0bthree\u2028four", "one two three four"),
        ("txt\u202egnp.exe", "txt\\u202egnp.exe"),
        ("\ud800", "\\ud800"),
        ("back\bspace\ttab", "back\\x08space\\ttab"),
    ],
)
def test_only_visible_characters_reach_a_terminal(text: str, shown: str) -> None:
    assert printable(text) == shown
    assert printable(text).isprintable()
