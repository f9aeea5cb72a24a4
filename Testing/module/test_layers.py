"""The module's packages import downwards only, and none of them grows into a heap of files."""

from __future__ import annotations

import ast
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent.parent.parent / "ArSSR" / "ArSSRModule"
LAYERS = (
    {"selftests"},
    {"selftest_comparison"},
    {"selftest_readings"},
    {"panel"},
    {"logic"},
    {"compare", "run"},
    {"scene"},
    {"library", "parameters", "signals"},
)
MOST_FILES = 15


def part_of(path: Path) -> str:
    """The package or loose module of the root that a file belongs to."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported_parts(path: Path) -> set[str]:
    depth = len(path.relative_to(PACKAGE).parts)
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level == depth:
            module = (node.module or "").split(".")[0]
            found |= {module} if module else {alias.name for alias in node.names}
    return found


def files() -> list[Path]:
    return [p for p in PACKAGE.rglob("*.py") if p != PACKAGE / "__init__.py"]


def test_every_part_belongs_to_a_layer():
    assert {part_of(path) for path in files()} == set().union(*LAYERS)


def test_imports_point_downwards():
    rank = {part: number for number, layer in enumerate(LAYERS) for part in layer}
    upwards = [
        f"{path.relative_to(PACKAGE)} imports {part}"
        for path in files()
        for part in imported_parts(path)
        if rank[part] <= rank[part_of(path)] and part != part_of(path)
    ]
    assert upwards == []


def test_no_folder_holds_more_files_than_a_reader_can_take_in():
    folders = {path.parent for path in files()}
    assert {f.name for f in folders if len(list(f.glob("*.py"))) > MOST_FILES} == set()
