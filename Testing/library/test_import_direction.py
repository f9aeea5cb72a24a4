"""Imports of the library point one way: from the command line down to the grid, never back."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

LIBRARY = Path(__file__).resolve().parents[2] / "ArSSRLib"
LAYERS = (
    ("__init__", "__main__"),
    ("cli",),
    ("evaluation",),
    ("training", "bids", "api"),
    ("upsampling", "pictures"),
    ("networks",),
    ("resampling",),
    ("volumes",),
    ("running", "fields"),
    ("choices", "errors", "sample"),
)
"""Modules and packages, users first. Those that stand side by side know nothing of each other."""
HEIGHT = {name: -depth for depth, layer in enumerate(LAYERS) for name in layer}
FILES = sorted(LIBRARY.rglob("*.py"))


def _place(path: Path) -> str:
    """The module or package at the library's top that a file belongs to."""
    return path.relative_to(LIBRARY).with_suffix("").parts[0]


def _imports(path: Path) -> Iterator[tuple[int, str]]:
    """Line and name, from the library's top, of all that a file imports, inside functions too."""
    package = ("ArSSRLib", *path.relative_to(LIBRARY).parent.parts)
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            base = ".".join([*above, *filter(None, [node.module])])
            names = [f"{base}.{alias.name}" for alias in node.names]
        else:
            continue
        yield from ((node.lineno, name) for name in names)


def test_every_module_has_a_place_in_the_order() -> None:
    assert {_place(path) for path in FILES} == set(HEIGHT)


@pytest.mark.parametrize("place", HEIGHT)
def test_imports_point_down(place: str) -> None:
    upward = [
        f"{path.relative_to(LIBRARY)}:{line} imports {name}"
        for path in FILES
        if _place(path) == place
        for line, name in _imports(path)
        # What lies in the package itself, its version, stands below everything.
        if name.startswith("ArSSRLib.") and name != "ArSSRLib.__version__"
        and name.split(".")[1] != place and HEIGHT[name.split(".")[1]] >= HEIGHT[place]
    ]  # fmt: skip
    assert upward == []


def test_the_library_knows_nothing_of_slicer() -> None:
    foreign = {"slicer", "qt", "ctk", "vtk", "ArSSRModule", "ArSSR"}
    found = {
        f"{path.relative_to(LIBRARY)}:{line} imports {name}"
        for path in FILES
        for line, name in _imports(path)
        if name.split(".")[0] in foreign
    }
    assert found == set()
