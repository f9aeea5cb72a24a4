"""Every relative link of the Markdown files leads to a file, and every anchor to a heading."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from repository import ROOT, repository_files

LINK = re.compile(r"\]\((?![a-z]+:)([^)#\s]*)(?:#([^)\s]+))?\)")
PAGES = repository_files("*.md")


def without_code(text: str) -> str:
    """Markdown without its code blocks and code spans, which contain no links."""
    return re.sub(r"`[^`\n]*`", "", re.sub(r"^```.*?^```", "", text, flags=re.M | re.S))


def anchors(page: Path) -> set[str]:
    """The anchors that GitHub and the site give the headings of a page."""
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
    headings = re.findall(r"^#+\s+(.+?)\s*$", text, flags=re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def broken_links(page: Path) -> list[str]:
    broken = []
    for name, anchor in LINK.findall(without_code(page.read_text(encoding="utf-8"))):
        target = (page.parent / name).resolve() if name else page
        if not target.exists():
            broken.append(f"{name} does not exist")
        elif anchor and anchor not in anchors(target):
            broken.append(f"{name}#{anchor} is not a heading")
    return broken


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_the_links_of_a_page_lead_somewhere(page: Path) -> None:
    assert broken_links(page) == []


def test_links_are_found_and_broken_ones_are_reported(tmp_path: Path) -> None:
    page = ROOT / "README.md"
    assert LINK.findall(without_code(page.read_text(encoding="utf-8")))
    wrong = tmp_path / "wrong.md"
    wrong.write_text("# A title\n[a](nowhere.md) [b](#no-title) [c](#a-title) `[d](code.md)`\n")
    assert broken_links(wrong) == ["nowhere.md does not exist", "#no-title is not a heading"]


def test_pages_name_files_that_exist() -> None:
    """Paths in code spans, such as `docs/slicer.md`."""
    missing = []
    for page in PAGES:
        if page.name == "CHANGELOG.md":
            continue
        for name in re.findall(
            r"`([\w./-]+/[\w.-]+\.(?:py|md|toml|json|png))`", page.read_text("utf-8")
        ):
            ours = name.split("/")[0] in {"ArSSR", "ArSSRLib", "Testing", "benchmarks", "docs"}
            if ours and not (ROOT / name).exists():
                missing.append(f"{page.relative_to(ROOT)} names {name}")
    assert missing == []
