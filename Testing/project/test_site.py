"""The documentation site builds without a warning, and shows what it should."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from repository import ROOT


def test_the_site_builds_without_a_warning(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path)],
        cwd=ROOT, capture_output=True, text=True, check=False,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-4000:]
    reference = (tmp_path / "python" / "index.html").read_text(encoding="utf-8")
    assert "one factor for all axes" in reference or "factor for all axes" in reference
    assert (tmp_path / "Resources" / "Screenshots" / "slicer-comparison.png").is_file()
    tutorial = (tmp_path / "slicer" / "index.html").read_text(encoding="utf-8")
    assert "../Resources/Screenshots/panel-ready.png" in tutorial
