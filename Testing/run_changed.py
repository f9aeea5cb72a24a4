"""Runs the tests of the files that you changed, in seconds.

    python Testing/run_changed.py                        the files that git reports as changed
    python Testing/run_changed.py ArSSRLib/api.py        the tests of one file

A file's tests are found by name: ``Testing/library`` mirrors ``ArSSRLib``, so the tests of
``ArSSRLib/a/b.py`` are ``Testing/library/a/test_b.py``. Without a test file of that name, the tests
of the same folder that import the file are run, or else all that import it, or else the whole
folder. Slow tests are left out.
"""

from __future__ import annotations

import argparse
import ast
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TESTING = ROOT / "Testing"
TREES = {"ArSSRLib": TESTING / "library", "ArSSR": TESTING / "module"}
"""Where the tests of each source folder are."""

NO_TESTS = 5
"""The exit code of pytest when no test is left to run."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Finds the tests and runs pytest on them; returns its exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n\n")[0])
    parser.add_argument("files", nargs="*", type=Path, help="changed files; default: ask git")
    parser.add_argument("--list", action="store_true", help="only print the test files")
    options = parser.parse_args(arguments)
    changed = [path.resolve() for path in options.files] or changed_files()
    tests = sorted({test for path in changed for test in tests_of(path)})
    names = [test.relative_to(ROOT).as_posix() for test in tests]
    if options.list or not names:
        print("\n".join(names) or "No tests belong to the changed files.")
        return 0
    settings = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "PYTHONUTF8": "1"}
    command = [sys.executable, "-m", "pytest", "-q", "-m", "not slow", *names]
    code = subprocess.run(command, cwd=ROOT, env=settings, check=False).returncode
    if code == NO_TESTS:
        print(f"All of these tests are slow; run them with: python -m pytest {' '.join(names)}")
        return 0
    return code


def changed_files() -> list[Path]:
    """Files that differ from the last commit, and new ones that git does not ignore."""
    listed = subprocess.run(
        ["git", "status", "--porcelain", "--untracked-files=all", "-z", "--no-renames"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.split("\0")  # fmt: skip
    return [ROOT / entry[3:] for entry in listed if entry]


def tests_of(path: Path) -> list[Path]:
    """The test files that belong to a file of the repository; see the file's docstring."""
    relative = path.relative_to(ROOT)
    if path.name.startswith("test_") and path.suffix == ".py":
        return [path] if path.exists() else []
    if relative.parts[0] == "Testing":
        return sorted(path.parent.rglob("test_*.py"))
    if path.suffix == ".md" or relative.parts[0] == "docs":
        return sorted((TESTING / "project").glob("test_*.py"))
    if relative.parts[0] not in TREES or path.suffix != ".py":
        return []
    tests = TREES[relative.parts[0]]
    folder = tests.joinpath(*relative.parent.parts[1:])
    stem = path.parent.name if path.stem == "__init__" else path.stem
    if named := sorted(tests.rglob(f"test_{stem}.py")):
        return [test for test in named if test.parent == folder] or named
    importing = [test for test in tests.rglob("test_*.py") if _module(relative) in _imports(test)]
    while not folder.is_dir():
        folder = folder.parent
    beside = [test for test in importing if folder in test.parents]
    return beside or importing or sorted(folder.glob("test_*.py"))


def _module(relative: Path) -> str:
    """The import name of a source file."""
    parts = relative.with_suffix("").parts
    parts = parts[1:] if parts[0] == "ArSSR" else parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _imports(test: Path) -> set[str]:
    """Every module that a test file imports, inside functions too."""
    names = set()
    for node in ast.walk(ast.parse(test.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


if __name__ == "__main__":
    sys.exit(main())
