"""Texts avoid phrases that read as translated; see "English" in CONTRIBUTING.md."""

from __future__ import annotations

import re

import pytest
from repository import ROOT, repository_files

PHRASES = {
    r"(?<!there )\bis no(?! longer| more than| less than| larger| greater| finer)\b": "is not a",
    r"(?<!there )\bare no(?! longer| more than| less than| larger| greater| finer)\b": "are not",
    r"\bbrought back\b": "restored, upsampled again",
    r"\b(told|tells|telling) of\b": "warned about, reports",
    r"\banew\b": "again",
    r"\bafresh\b": "again",
    r"\bof (its|their|his|our|your) own\b": "its own ...",
    r"\b(goes|go|going|went) on\b(?! to\b)": "continues",
    r"\bwhatever\b": "any, all",
    r"\bmeanwhile\b": "in the meantime",
    r"\bwants? it said\b": "requires",
    r"\bnot content\b": "failed",
    r"\ba sentence each\b": "one sentence per",
}
"""What is not written, and what to write instead."""

ALLOWED = {
    "Testing/project/test_english.py": "lists the phrases",
}
FILES = [
    path
    for path in repository_files("*.md", "*.py", "*.ui", "*.j2", "*.toml", ".github")
    if path.relative_to(ROOT).as_posix() not in ALLOWED
]


@pytest.mark.parametrize("phrase", PHRASES)
def test_a_phrase_is_not_used(phrase: str) -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in FILES
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if re.search(phrase, _words(line), re.IGNORECASE)
    ]
    assert found == [], f"write {PHRASES[phrase]!r} instead"


def _words(line: str) -> str:
    """The line; the name of a test is a sentence too."""
    return line.replace("_", " ") if line.lstrip().startswith("def test_") else line


def test_the_phrases_are_found() -> None:
    line = "It is no file: whatever it was, it was brought back anew and has a name of its own."
    assert sum(bool(re.search(phrase, line)) for phrase in PHRASES) == 5
    assert not re.search(next(iter(PHRASES)), "there is no file; it is no longer there")
