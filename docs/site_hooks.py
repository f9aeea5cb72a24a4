"""Lets the site show files of the repository outside ``docs/``.

The Markdown files link to each other by relative paths, so that they also work on GitHub. On the
site, links to pictures and to the pages listed in ``PAGES`` stay within the site; links to other
files lead to the repository.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parent.parent
PAGES = (
    "ArSSRLib/models/default.md",
    "ArSSRLib/models/paper.md",
    "benchmarks/README.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
)
PICTURES = (
    "Resources/ArSSR.png",
    "Resources/demo.png",
    "Resources/expected-error.png",
    "Resources/real-scans.png",
    "benchmarks/memory.png",
    *(
        f"Resources/Screenshots/{path.name}"
        for path in (ROOT / "Resources/Screenshots").glob("*.png")
    ),
)
_LINK = re.compile(r"(?<=\]\()(?!#|[a-z]+:)([^)#\s]+)(#[^)\s]*)?(?=\))")


def on_files(files: Files, config: Any) -> Files:
    """Adds the pages and pictures under their paths in the repository."""
    for name in (*PAGES, *PICTURES):
        files.append(File.generated(config, name, abs_src_path=str(ROOT / name)))
    return files


def on_page_markdown(markdown: str, page: Any, config: Any, files: Files) -> str:
    """Rewrites the relative links of a page."""
    here = page.file.src_uri
    inside = here in PAGES
    folder = posixpath.dirname(here if inside else f"docs/{here}")

    def rewritten(match: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join(folder, match[1]))
        anchor = match[2] or ""
        name = target.removeprefix("docs/")
        if files.get_file_from_path(name) is None:
            return f"{config['repo_url']}/blob/main/{target}{anchor}"
        return posixpath.relpath(name, posixpath.dirname(here) or ".") + anchor

    return _LINK.sub(rewritten, markdown)
