"""Folders and functions stay small enough to find one's way."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from repository import ROOT, repository_files

MOST_FILES = 15
MOST_PARAMETERS = 5
DOORS = {"ArSSRLib/api.py:upsample", "ArSSR/ArSSRModule/logic.py:upsample"}
"""Functions for users, who choose from many optional parameters by name."""
INNER = {
    "ArSSRLib/pictures/canvas.py:show_slice",
    "ArSSRLib/training/patches.py:_columns",
    "ArSSRLib/training/trainer.py:__init__",
    "ArSSRLib/upsampling/streaming/planes.py:_plane",
}
"""Functions beside the main path that take six parameters."""


def test_a_folder_holds_at_most_fifteen_files() -> None:
    folders = Counter(
        path.parent.relative_to(ROOT).as_posix()
        for path in repository_files("ArSSRLib", "ArSSR", "docs")
        if path.name != "__init__.py"
    )
    assert {folder: n for folder, n in folders.items() if n > MOST_FILES} == {}


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def parameters(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """How many a caller may give; ``self`` is not one."""
    arguments = function.args
    names = [a.arg for a in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]
    return len([name for name in names if name not in ("self", "cls")])


def test_a_function_takes_at_most_five_parameters() -> None:
    wide = {
        f"{name}: {parameters(function)} parameters"
        for path in repository_files("ArSSRLib/*.py", "ArSSR/*.py")
        for function in functions(path)
        if (name := f"{path.relative_to(ROOT).as_posix()}:{function.name}") not in DOORS
        and parameters(function) > MOST_PARAMETERS + (name in INNER)
    }
    assert wide == set()
