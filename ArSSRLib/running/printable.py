"""Makes text from files harmless for a terminal."""

from __future__ import annotations

import unicodedata

_HIDDEN = ("Cc", "Cf", "Cs", "Zl", "Zp")
"""Unicode categories: control, format (such as right-to-left overrides), lone surrogates, and the
separators of lines and paragraphs."""


def printable(text: str) -> str:
    """The text on one line, with an escape sequence in place of each character that is not shown.

    Titles, names and header entries from files may hold sequences that recolour a terminal, move
    its cursor or reverse the order of the letters.

    >>> printable("a\\x1b[31mred\\nnext")
    'a\\\\x1b[31mred next'
    """
    return "".join(map(_shown, " ".join(text.splitlines())))


def _shown(letter: str) -> str:
    if unicodedata.category(letter) not in _HIDDEN:
        return letter
    return letter.encode("unicode_escape", "backslashreplace").decode("ascii")
